/** A call to a provider, as it is known before it is made. The same object is opened and settled. */
export interface Call {
  /** A UUIDv7. Opening or settling the same id again changes nothing. */
  readonly id: string
  readonly userId: string
  readonly startedAtMs: number
  readonly requestId: string
  /** What was asked for: `chat.completions`, `messages` … */
  readonly operation: string
  readonly provider: string
  /** As it was sent to the provider. */
  readonly model: string
  readonly credentialSource: 'user-gateway' | 'user-key' | 'server-key' | 'team-gateway'
  /** Of the provider's key. */
  readonly keyId?: string | undefined
  /** The API token by which the person called us. */
  readonly tokenId?: string | undefined
  /** How the credential was chosen, as JSON text. */
  readonly decisions: string
  /** Decimal text; absent where nobody could tell. It is what is booked if nobody ever settles the call. */
  readonly mostCostUsd?: string | undefined
  /** Upper bounds of what it may use, on which hard limits stand; absent where nobody could tell. */
  readonly mostInputTokens?: number | undefined
  /** Of each answer that is asked for. */
  readonly mostOutputTokens?: number | undefined
  readonly mostChoices?: number | undefined
  readonly mostImages?: number | undefined
  /** Where it has a place that was reserved in advance: Ledger.reserve says so. */
  advanceId?: string | undefined
}

/** Cached, written and audio tokens are parts of the input; reasoning and audio tokens parts of the output. */
export interface Usage {
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly cacheWrite5mTokens: number
  readonly cacheWrite1hTokens: number
  readonly audioInputTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly audioOutputTokens: number
  readonly images: number
  /** Of the web, by a tool of the provider's. */
  readonly searches: number
}

export interface Outcome {
  readonly outcome: 'completed' | 'failed' | 'aborted'
  readonly endedAtMs: number
  /** Of the provider's answer, if it gave one. */
  readonly status?: number | undefined
  readonly firstByteMs?: number | undefined
  /** none: the provider did nothing that it charges for. unknown: it did, and nobody can tell how much. */
  readonly usageBasis: 'reported' | 'estimated' | 'none' | 'unknown'
  /** With the bases reported and estimated. */
  readonly usage?: Usage | undefined
  /** The provider's own account of it, as JSON text. */
  readonly providerUsage?: string | undefined
  /** What the provider says that it costs, as decimal text. */
  readonly providerCostUsd?: string | undefined
}

export const noUsage: Usage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  audioInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  audioOutputTokens: 0,
  images: 0,
  searches: 0,
})

const most = 1e12

/** A provider may say what it likes of its usage; what does not add up is no ground for a cost. */
function addsUp(usage: Usage): boolean {
  for (const name in usage) {
    const count = usage[name as keyof Usage]
    if (!Number.isInteger(count) || count < 0 || count > most) return false
  }
  const { inputTokens, cachedInputTokens, cacheWrite5mTokens, cacheWrite1hTokens, audioInputTokens } = usage
  return (
    cachedInputTokens + cacheWrite5mTokens + cacheWrite1hTokens + audioInputTokens <= inputTokens &&
    usage.reasoningTokens + usage.audioOutputTokens <= usage.outputTokens
  )
}

/** What of an outcome can be written. The call is, whatever the provider said of it. */
export function sanitise(outcome: Outcome): Outcome & { usage: Usage } {
  const { usage, usageBasis, providerUsage, providerCostUsd } = outcome
  const counts = usageBasis === 'reported' || usageBasis === 'estimated'
  const isKnown = counts && usage !== undefined && addsUp(usage)
  return {
    outcome: outcome.outcome,
    endedAtMs: outcome.endedAtMs,
    status: toWhole(outcome.status),
    firstByteMs: toWhole(outcome.firstByteMs),
    usage: isKnown ? usage : noUsage,
    usageBasis: counts && !isKnown ? 'unknown' : usageBasis,
    providerUsage,
    providerCostUsd: providerCostUsd !== undefined && /^\d{1,9}(\.\d{1,100})?$/.test(providerCostUsd) ? providerCostUsd : undefined,
  }
}

function toWhole(number: number | undefined): number | undefined {
  return number !== undefined && Math.abs(number) < 2 ** 31 ? Math.trunc(number) : undefined
}

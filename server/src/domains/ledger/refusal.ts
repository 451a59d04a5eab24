import { AppError } from '../../base/errors.ts'
import { ledgerErrors } from './errors.ts'

/** The limit that refused a call, for whoever made it. Money and counts are decimal text. */
export interface Refusal {
  readonly type: 'daily' | 'monthly' | 'provider' | 'model'
  readonly setBy: 'operator' | 'person' | 'key' | 'tier'
  /** The calls that it counts. */
  readonly spend: 'all' | 'own' | 'platform'
  readonly limits: 'requests' | 'tokens' | 'cost'
  readonly limit: string
  readonly remaining: string
  /** What the call may use at most. */
  readonly asked: string
  readonly resetsAt: string
}

/** The limit over everybody together. How high it is, and what is left of it, is the operator's business. */
export type ServiceRefusal = Pick<Refusal, 'type' | 'spend' | 'limits'> & { readonly setBy: 'platform'; readonly resetsAt?: string }

const whose = {
  operator: 'a limit that the operator set for you',
  person: 'a limit that you set for your own keys',
  key: 'the limit of this key',
  tier: 'the limit of your tier',
} as const

/** What keyloft.reserve_quotas says of a call that it refused; undefined for every other verdict. */
export function refusalOf(verdict: string, nowMs: number): AppError | undefined {
  if (!verdict.startsWith('over ') && !verdict.startsWith('unbounded ')) return undefined
  const [kind, , type, setBy, spend, limits, limit = '', remaining = '', asked = '', ends = '0'] = verdict.split(' ')
  const retryAfterSeconds = Math.max(1, Math.ceil(Number(ends) - nowMs / 1_000))
  const resetsAt = new Date(Number(ends) * 1_000).toISOString()
  // Clients wait for a minute at most, and would then ask twice more for nothing.
  const noUse: Record<string, string> = retryAfterSeconds > 60 ? { 'x-should-retry': 'false' } : {}
  if (setBy === 'platform') {
    const of = { type, setBy, spend, limits } as ServiceRefusal
    if (kind === 'unbounded') return ledgerErrors.service_limit_unbounded({ members: { quota: of } })
    return ledgerErrors.service_limit_reached({ retryAfterSeconds, members: { quota: { ...of, resetsAt } }, headers: noUse })
  }
  const of = { type, setBy, spend, limits } as Pick<Refusal, 'type' | 'setBy' | 'spend' | 'limits'>
  if (kind === 'unbounded') return ledgerErrors.unbounded_call({ members: { quota: of } })
  const quota: Refusal = { ...of, limit, remaining, asked, resetsAt }
  return ledgerErrors.quota_exceeded({
    message: `This call may use ${inWords(asked, of.limits)}, and ${whose[of.setBy]} (${inWords(limit, of.limits)}, ${of.type}) has ${inWords(remaining, of.limits)} left until ${quota.resetsAt}.`,
    ...(Number(asked) > Number(limit)
      ? { hint: 'It is more than the whole limit: ask for fewer output tokens (max_tokens), or send less.' }
      : {}),
    retryAfterSeconds,
    members: { quota },
    headers: { 'ratelimit-limit': limit, 'ratelimit-remaining': remaining, 'ratelimit-reset': `${retryAfterSeconds}`, ...noUse },
  })
}

export interface RefusingQuota {
  readonly quotaId: string
  readonly isOfEverybody: boolean
  /** If what is reserved now comes back. */
  readonly mayFitLater: boolean
}

/** Of a verdict that is a refusal. */
export function refusingQuota(verdict: string): RefusingQuota {
  const words = verdict.split(' ')
  return { quotaId: words[1] ?? '', isOfEverybody: words[3] === 'platform', mayFitLater: words[10] === 'later' }
}

function inWords(amount: string, of: Refusal['limits']): string {
  if (of === 'cost') return `${amount} USD`
  return `${amount} ${amount === '1' ? of.slice(0, -1) : of}`
}

/** Of an error that `refusalOf` made. */
export const limitOf = (error: unknown) =>
  error instanceof AppError ? (error.members?.quota as Partial<Refusal> | ServiceRefusal | undefined) : undefined

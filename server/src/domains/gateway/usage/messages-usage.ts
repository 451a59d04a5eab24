import { noUsage, type Usage } from '../../ledger/call.ts'
import { type Counts, count, partsOf } from './counts.ts'

/**
 * Usage as Anthropic writes it. Its `input_tokens` are those that were neither read from a cache nor written to one; ours
 * have both as parts. What was written and is not said to live for an hour lives for five minutes.
 */
export function readMessagesUsage(counts: Counts): Usage | undefined {
  if (!('input_tokens' in counts) && !('output_tokens' in counts)) return undefined
  const whole = addUp([counts, ...compactionsOf(counts)])
  return {
    ...noUsage,
    inputTokens: whole.fresh + whole.read + whole.written5m + whole.written1h,
    cachedInputTokens: whole.read,
    cacheWrite5mTokens: whole.written5m,
    cacheWrite1hTokens: whole.written1h,
    outputTokens: whole.output,
    reasoningTokens: count(partsOf(counts.output_tokens_details).thinking_tokens),
    searches: count(partsOf(counts.server_tool_use).web_search_requests),
  }
}

/** Of `message_delta`, whose counts are those of the message so far; what it leaves out is as it was at the start. */
export function mergeMessagesUsage(start: Counts, delta: Counts): Counts {
  return { ...start, ...Object.fromEntries(Object.entries(delta).filter(([, value]) => value !== null)) }
}

/** A context that was compacted on the way was paid for, and is in no other number. */
function compactionsOf({ iterations }: Counts): Counts[] {
  return Array.isArray(iterations) ? iterations.map(partsOf).filter(({ type }) => type === 'compaction') : []
}

function addUp(all: readonly Counts[]) {
  const sums = { fresh: 0, read: 0, written5m: 0, written1h: 0, output: 0 }
  for (const counts of all) {
    const lifetimes = partsOf(counts.cache_creation)
    const [told5m, told1h] = [count(lifetimes.ephemeral_5m_input_tokens), count(lifetimes.ephemeral_1h_input_tokens)]
    const written = count(counts.cache_creation_input_tokens ?? told5m + told1h)
    sums.fresh += count(counts.input_tokens)
    sums.read += count(counts.cache_read_input_tokens)
    sums.written1h += told1h
    sums.written5m += told5m + told1h > written ? Number.NaN : written - told1h
    sums.output += count(counts.output_tokens)
  }
  return sums
}

import { noUsage, type Usage } from '../../ledger/call.ts'
import { scanObject } from '../scan-object.ts'
import type { UsageReader, UsageReading } from './usage-readers.ts'

type Counts = Record<string, unknown>

const longestWords = 4_096

/** Of the member `usage`, as chat completions, completions and embeddings have it; of several the last counts. */
export class OpenAiUsageReader implements UsageReader {
  #usage: string | undefined

  event(_name: string | undefined, data: string) {
    this.body(data)
  }

  body(text: string) {
    try {
      const { usage } = scanObject(text, 0, ['usage']).members
      if (usage && !text.startsWith('null', usage.start)) this.#usage = text.slice(usage.start, usage.end)
    } catch {
      // No JSON object: nothing was told.
    }
  }

  result() {
    return this.#usage === undefined ? undefined : readUsage(this.#usage)
  }
}

/** @param text the value of `usage` in an answer, as latin1 of its bytes */
export function readUsage(text: string): UsageReading | undefined {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined
  const counts = given as Counts
  const input = partsOf(counts.prompt_tokens_details)
  const output = partsOf(counts.completion_tokens_details)
  const [inputTokens, outputTokens, reasoningTokens] = [
    count(counts.prompt_tokens),
    count(counts.completion_tokens),
    count(output.reasoning_tokens),
  ]
  if (!('prompt_tokens' in counts) && !('completion_tokens' in counts)) return undefined
  // xAI counts reasoning beside the completion, everybody else within it; the total tells.
  const isBeside = reasoningTokens > 0 && count(counts.total_tokens) === inputTokens + outputTokens + reasoningTokens
  const usage: Usage = {
    ...noUsage,
    inputTokens,
    cachedInputTokens: count(input.cached_tokens ?? counts.prompt_cache_hit_tokens), // the latter is DeepSeek's
    audioInputTokens: count(input.audio_tokens),
    outputTokens: isBeside ? outputTokens + reasoningTokens : outputTokens,
    reasoningTokens,
    audioOutputTokens: count(output.audio_tokens),
  }
  return {
    usage,
    providerUsage: text.length <= longestWords ? text : undefined,
    providerCostUsd: 'cost' in counts ? readCost(text) : undefined,
    isWhole: true,
  }
}

const partsOf = (given: unknown): Counts => (typeof given === 'object' && given !== null ? (given as Counts) : {})
/** What is no number stays one that the ledger refuses, so that a lying provider is not taken for a modest one. */
const count = (given: unknown): number => (given === undefined || given === null ? 0 : typeof given === 'number' ? given : Number.NaN)

/** OpenRouter's `cost`, in USD: from the text, since a float would not be what it said. */
function readCost(text: string): string | undefined {
  const [, whole = '', places = '', exponent = '0'] =
    /"cost"\s*:\s*(\d{1,20})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?\s*[,}]/.exec(text) ?? []
  return whole === '' ? undefined : shift(whole, places, Number(exponent))
}

function shift(whole: string, places: string, by: number): string {
  const digits = `${'0'.repeat(Math.max(0, -by))}${whole}${places}${'0'.repeat(Math.max(0, by - places.length))}`
  const point = digits.length - Math.max(0, places.length - by)
  const text = `${digits.slice(0, point).replace(/^0+(?=\d)/, '') || '0'}.${digits.slice(point)}`
  return text.includes('.') ? text.replace(/\.?0*$/, '') : text
}

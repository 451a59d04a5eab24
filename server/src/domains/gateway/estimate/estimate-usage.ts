import { noUsage, type Outcome, type Usage } from '../../ledger/call.ts'
import type { UsageReading } from '../usage/usage-readers.ts'
import type { Delivered } from './delivered-text.ts'
import { encodingOf } from './encodings.ts'
import type { TokenCounter } from './token-counter.ts'

/** An answer that ended before its provider told the whole of its usage. */
export interface Unfinished {
  readonly provider: string
  readonly model: string
  /** As it was sent, where that was text alone. */
  readonly request: Buffer | undefined
  readonly delivered: Delivered
  /** What the provider told before. */
  readonly told: UsageReading | undefined
}

export type Estimate = Pick<Outcome, 'usageBasis' | 'usage' | 'providerUsage' | 'providerCostUsd'>

/** A longer request is not counted, but bounded. */
const longestCounted = 4 * 1024 * 1024
const ofThought = ['reasoning', 'reasoning_content', 'thinking']

/**
 * What came is counted by the model's own tokenizer where that is public, and else bounded: a token has a byte at least.
 * What the provider told itself stays. How each number came about is written down with it.
 */
export async function estimateUsage(counter: TokenCounter, unfinished: Unfinished): Promise<Estimate> {
  const { provider, model, request, told } = unfinished
  const { texts, times } = unfinished.delivered
  const toldInput = told && told.usage.inputTokens > 0 ? told.usage.inputTokens : undefined
  if (toldInput === undefined && !request) return { usageBasis: 'unknown' }
  const encoding = encodingOf(provider, model)
  const names = Object.keys(texts)
  const counted =
    encoding &&
    (await counter.count({
      encoding,
      texts: Object.values(texts),
      request: toldInput === undefined && request && request.length <= longestCounted ? request : undefined,
    }))
  const tokens = counted?.texts ?? Object.values(texts).map((text) => Buffer.byteLength(text))
  const output = Math.ceil(sum(tokens) * times)
  const thoughts = Math.floor(sum(tokens.filter((_, index) => ofThought.includes(names[index] ?? ''))) * times)
  const before = told?.usage ?? noUsage
  const usage: Usage = {
    ...before,
    inputTokens: toldInput ?? counted?.request ?? request?.length ?? 0,
    outputTokens: Math.max(before.outputTokens, output),
    reasoningTokens: before.outputTokens > output ? before.reasoningTokens : thoughts,
  }
  const how = counted ? encoding : bound
  const basis = {
    input: toldInput === undefined ? (counted?.request === undefined ? bound : how) : 'told',
    output: before.outputTokens > output ? 'told' : how,
  }
  const words = told?.providerUsage === undefined ? '' : `"told":${told.providerUsage},`
  return { usageBasis: 'estimated', usage, providerUsage: `{${words}"estimated":${JSON.stringify(basis)}}` }
}

const bound = 'bytes, of which each token has one at least'
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

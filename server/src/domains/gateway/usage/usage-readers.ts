import type { Usage } from '../../ledger/call.ts'
import { OpenAiUsageReader } from './openai-usage.ts'

/** What an answer says of its usage. */
export interface UsageReading {
  readonly usage: Usage
  /** The provider's own words, as JSON text; absent where they are too long to be kept. */
  readonly providerUsage?: string | undefined
  /** What it charges, as decimal text, if it tells. */
  readonly providerCostUsd?: string | undefined
  /** False where only a part was told, as by a stream that broke off. */
  readonly isWhole: boolean
}

/**
 * Reads the usage out of one answer: of a stream its events, else its body. Texts are latin1 of the bytes. Nothing that
 * a provider says makes it throw.
 */
export interface UsageReader {
  /** An event in which `"usage` stands, its data lines joined. Others are not shown. @param name of its `event:` line */
  event(name: string | undefined, data: string): void
  /** Once, of an answer that is no stream. */
  body(text: string): void
  /** Undefined where nothing was told. */
  result(): UsageReading | undefined
}

/** @param operation by its name, such as `chat.completions` */
export function createUsageReader(_operation: string, _provider: string): UsageReader {
  return new OpenAiUsageReader()
}

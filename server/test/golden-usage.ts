import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UsageReading } from '../src/domains/gateway/usage/usage-readers.ts'
import type { Outcome, Usage } from '../src/domains/ledger/call.ts'

/*
 * The golden set: answers in the shapes that providers give them, each with the page or the package from which its shape
 * is known, and with what must be made of it. Costs are worked out by hand, from the price file that ships or from prices
 * that stand beside the shape.
 */

/** What the shapes must cover between them, and what each of these is about. */
export const features = {
  body: 'an answer that is no stream',
  stream: 'an answer as events',
  'null usage members': '`"usage":null`, and nulls within it',
  'missing usage': 'nothing is told: unknown, or estimated by who saw the answer go by',
  'lying usage': 'what cannot be: it does not count as known',
  'counts told twice': 'what comes later replaces what came before, member by member',
  'part of the usage': 'a stream that is cut tells a part: estimated',
  'another place': 'a usage that does not stand where OpenAI has it',
  comments: 'lines between the events that are no events',
  'cached input': 'read from a cache, at its own rate, within or beside the input',
  'cache writes of 5 minutes': 'written to a cache that lives five minutes',
  'cache writes of an hour': 'written to a cache that lives an hour',
  reasoning: 'thoughts within the output',
  'reasoning beside the output': 'thoughts that the output does not contain as it is told',
  'audio input': 'sound in the input, at its own rate',
  'audio output': 'sound in the output, at its own rate',
  images: 'images, by their tokens or by the piece',
  embeddings: 'input without output',
  'server tools': 'tools that the provider runs: what they bring in is input',
  compaction: 'a context that was compacted on the way, told apart',
  'told cost': 'the provider says what it costs',
  'cost 0 with a key of one’s own': 'the router says 0, and somebody else charges',
  'long context': 'other rates from so many tokens on',
  'length instead of tokens': 'charged by the second: unknown to the ledger',
  'no price': 'used, and nobody said what it costs: unpriced',
} as const

export interface GoldenUsage {
  readonly file: string
  readonly name: string
  /** Where the shape is known from: a page, or a package and a file of it. */
  readonly source: { readonly page: string } | { readonly package: string; readonly path: string }
  readonly features: readonly string[]
  readonly operation: string
  readonly provider: string
  readonly model: string
  /** As in the price file, where that has no price of this model. */
  readonly prices?: readonly object[]
  readonly request: object
  readonly body?: unknown
  readonly bodyText?: string
  readonly events?: readonly { readonly event?: string; readonly data: unknown }[]
  readonly streamText?: string
  readonly expected: {
    readonly basis: Outcome['usageBasis']
    readonly usage?: Partial<Usage>
    readonly isWhole: boolean
    readonly costUsd: string | null
    readonly providerCostUsd?: string
  }
}

const folder = join(import.meta.dirname, 'golden-usage')

export const goldenUsage: readonly GoldenUsage[] = readdirSync(folder).flatMap((file) =>
  (JSON.parse(readFileSync(join(folder, file), 'utf8')) as GoldenUsage[]).map((shape) => ({ ...shape, file: file.replace('.json', '') })),
)

export const titleOf = ({ file, name }: GoldenUsage) => `${file}: ${name}`

/** Of a shape that is no stream. */
export const bodyOf = ({ body, bodyText }: GoldenUsage) => bodyText ?? (body === undefined ? undefined : JSON.stringify(body))

/** Of one that is, with line ends as they may be. */
export function streamOf({ events, streamText }: GoldenUsage, lineEnd = '\n'): Buffer | undefined {
  const lines =
    streamText ??
    events
      ?.map(
        ({ event, data }) =>
          `${event === undefined ? '' : `event: ${event}\n`}data: ${data === '[DONE]' ? data : JSON.stringify(data)}\n\n`,
      )
      .join('')
  return lines === undefined ? undefined : Buffer.from(lines.replaceAll('\n', lineEnd))
}

/** As the gateway writes down what it read. */
export function outcomeOf(reading: UsageReading | undefined): Outcome {
  const { isWhole, ...told } = reading ?? { isWhole: false }
  return { outcome: 'completed', endedAtMs: Date.now(), usageBasis: reading ? (isWhole ? 'reported' : 'estimated') : 'unknown', ...told }
}

import { noUsage, type Usage } from '../../ledger/call.ts'
import { scanObject } from '../scan-object.ts'
import { countElements } from './count-elements.ts'
import { type Counts, isObject, parseObject } from './counts.ts'
import { readGeminiUsage } from './gemini-usage.ts'
import { mergeMessagesUsage, readMessagesUsage } from './messages-usage.ts'
import { readOpenAiUsage } from './openai-usage.ts'
import { readToldCost } from './told-cost.ts'

/** What a provider says of a call's usage. */
export interface UsageReading {
  /** In the ledger's terms. Where it does not add up, the ledger takes it for unknown. */
  readonly usage: Usage
  /** Its own account, as JSON text; absent where there is none, or too long a one to be kept. */
  readonly providerUsage?: string | undefined
  /** What it says that the call costs, as decimal text. */
  readonly providerCostUsd?: string | undefined
  /** Whether it was told at the end: what is told on the way is less than what will be charged. */
  readonly isWhole: boolean
}

/**
 * Reads the usage out of one answer: of a stream its events, else its body. Texts are latin1 of the bytes. Nothing that
 * a provider says makes it throw.
 */
export interface UsageReader {
  /** An event in which `"usage` stands, its data lines joined. Others need not be shown. @param name of its `event:` line */
  event(name: string | undefined, data: string): void
  /** Once, of an answer that is no stream. */
  body(text: string): void
  /** Undefined where nothing was told. */
  result(): UsageReading | undefined
}

/** @param operation by its name, such as `chat.completions` @param provider by its id */
export function createUsageReader(operation: string, provider: string): UsageReader {
  if (operation === 'messages') return new MessagesReader()
  if (operation === 'responses') return new ResponsesReader(provider)
  if (operation.startsWith('images')) return new ImagesReader(provider)
  if (operation.startsWith('gemini')) return new LastReader(geminiDialect, provider)
  return new LastReader(dialects[operation] ?? chatDialect, provider)
}

/** Where the usage stands, and how it is written. */
interface Dialect {
  /** The names that lead to it, in turn. Of several places the first that says anything. */
  readonly inEvent: readonly Path[]
  readonly inBody: readonly Path[]
  readonly read: (counts: Counts, provider: string) => Usage | undefined
  /** Of an event that tells the usage: whether nothing more will come. */
  readonly isLast?: RegExp
}
type Path = readonly string[]

const chatDialect: Dialect = {
  inEvent: [['usage'], ['x_groq', 'usage']],
  inBody: [['usage']],
  read: readOpenAiUsage,
  isLast: /"finish_reason"\s*:\s*"|"choices"\s*:\s*\[\s*\]/,
}
const responsesDialect: Dialect = { inEvent: [['response', 'usage']], inBody: [['usage']], read: readOpenAiUsage }
/** Of events that each stand for something finished. */
const plainDialect: Dialect = { inEvent: [['usage']], inBody: [['usage']], read: readOpenAiUsage }
const transcriptionDialect: Dialect = { ...plainDialect, read: readTranscriptionUsage }
const speechDialect: Dialect = { ...plainDialect, read: readSpeechUsage }
const geminiDialect: Dialect = {
  inEvent: [['usageMetadata']],
  inBody: [['usageMetadata']],
  read: readGeminiUsage,
  isLast: /"finishReason"\s*:\s*"/,
}
const dialects: Readonly<Record<string, Dialect>> = {
  'audio.transcriptions': transcriptionDialect,
  'audio.translations': transcriptionDialect,
  'audio.speech': speechDialect,
}

/** For dialects that tell all of it at once, though perhaps again and again: the last counts. */
class LastReader implements UsageReader {
  readonly #dialect: Dialect
  readonly #provider: string
  #last: { words: string; isWhole: boolean } | undefined

  constructor(dialect: Dialect, provider: string) {
    this.#dialect = dialect
    this.#provider = provider
  }

  event(_name: string | undefined, data: string) {
    if (!data.includes('"usage')) return
    const words = find(data, this.#dialect.inEvent)
    if (words !== undefined) this.#last = { words, isWhole: this.#dialect.isLast?.test(data) ?? true }
  }

  body(text: string) {
    const words = find(text, this.#dialect.inBody) ?? findInList(text, this.#dialect.inBody)
    if (words !== undefined) this.#last = { words, isWhole: true }
  }

  result(): UsageReading | undefined {
    if (!this.#last) return undefined
    const { words, isWhole } = this.#last
    const counts = parseObject(words)
    const usage = counts && this.#dialect.read(counts, this.#provider)
    return usage && reading(usage, words, isWhole)
  }
}

/** What OpenAI's models searched is charged by the search, and listed among what they put out. */
class ResponsesReader extends LastReader {
  #searches = 0

  constructor(provider: string) {
    super(responsesDialect, provider)
  }

  override event(name: string | undefined, data: string) {
    super.event(name, data)
    this.#searches = countSearches(data)
  }

  override body(text: string) {
    super.body(text)
    this.#searches = countSearches(text)
  }

  override result(): UsageReading | undefined {
    const told = super.result()
    return told && { ...told, usage: { ...told.usage, searches: told.usage.searches || this.#searches } }
  }
}

const countSearches = (text: string) => text.match(/"type"\s*:\s*"web_search_call"/g)?.length ?? 0

/** Anthropic's streams tell the input at the start and the output at the end, and both may be told again. */
class MessagesReader implements UsageReader {
  #counts: Counts | undefined
  #words = ''
  #isWhole = false

  event(_name: string | undefined, data: string) {
    if (!data.includes('"usage')) return
    const words = find(data, [['message', 'usage'], ['usage']]) ?? ''
    const counts = parseObject(words)
    if (!counts) return
    this.#isWhole = /"type"\s*:\s*"message_delta"/.test(data)
    this.#counts = this.#counts ? mergeMessagesUsage(this.#counts, counts) : counts
    this.#words = this.#counts === counts ? words : JSON.stringify(this.#counts)
  }

  body(text: string) {
    this.#words = find(text, [['usage']]) ?? ''
    this.#counts = parseObject(this.#words)
    this.#isWhole = true
  }

  result(): UsageReading | undefined {
    const usage = this.#counts && readMessagesUsage(this.#counts)
    return usage && reading(usage, this.#words, this.#isWhole)
  }
}

/** Images are paid for by their tokens where those are told, and else by their number. */
class ImagesReader extends LastReader {
  #images = 0
  #words: string | undefined

  constructor(provider: string) {
    super(plainDialect, provider)
  }

  override body(text: string) {
    super.body(text)
    this.#words = find(text, [['usage']])
    const images = find(text, [['data']])
    this.#images = images === undefined ? 0 : countElements(images)
  }

  override result(): UsageReading | undefined {
    const told = super.result()
    if (told || this.#images === 0) return told
    return reading({ ...noUsage, images: this.#images }, this.#words, true)
  }
}

/** What is charged by its length is told in seconds, which the ledger does not count. */
function readTranscriptionUsage(counts: Counts, provider: string): Usage | undefined {
  return counts.type === 'duration' ? { ...noUsage, inputTokens: Number.NaN } : readOpenAiUsage(counts, provider)
}

/** Nothing but sound comes out of it. */
function readSpeechUsage(counts: Counts, provider: string): Usage | undefined {
  const usage = readOpenAiUsage(counts, provider)
  return usage && { ...usage, audioOutputTokens: usage.outputTokens }
}

const mostWords = 4_096

function reading(usage: Usage, words: string | undefined, isWhole: boolean): UsageReading {
  const isKept = words !== undefined && words.length <= mostWords
  return {
    usage,
    isWhole,
    providerUsage: isKept ? words : undefined,
    providerCostUsd: words === undefined ? undefined : readToldCost(words),
  }
}

function find(text: string, paths: readonly Path[]): string | undefined {
  for (const path of paths) {
    const value = valueAt(text, path)
    if (value !== undefined && value !== 'null') return value
  }
  return undefined
}

function valueAt(text: string, path: Path): string | undefined {
  try {
    let [start, end] = [0, text.length]
    for (const name of path) {
      const member: { start: number; end: number } | undefined = scanObject(text, start, [name]).members[name]
      if (!member) return undefined
      ;({ start, end } = member)
    }
    return text.slice(start, end)
  } catch {
    return undefined // no JSON object, or one that could be read in two ways: nothing was told
  }
}

/** Of a stream of Gemini's that was asked for as JSON, which is a list of what the events would have been. */
function findInList(text: string, paths: readonly Path[]): string | undefined {
  if (!/^\s*\[/.test(text)) return undefined
  try {
    const list = JSON.parse(text) as unknown[]
    const tellers = list.filter((element) => isObject(element) && find(JSON.stringify(element), paths) !== undefined)
    return tellers.length === 0 ? undefined : find(JSON.stringify(tellers.at(-1)), paths)
  } catch {
    return undefined
  }
}

import { createHash } from 'node:crypto'

/** An answer made from the request alone: the same request, the same bytes. */
export interface MockAnswer {
  status: number
  headers: Record<string, string>
  /** One for JSON; for a stream the events, each with its blank line. */
  pieces: string[]
}

/** What the mock has to say, before a dialect puts it into its own form. */
export interface Said {
  text: string
  /** Instead of a text. */
  call?: { name: string; arguments: string }
}

export interface Schema {
  type?: string
  enum?: unknown[]
  properties?: Record<string, Schema>
  items?: Schema
}

export interface Wish {
  /** The last words of the user's. */
  heard: string
  /** Of the first tool, unless the last turn brought a tool's result. */
  tool?: string | undefined
  schema?: Schema | undefined
  wantsJson?: boolean
}

export const madeAt = 1_795_219_200
export const tokensOfAnImage = 85
/** What it thinks, where it is asked to. */
export const thought = 'They said something. I shall say it back.'

/** Says back what was said last, calls the first tool there is, or fills in the schema. */
export function say({ heard, tool, schema, wantsJson = false }: Wish): Said {
  if (tool) return { text: '', call: { name: tool, arguments: JSON.stringify({ said: heard }) } }
  if (schema) return { text: JSON.stringify(sampleOf(schema, heard)) }
  if (wantsJson) return { text: JSON.stringify({ said: heard }) }
  return { text: `You said: ${heard || 'nothing'}` }
}

function sampleOf({ type, enum: values, properties = {}, items = {} }: Schema, said: string): unknown {
  if (values) return values[0]
  if (type === 'object') return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, sampleOf(schema, said)]))
  if (type === 'array') return [sampleOf(items, said)]
  if (type === 'number' || type === 'integer') return said.length
  return type === 'boolean' ? true : said
}

/** A text in the pieces in which it is streamed. A word is a token. */
export const wordsOf = (text: string) => text.match(/\s*\S+/g) ?? []
export const countTokens = (text: string) => wordsOf(text).length
export const outputTokensOf = ({ text, call }: Said) => countTokens(call?.arguments ?? text)

/** The same for the same: ids do not tell one run from another. */
export const digestOf = (seed: unknown) => createHash('sha256').update(JSON.stringify(seed)).digest('hex').slice(0, 24)

export function parseBody<T>(bytes: Buffer): T | undefined {
  try {
    const body = JSON.parse(bytes.toString()) as T
    return typeof body === 'object' && body !== null ? body : undefined
  } catch {
    return undefined
  }
}

export const json = (body: object, headers: Record<string, string> = {}, status = 200): MockAnswer => ({
  status,
  headers: { ...headers, 'content-type': 'application/json' },
  pieces: [JSON.stringify(body)],
})

export const events = (pieces: string[], headers: Record<string, string> = {}): MockAnswer => ({
  status: 200,
  headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8' },
  pieces,
})

export const openAiHeaders = (digest: string) => ({
  'x-request-id': `req_${digest}`,
  'openai-version': '2020-10-01',
  'openai-processing-ms': '1',
})

export const openAiRefusal = (message: string) =>
  json({ error: { message, type: 'invalid_request_error', param: null, code: null } }, {}, 400)

export interface NamedEvent {
  type: string
  [more: string]: unknown
}

/** An event that says its own kind, as newer dialects have it. */
export const namedEvent = (data: NamedEvent) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

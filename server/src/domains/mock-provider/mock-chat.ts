import { createHash } from 'node:crypto'

/** A chat completion as OpenAI's API would form it, made from the request alone: the same request, the same bytes. */
export interface MockAnswer {
  status: number
  headers: Record<string, string>
  /** One for JSON; for a stream the events, each with its blank line. */
  pieces: string[]
}

interface Message {
  role?: string
  content?: string | { type?: string; text?: string }[] | null
}
interface ChatBody {
  model?: string
  messages?: Message[]
  stream?: boolean | null
  stream_options?: { include_usage?: boolean } | null
  tools?: { function?: { name?: string } }[]
  response_format?: { type?: string; json_schema?: { schema?: Schema } }
}
interface Schema {
  type?: string
  enum?: unknown[]
  properties?: Record<string, Schema>
  items?: Schema
}

const created = 1_795_219_200
const tokensOfAnImage = 85

export function mockChat(bytes: Buffer): MockAnswer {
  const body = parse(bytes)
  if (!body || typeof body.model !== 'string' || !Array.isArray(body.messages)) {
    const error = { message: 'The body has no model or no messages.', type: 'invalid_request_error', param: null, code: null }
    return { status: 400, headers: { 'content-type': 'application/json' }, pieces: [JSON.stringify({ error })] }
  }
  // The same whether usage is asked for or not: a stream with and one without it differ in the usage alone.
  const id = `chatcmpl-${createHash('sha256').update(JSON.stringify(body.messages)).digest('hex').slice(0, 24)}`
  const head = { 'x-request-id': `req_${id.slice(9)}`, 'openai-version': '2020-10-01', 'openai-processing-ms': '1' }
  const base = { id, created, model: body.model, service_tier: 'default' }
  const message = answerOf(body)
  const usage = usageOf(body.messages, message)
  if (body.stream) {
    const pieces = chunksOf(message, { ...base, object: 'chat.completion.chunk' }, body.stream_options?.include_usage ? usage : undefined)
    return { status: 200, headers: { ...head, 'content-type': 'text/event-stream; charset=utf-8' }, pieces }
  }
  const choice = { index: 0, message: { role: 'assistant', ...message, refusal: null }, logprobs: null, finish_reason: finishOf(message) }
  const text = JSON.stringify({ ...base, object: 'chat.completion', choices: [choice], usage })
  return { status: 200, headers: { ...head, 'content-type': 'application/json' }, pieces: [text] }
}

function parse(bytes: Buffer): ChatBody | undefined {
  try {
    return JSON.parse(bytes.toString()) as ChatBody
  } catch {
    return undefined
  }
}

interface Answer {
  content: string | null
  tool_calls?: { index?: number; id: string; type: 'function'; function: { name: string; arguments: string } }[]
}

/** Says back what was said last, calls the first tool there is, or fills in the schema. */
function answerOf({ messages = [], tools, response_format: format }: ChatBody): Answer {
  const said = textOf(messages.findLast(({ role }) => role === 'user'))
  const [tool] = tools ?? []
  if (tool?.function?.name && messages.at(-1)?.role !== 'tool') {
    const call = { name: tool.function.name, arguments: JSON.stringify({ said }) }
    return { content: null, tool_calls: [{ id: 'call_mock0000000000000001', type: 'function', function: call }] }
  }
  if (format?.type === 'json_schema') return { content: JSON.stringify(sampleOf(format.json_schema?.schema ?? {}, said)) }
  if (format?.type === 'json_object') return { content: JSON.stringify({ said }) }
  return { content: `You said: ${said || 'nothing'}` }
}

function textOf(message: Message | undefined): string {
  if (typeof message?.content === 'string') return message.content
  return (message?.content ?? []).map(({ text, type }) => text ?? `(${type})`).join(' ')
}

function sampleOf({ type, enum: values, properties = {}, items = {} }: Schema, said: string): unknown {
  if (values) return values[0]
  if (type === 'object') return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, sampleOf(schema, said)]))
  if (type === 'array') return [sampleOf(items, said)]
  if (type === 'number' || type === 'integer') return said.length
  return type === 'boolean' ? true : said
}

const finishOf = ({ tool_calls: calls }: Answer) => (calls ? 'tool_calls' : 'stop')
const wordsOf = (text: string) => text.match(/\s*\S+/g) ?? []

function usageOf(messages: readonly Message[], answer: Answer) {
  const images = messages
    .flatMap(({ content }) => (Array.isArray(content) ? content : []))
    .filter(({ type }) => type === 'image_url').length
  const prompt = messages.reduce((sum, message) => sum + 3 + wordsOf(textOf(message)).length, 0) + images * tokensOfAnImage
  const completion = wordsOf(answer.content ?? answer.tool_calls?.[0]?.function.arguments ?? '').length
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  }
}

/** As OpenAI does it: who asks for usage gets `"usage":null` in every chunk, and one more chunk. */
function chunksOf(answer: Answer, base: object, usage: object | undefined): string[] {
  const none = usage ? { usage: null } : {}
  const chunk = (delta: object, finish: string | null = null) =>
    event({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...none, obfuscation: 'mock' })
  const [call] = answer.tool_calls ?? []
  const deltas = call
    ? [
        { role: 'assistant', content: null, tool_calls: [{ index: 0, ...call, function: { ...call.function, arguments: '' } }] },
        ...wordsOf(call.function.arguments).map((text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
      ]
    : [{ role: 'assistant', content: '', refusal: null }, ...wordsOf(answer.content ?? '').map((content) => ({ content }))]
  return [
    ...deltas.map((delta) => chunk(delta)),
    chunk({}, finishOf(answer)),
    ...(usage ? [event({ ...base, choices: [], usage, obfuscation: '' })] : []),
    'data: [DONE]\n\n',
  ]
}

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`

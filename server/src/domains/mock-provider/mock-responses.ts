import {
  countTokens,
  digestOf,
  events,
  json,
  type MockAnswer,
  madeAt,
  type NamedEvent,
  namedEvent,
  openAiHeaders,
  openAiRefusal,
  outputTokensOf,
  parseBody,
  type Said,
  type Schema,
  say,
  thought,
  tokensOfAnImage,
  wordsOf,
} from './answer.ts'

interface InputItem {
  type?: string
  role?: string
  content?: string | { type?: string; text?: string }[]
  output?: unknown
}
interface ResponsesBody {
  model?: string
  input?: string | InputItem[]
  instructions?: string | null
  stream?: boolean | null
  tools?: { type?: string; name?: string }[]
  reasoning?: { effort?: string | null; summary?: string | null } | null
  text?: { format?: { type?: string; schema?: Schema } }
  previous_response_id?: string | null
  metadata?: object | null
  store?: boolean | null
}

/** A response as OpenAI's API would form it. */
export function mockResponses(bytes: Buffer): MockAnswer {
  const body = parseBody<ResponsesBody>(bytes)
  if (!body || typeof body.model !== 'string' || body.input === undefined) return openAiRefusal('The body has no model or no input.')
  const digest = digestOf(body.input)
  const items = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input
  const said = answerTo(items, body)
  const reasons = Boolean(body.reasoning?.effort) && body.reasoning?.effort !== 'none'
  const output = [...(reasons ? [reasoningOf(digest, body)] : []), itemOf(said, digest)]
  const usage = usageOf(items, body, said, reasons)
  const begun = responseOf(body, `resp_${digest}`)
  const whole = { ...begun, status: 'completed', completed_at: madeAt, output, usage }
  if (!body.stream) return json(whole, openAiHeaders(digest))
  const all: NamedEvent[] = [
    ...['response.created', 'response.in_progress'].map((type) => ({ type, response: begun })),
    ...output.flatMap((item, index) => eventsOf(item, index)),
    { type: 'response.completed', response: whole },
  ]
  return events(
    all.map(({ type, ...rest }, sequence_number) => namedEvent({ type, sequence_number, ...rest })),
    openAiHeaders(digest),
  )
}

function answerTo(items: readonly InputItem[], { tools, text }: ResponsesBody): Said {
  return say({
    heard: textOf(items.findLast(({ role }) => role === 'user')),
    tool: items.at(-1)?.type === 'function_call_output' ? undefined : tools?.find(({ type }) => type === 'function')?.name,
    schema: text?.format?.type === 'json_schema' ? (text.format.schema ?? {}) : undefined,
    wantsJson: text?.format?.type === 'json_object',
  })
}

function textOf(item: InputItem | undefined): string {
  if (item?.output !== undefined) return typeof item.output === 'string' ? item.output : JSON.stringify(item.output)
  if (typeof item?.content === 'string') return item.content
  return (item?.content ?? []).map(({ text, type }) => text ?? `(${type})`).join(' ')
}

/** Before anything has been said. */
const responseOf = ({ model, instructions = null, tools = [], reasoning, text, metadata, ...body }: ResponsesBody, id: string) => ({
  id,
  object: 'response',
  created_at: madeAt,
  status: 'in_progress',
  background: false,
  completed_at: null as number | null,
  error: null,
  incomplete_details: null,
  instructions,
  max_output_tokens: null,
  max_tool_calls: null,
  model,
  output: [] as object[],
  parallel_tool_calls: true,
  previous_response_id: body.previous_response_id ?? null,
  reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
  service_tier: 'default',
  store: body.store ?? true,
  temperature: 1,
  text: { format: text?.format ?? { type: 'text' }, verbosity: 'medium' },
  tool_choice: 'auto',
  tools,
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  usage: null as object | null,
  user: null,
  metadata: metadata ?? {},
})

interface Item {
  id: string
  type: string
  status?: string
  arguments?: string
  summary?: { type: string; text: string }[]
  content?: { type: string; text: string }[]
}

const reasoningOf = (digest: string, { reasoning }: ResponsesBody): Item => ({
  id: `rs_${digest}`,
  type: 'reasoning',
  summary: reasoning?.summary ? [{ type: 'summary_text', text: thought }] : [],
})

function itemOf({ text, call }: Said, digest: string): Item {
  if (call) return { id: `fc_${digest}`, type: 'function_call', status: 'completed', ...call, ...{ call_id: 'call_mock0000000000000001' } }
  const content = [{ type: 'output_text', annotations: [], logprobs: [], text }]
  return { id: `msg_${digest}`, type: 'message', status: 'completed', content, ...{ role: 'assistant' } }
}

function usageOf(items: readonly InputItem[], { instructions }: ResponsesBody, said: Said, reasons: boolean) {
  const images = items.flatMap(({ content }) => (Array.isArray(content) ? content : [])).filter(({ type }) => type === 'input_image').length
  const words = items.reduce((sum, item) => sum + 3 + countTokens(textOf(item)), countTokens(instructions ?? ''))
  const input = words + images * tokensOfAnImage
  const reasoning = reasons ? countTokens(thought) : 0
  const output = outputTokensOf(said) + reasoning
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  }
}

function eventsOf(item: Item, output_index: number): NamedEvent[] {
  const at = { item_id: item.id, output_index }
  const added = (empty: object) => ({ type: 'response.output_item.added', output_index, item: { ...item, ...empty } })
  const done = { type: 'response.output_item.done', output_index, item }
  if (item.arguments !== undefined) {
    const deltas = wordsOf(item.arguments).map((delta) => ({
      type: 'response.function_call_arguments.delta',
      ...at,
      delta,
      obfuscation: 'mock',
    }))
    const end = { type: 'response.function_call_arguments.done', ...at, arguments: item.arguments }
    return [added({ status: 'in_progress', arguments: '' }), ...deltas, end, done]
  }
  if (item.summary) {
    const parts = item.summary.flatMap((part, summary_index) => partEvents('reasoning_summary', part, { ...at, summary_index }, {}))
    return [added({ summary: [] }), ...parts, done]
  }
  const parts = (item.content ?? []).flatMap((part, content_index) =>
    partEvents('content', part, { ...at, content_index }, { logprobs: [] }),
  )
  return [added({ status: 'in_progress', content: [] }), ...parts, done]
}

/** A part of an item, from its beginning to its end. */
function partEvents(kind: 'content' | 'reasoning_summary', part: { text: string }, at: object, more: object): NamedEvent[] {
  const text = kind === 'content' ? 'response.output_text' : 'response.reasoning_summary_text'
  const begun = { type: `response.${kind}_part.added`, ...at, part: { ...part, text: '' } }
  const deltas = wordsOf(part.text).map((delta) => ({ type: `${text}.delta`, ...at, delta, ...more, obfuscation: 'mock' }))
  const ended = { type: `${text}.done`, ...at, text: part.text, ...more }
  return [begun, ...deltas, ended, { type: `response.${kind}_part.done`, ...at, part }]
}

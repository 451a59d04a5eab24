import {
  countTokens,
  digestOf,
  events,
  json,
  type MockAnswer,
  type NamedEvent,
  namedEvent,
  outputTokensOf,
  parseBody,
  type Said,
  type Schema,
  say,
  thought,
  tokensOfAnImage,
  wordsOf,
} from './answer.ts'

interface Block {
  type?: string
  text?: string
  content?: unknown
  cache_control?: { ttl?: '5m' | '1h' } | null
}
interface Message {
  role?: string
  content?: string | Block[]
}
interface MessagesBody {
  model?: string
  max_tokens?: number
  system?: string | Block[]
  messages?: Message[]
  stream?: boolean
  tools?: { name?: string }[]
  thinking?: { type?: string }
  output_config?: { format?: { schema?: Schema } }
}

/** A message as Anthropic's API would form it. */
export function mockMessages(bytes: Buffer): MockAnswer {
  const body = parseBody<MessagesBody>(bytes)
  if (!body || typeof body.model !== 'string' || !Array.isArray(body.messages) || typeof body.max_tokens !== 'number') {
    return messagesRefusal(400, 'invalid_request_error', 'The body has no model, no messages or no max_tokens.')
  }
  const digest = digestOf(body.messages)
  const said = answerTo(body.messages, body)
  const thinks = body.thinking?.type === 'enabled' || body.thinking?.type === 'adaptive'
  const content = [...(thinks ? [{ type: 'thinking', thinking: thought, signature: digest }] : []), blockOf(said)]
  const input = inputUsageOf(body)
  const output_tokens = outputTokensOf(said) + (thinks ? countTokens(thought) : 0)
  const message = { id: `msg_${digest}`, type: 'message', role: 'assistant', model: body.model }
  const end = { stop_reason: said.call ? 'tool_use' : 'end_turn', stop_sequence: null }
  if (!body.stream)
    return json({ ...message, content, ...end, usage: { ...input, output_tokens, service_tier: 'standard' } }, headers(digest))
  return events(
    [
      {
        type: 'message_start',
        message: {
          ...message,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...input, output_tokens: 1, service_tier: 'standard' },
        },
      },
      ...content.flatMap((block, index) => eventsOf(block, index)),
      { type: 'message_delta', delta: end, usage: { ...input, output_tokens } },
      { type: 'message_stop' },
    ].map(namedEvent),
    headers(digest),
  )
}

export function mockCountTokens(bytes: Buffer): MockAnswer {
  const body = parseBody<MessagesBody>(bytes)
  if (!Array.isArray(body?.messages)) return messagesRefusal(400, 'invalid_request_error', 'The body has no messages.')
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = inputUsageOf(body)
  return json({ input_tokens: input_tokens + cache_creation_input_tokens + cache_read_input_tokens }, headers(digestOf(body.messages)))
}

function messagesRefusal(status: number, type: string, message: string, more: Record<string, string> = {}): MockAnswer {
  const id = `req_${digestOf(message)}`
  return json({ type: 'error', error: { type, message }, request_id: id }, { 'request-id': id, ...more }, status)
}

const headers = (digest: string) => ({ 'request-id': `req_${digest}`, 'anthropic-organization-id': 'mock' })

const blocksOf = (content: string | Block[] | undefined): Block[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])

function answerTo(messages: readonly Message[], { tools, output_config: config }: MessagesBody): Said {
  const last = blocksOf(messages.findLast(({ role }) => role === 'user')?.content)
  return say({
    heard: last.flatMap(({ text }) => text ?? []).join(' '),
    tool: last.some(({ type }) => type === 'tool_result') ? undefined : tools?.[0]?.name,
    schema: config?.format?.schema,
  })
}

const blockOf = ({ text, call }: Said) =>
  call
    ? { type: 'tool_use', id: 'toolu_mock000000000000001', name: call.name, input: JSON.parse(call.arguments) as object }
    : { type: 'text', text }

/** What stands before the last mark for the cache was written there by the first turn, and is read by those after it. */
function inputUsageOf({ system, messages = [] }: MessagesBody) {
  const blocks = [...blocksOf(system), ...messages.flatMap(({ content }) => blocksOf(content))]
  const tokens = blocks.map(({ type, text, content }) =>
    type === 'image' ? tokensOfAnImage : countTokens(text ?? (content === undefined ? '' : JSON.stringify(content))),
  )
  const marked = blocks.findLastIndex((block) => block.cache_control)
  const cached = sum(tokens.slice(0, marked + 1))
  const isLong = blocks[marked]?.cache_control?.ttl === '1h'
  const written = messages.some(({ role }) => role === 'assistant') ? 0 : cached
  return {
    input_tokens: sum(tokens) - cached + 3 * messages.length,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached - written,
    cache_creation: { ephemeral_5m_input_tokens: isLong ? 0 : written, ephemeral_1h_input_tokens: isLong ? written : 0 },
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

type Content = { type: string; thinking?: string; signature?: string; text?: string; input?: object }

function eventsOf(block: Content, index: number): NamedEvent[] {
  const delta = (type: string, field: string, text: string) => ({ type: 'content_block_delta', index, delta: { type, [field]: text } })
  const { thinking, signature, text, input, ...rest } = block
  const [empty, deltas] =
    thinking !== undefined
      ? [
          { thinking: '', signature: '' },
          [
            ...wordsOf(thinking).map((piece) => delta('thinking_delta', 'thinking', piece)),
            delta('signature_delta', 'signature', signature ?? ''),
          ],
        ]
      : input
        ? [{ input: {} }, ['', ...wordsOf(JSON.stringify(input))].map((piece) => delta('input_json_delta', 'partial_json', piece))]
        : [{ text: '' }, wordsOf(text ?? '').map((piece) => delta('text_delta', 'text', piece))]
  return [
    { type: 'content_block_start', index, content_block: { ...rest, ...empty } },
    ...(index === 0 ? [{ type: 'ping' }] : []),
    ...deltas,
    { type: 'content_block_stop', index },
  ]
}

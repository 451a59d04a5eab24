import {
  countTokens,
  digestOf,
  events,
  json,
  type MockAnswer,
  madeAt,
  openAiHeaders,
  openAiRefusal,
  outputTokensOf,
  parseBody,
  type Said,
  type Schema,
  say,
  tokensOfAnImage,
  wordsOf,
} from './answer.ts'

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

/** A chat completion as OpenAI's API would form it. */
export function mockChat(bytes: Buffer): MockAnswer {
  const body = parseBody<ChatBody>(bytes)
  if (!body || typeof body.model !== 'string' || !Array.isArray(body.messages))
    return openAiRefusal('The body has no model or no messages.')
  // The same whether usage is asked for or not: a stream with and one without it differ in the usage alone.
  const digest = digestOf(body.messages)
  const base = { id: `chatcmpl-${digest}`, created: madeAt, model: body.model, service_tier: 'default' }
  const said = answerTo(body)
  const usage = usageOf(body.messages, said)
  if (body.stream) {
    const pieces = chunksOf(said, { ...base, object: 'chat.completion.chunk' }, body.stream_options?.include_usage ? usage : undefined)
    return events(pieces, openAiHeaders(digest))
  }
  const message = { role: 'assistant', ...messageOf(said), refusal: null }
  const choice = { index: 0, message, logprobs: null, finish_reason: finishOf(said) }
  return json({ ...base, object: 'chat.completion', choices: [choice], usage }, openAiHeaders(digest))
}

function answerTo({ messages = [], tools, response_format: format }: ChatBody): Said {
  return say({
    heard: textOf(messages.findLast(({ role }) => role === 'user')),
    tool: messages.at(-1)?.role === 'tool' ? undefined : tools?.[0]?.function?.name,
    schema: format?.type === 'json_schema' ? (format.json_schema?.schema ?? {}) : undefined,
    wantsJson: format?.type === 'json_object',
  })
}

function textOf(message: Message | undefined): string {
  if (typeof message?.content === 'string') return message.content
  return (message?.content ?? []).map(({ text, type }) => text ?? `(${type})`).join(' ')
}

const toolCallOf = (call: NonNullable<Said['call']>) => ({ id: 'call_mock0000000000000001', type: 'function', function: call })
const messageOf = ({ text, call }: Said) => (call ? { content: null, tool_calls: [toolCallOf(call)] } : { content: text })
const finishOf = ({ call }: Said) => (call ? 'tool_calls' : 'stop')

function usageOf(messages: readonly Message[], said: Said) {
  const images = messages
    .flatMap(({ content }) => (Array.isArray(content) ? content : []))
    .filter(({ type }) => type === 'image_url').length
  const prompt = messages.reduce((sum, message) => sum + 3 + countTokens(textOf(message)), 0) + images * tokensOfAnImage
  const completion = outputTokensOf(said)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  }
}

/** As OpenAI does it: who asks for usage gets `"usage":null` in every chunk, and one more chunk. */
function chunksOf(said: Said, base: object, usage: object | undefined): string[] {
  const none = usage ? { usage: null } : {}
  const chunk = (delta: object, finish: string | null = null) =>
    event({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...none, obfuscation: 'mock' })
  const { call, text } = said
  const deltas = call
    ? [
        { role: 'assistant', content: null, tool_calls: [{ index: 0, ...toolCallOf({ ...call, arguments: '' }) }] },
        ...wordsOf(call.arguments).map((piece) => ({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
      ]
    : [{ role: 'assistant', content: '', refusal: null }, ...wordsOf(text).map((content) => ({ content }))]
  return [
    ...deltas.map((delta) => chunk(delta)),
    chunk({}, finishOf(said)),
    ...(usage ? [event({ ...base, choices: [], usage, obfuscation: '' })] : []),
    'data: [DONE]\n\n',
  ]
}

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`

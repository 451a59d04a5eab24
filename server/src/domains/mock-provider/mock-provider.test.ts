import { describe, expect, it } from 'vitest'
import type { MockAnswer } from './answer.ts'
import { mockChat } from './mock-chat.ts'
import { mockEmbeddings } from './mock-embeddings.ts'
import { mockCountTokens, mockMessages } from './mock-messages.ts'
import { mockResponses } from './mock-responses.ts'

const ask = (dialect: (bytes: Buffer) => MockAnswer, body: object) => dialect(Buffer.from(JSON.stringify(body)))
const bodyOf = ({ pieces }: MockAnswer) => JSON.parse(pieces.join(''))
const eventsOf = ({ pieces }: MockAnswer) =>
  pieces.flatMap((piece) => {
    const [, data = ''] = /^data: (.*)$/m.exec(piece) ?? []
    return data === '[DONE]' ? [] : [JSON.parse(data)]
  })

const messages = [{ role: 'user', content: 'four words are here' }]
const look = { name: 'look_up', description: 'Looks up.' }
const schema = { type: 'object', properties: { name: { type: 'string' } } }

describe('chat', () => {
  it.each([{}, { tools: [{ type: 'function', function: look }] }, { response_format: { type: 'json_schema', json_schema: { schema } } }])(
    'streams what it says in one piece: %j',
    (more) => {
      const whole = bodyOf(ask(mockChat, { model: 'm', messages, ...more }))
      const chunks = eventsOf(ask(mockChat, { model: 'm', messages, ...more, stream: true, stream_options: { include_usage: true } }))
      const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta ?? [])
      const { content, tool_calls: calls } = whole.choices[0].message
      expect(deltas.map((delta) => delta.content ?? '').join('')).toBe(content ?? '')
      expect(deltas.map(({ tool_calls: [call] = [] }) => call?.function.arguments ?? '').join('')).toBe(calls?.[0].function.arguments ?? '')
      expect(chunks.at(-1).usage).toEqual(whole.usage)
      expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    },
  )
})

describe('responses', () => {
  it.each([
    {},
    { tools: [{ type: 'function', ...look }] },
    { reasoning: { effort: 'low', summary: 'auto' } },
    { text: { format: { type: 'json_schema', name: 'x', schema } } },
  ])('stream what they say in one piece, in numbered events: %j', (more) => {
    const whole = bodyOf(ask(mockResponses, { model: 'm', input: messages, ...more }))
    const events = eventsOf(ask(mockResponses, { model: 'm', input: messages, ...more, stream: true }))
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
    expect(events[0].response).toMatchObject({ id: whole.id, status: 'in_progress', output: [], usage: null })
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: whole })
    expect(events.flatMap(({ type, item }) => (type === 'response.output_item.done' ? [item] : []))).toEqual(whole.output)
    const said = events.map(({ type, delta }) => (/output_text|arguments/.test(type) && delta) || '').join('')
    expect(said).toBe(whole.output.at(-1).arguments ?? whole.output.at(-1).content[0].text)
  })

  it('count reasoning among what they put out', () => {
    const { usage } = bodyOf(ask(mockResponses, { model: 'm', input: 'hi', reasoning: { effort: 'low' } }))
    expect(usage).toMatchObject({ input_tokens: 4, output_tokens: 11, output_tokens_details: { reasoning_tokens: 8 }, total_tokens: 15 })
  })
})

describe('messages', () => {
  const asked = { model: 'm', max_tokens: 100, messages }

  it.each([{}, { tools: [look] }, { thinking: { type: 'enabled', budget_tokens: 1024 } }])(
    'stream what they say in one piece: %j',
    (more) => {
      const whole = bodyOf(ask(mockMessages, { ...asked, ...more }))
      const events = eventsOf(ask(mockMessages, { ...asked, ...more, stream: true }))
      const deltas = events.flatMap(({ delta }) => delta ?? [])
      const joined = (field: string) => deltas.map((delta) => delta[field] ?? '').join('')
      const block = whole.content.at(-1)
      expect(joined('text')).toBe(block.text ?? '')
      expect(joined('partial_json')).toBe(block.input ? JSON.stringify(block.input) : '')
      expect(joined('thinking')).toBe(whole.content.length > 1 ? whole.content[0].thinking : '')
      expect(events.at(-2)).toMatchObject({
        delta: { stop_reason: whole.stop_reason },
        usage: { output_tokens: whole.usage.output_tokens },
      })
      expect(events[0].message.usage.input_tokens).toBe(whole.usage.input_tokens)
    },
  )

  it.each([
    ['5m', { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 0 }],
    ['1h', { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 3 }],
  ])('write the cache (%s) in the first turn and read it in the next', (ttl, written) => {
    const system = [{ type: 'text', text: 'You are terse.', cache_control: { type: 'ephemeral', ttl } }]
    const first = bodyOf(ask(mockMessages, { ...asked, system }))
    expect(first.usage).toMatchObject({
      input_tokens: 7,
      cache_creation_input_tokens: 3,
      cache_read_input_tokens: 0,
      cache_creation: written,
    })
    const turns = [...messages, { role: 'assistant', content: 'Yes.' }, { role: 'user', content: 'Go on.' }]
    const second = bodyOf(ask(mockMessages, { ...asked, system, messages: turns }))
    expect(second.usage).toMatchObject({ input_tokens: 16, cache_creation_input_tokens: 0, cache_read_input_tokens: 3 })
    expect(bodyOf(ask(mockCountTokens, { ...asked, system, messages: turns }))).toEqual({ input_tokens: 19 })
  })

  it('refuse in Anthropic’s form', () => {
    const refused = ask(mockMessages, { model: 'm', messages })
    expect(refused.status).toBe(400)
    expect(bodyOf(refused)).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
      request_id: refused.headers['request-id'],
    })
  })
})

describe('embeddings', () => {
  it('are the same in both encodings, of length one, and counted in words or in the tokens given', () => {
    const floats = bodyOf(ask(mockEmbeddings, { model: 'm', input: ['one text', 'two'], dimensions: 5 }))
    const packed = bodyOf(ask(mockEmbeddings, { model: 'm', input: ['one text', 'two'], dimensions: 5, encoding_format: 'base64' }))
    for (const [index, { embedding }] of floats.data.entries()) {
      const bytes = Uint8Array.from(Buffer.from(packed.data[index].embedding, 'base64'))
      expect([...new Float32Array(bytes.buffer)]).toEqual(embedding)
      expect(Math.hypot(...embedding)).toBeCloseTo(1)
    }
    expect(floats.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
    expect(bodyOf(ask(mockEmbeddings, { model: 'm', input: [5, 6, 7, 8] })).usage.total_tokens).toBe(4)
  })
})

import { describe, expect, it } from 'vitest'
import { createTestGateway, postTo, resolveLater, startMock } from '../../../test/gateway.ts'

const question = (more: object = {}) => ({ model: 'mock-1', messages: [{ role: 'user', content: 'Grüße, 世界 🙂 "usage":null' }], ...more })
const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'iVBORw0KGgo'.repeat(2_000)}` } }
const tool = { type: 'function', function: { name: 'look_up', parameters: { type: 'object', properties: { said: { type: 'string' } } } } }
const schema = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' }, tags: { type: 'array', items: { type: 'string' } } },
}

const requests: Record<string, object> = {
  JSON: question(),
  'JSON with fields that nobody knows': question({ temperature: 0.1, 'x-new': { deep: [1, { model: 'another' }] }, seed: 7 }),
  'images in': question({ messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }] }),
  'a tool call': question({ tools: [tool] }),
  'structured output': question({ response_format: { type: 'json_schema', json_schema: { name: 'person', schema } } }),
  'a stream': question({ stream: true }),
  'a stream with usage': question({ stream: true, stream_options: { include_usage: true } }),
  'a stream that wants none': question({ stream: true, stream_options: { include_usage: false } }),
  'a streamed tool call': question({ stream: true, tools: [tool] }),
  'a refused request': { model: 'mock-1' },
}

describe('what a client gets', async () => {
  it.each(Object.entries(requests))('is what the provider sends, byte for byte: %s', async (_, body) => {
    const mock = await startMock()
    const { resolve, candidates } = resolveLater()
    const { post, at, ledger } = await createTestGateway({ resolve })
    candidates.push(at(mock.url))

    const direct = await postTo(`${mock.url}/v1/chat/completions`, body)
    const ours = await post(body)
    const withoutId = (bytes: Buffer) => bytes.toString().replaceAll(/chatcmpl-\w+/g, 'chatcmpl') // of the request's bytes, and ours asks for usage
    expect({ status: ours.status, body: withoutId(ours.body) }).toEqual({ status: direct.status, body: withoutId(direct.body) })
    expect(ours.isCut).toBe(false)
    expect(ours.headers['content-type']).toBe(direct.headers['content-type'])
    if ((body as { stream?: boolean }).stream) expect(mock.seen[1]?.body).toContain('"include_usage":true')
    else expect(mock.seen[1]?.body).toBe(JSON.stringify(body))
    expect(ledger.settled).toHaveLength(1)
    expect(ledger.settled[0]?.outcome).toMatchObject(
      direct.status === 200 ? { outcome: 'completed', usageBasis: 'reported' } : { outcome: 'failed', usageBasis: 'none', status: 400 },
    )
  })
})

import OpenAI, { APIError } from 'openai'
import { describe, expect, it } from 'vitest'
import { createTestGateway, resolveLater, startMock } from './gateway.ts'
import { asTestClient } from './socket-guard.ts'

const messages = [{ role: 'user' as const, content: 'Grüße 🙂' }]
const tools = [{ type: 'function' as const, function: { name: 'look_up', parameters: { type: 'object' } } }]

/** The official client, with nothing changed but its base URL. */
async function connect() {
  const mock = await startMock()
  const { resolve, candidates } = resolveLater()
  const { url, at } = await createTestGateway({ resolve })
  candidates.push(at(mock.url))
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'klt_of_the_person', maxRetries: 0 })
  const direct = new OpenAI({ baseURL: `${mock.url}/v1`, apiKey: 'sk', maxRetries: 0 })
  return { client, direct, candidates }
}

describe('OpenAI’s own client', () => {
  it('completes, streams, calls tools and fills in schemas as it does with the provider itself', () =>
    asTestClient(async () => {
      const { client, direct } = await connect()
      const ask = (to: OpenAI) => to.chat.completions.create({ model: 'mock-1', messages })
      expect(await ask(client)).toEqual(await ask(direct))
      expect((await client.chat.completions.create({ model: 'mock-1', messages, tools })).choices[0]?.message.tool_calls).toHaveLength(1)
      const format = {
        type: 'json_schema' as const,
        json_schema: { name: 'p', schema: { type: 'object', properties: { name: { type: 'string' } } } },
      }
      const filled = await client.chat.completions.create({ model: 'mock-1', messages, response_format: format })
      expect(JSON.parse(filled.choices[0]?.message.content ?? '')).toEqual({ name: 'Grüße 🙂' })
    }))

  it.each([undefined, { include_usage: true }])('sees usage in a stream where it asked for it, and only there: %j', (options) =>
    asTestClient(async () => {
      const { client } = await connect()
      let text = ''
      const usages: unknown[] = []
      const stream = await client.chat.completions.create({
        model: 'mock-1',
        messages,
        stream: true,
        ...(options ? { stream_options: options } : {}),
      })
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? ''
        if ('usage' in chunk) usages.push(chunk.usage)
      }
      expect(text).toBe('You said: Grüße 🙂')
      if (options) expect(usages.at(-1)).toMatchObject({ prompt_tokens: 5, completion_tokens: 4 })
      else expect(usages).toEqual([])
    }),
  )

  it('finds message, code, status and request id in a refusal', () =>
    asTestClient(async () => {
      const { client } = await connect()
      const error = await client.chat.completions.create({ model: '', messages }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(APIError)
      expect(error).toMatchObject({ status: 400, code: 'http.invalid', type: 'invalid_request_error', requestID: expect.any(String) })
    }))
})

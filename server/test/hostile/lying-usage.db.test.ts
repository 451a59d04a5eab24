import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../app.ts'
import { postTo } from '../gateway.ts'
import { postAll } from '../ledger.ts'
import { createMockProvider } from '../mock-provider.ts'
import { peopleOf } from '../person.ts'
import { heardOf } from './meet.ts'
import { type Stream, streams } from './streams.ts'

/** Numbers that nobody can have used, by the names of every dialect. */
const numbers = (input: string, output: string) =>
  `{"prompt_tokens":${input},"completion_tokens":${output},"input_tokens":${input},"output_tokens":${output},"promptTokenCount":${input},"candidatesTokenCount":${output}}`

const lies: Record<string, string> = {
  'less than nothing': numbers('-5', '-1'),
  'more than can be counted': numbers('1e300', '1'),
  'more than fits': numbers('9223372036854775808', '1'),
  'a part of a token': numbers('1.5', '1'),
  'words for numbers': numbers('"many"', '"more"'),
  'lists for numbers': numbers('[5]', '{}'),
}

describe('a provider that lies of what was used', async () => {
  const provider = await createMockProvider()
  const baseUrls = { openai: `${provider.url}/v1`, anthropic: provider.url, google: provider.url }
  const { app, owner } = await createTestApp(() => [], { providers: { baseUrls, added: {} } })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const { id, ask } = await peopleOf({ app }).signUp()
  for (const name of Object.keys(baseUrls)) {
    await ask('POST', '/api/profile/api-keys', { provider: name, apiKey: `sk-of-a-person-0123456789-${name}`, verify: false })
  }
  const { token } = (await ask('POST', '/api/tokens', { name: 'client', scopes: ['calls'] })).json()
  const makers: Record<string, string> = { chat: 'gpt-mock-1', responses: 'gpt-mock-1', messages: 'claude-mock-1', gemini: 'gemini-mock-1' }

  describe.each(Object.entries(streams))('in %s', (name, stream: Stream) => {
    it.each(Object.entries(lies))('is heard to its end and not believed: %s', async (_, usage) => {
      const sent = [...stream.events.slice(0, -2).map((event) => event.sent), stream.lie(usage)].join('')
      provider.answer = (_request, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(sent)
      const { path, request } = stream
      const reply = await postTo(url + path, { ...request, model: makers[name] }, { authorization: `Bearer ${token}` })
      expect(reply).toMatchObject({ status: 200, isCut: false })
      expect(heardOf(stream).startsWith(reply.body.toString().slice(0, 300))).toBe(true)

      await postAll(owner)
      const { rows } = await sql<{ [column: string]: unknown }>`
        select outcome, usage_basis as basis, input_tokens::text as input, output_tokens::text as output, cost_usd::text as cost
          from usage_records where user_id = ${id} order by started_at desc, id desc limit 1`.execute(owner.db)
      expect(rows).toEqual([{ outcome: 'completed', basis: 'unknown', input: '0', output: '0', cost: null }])
    })
  })
})

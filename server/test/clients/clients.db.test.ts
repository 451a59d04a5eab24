import { sql } from 'kysely'
import OpenAI, { APIError } from 'openai'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../app.ts'
import { peopleOf } from '../person.ts'
import { asTestClient } from '../socket-guard.ts'
import { aiSdk } from './ai-sdk.ts'
import { curl } from './curl.ts'
import { langChain } from './langchain.ts'
import { openAi } from './openai.ts'
import { startProvider } from './provider.ts'
import type { OfficialClient, Target, Turn } from './target.ts'

/*
 * Official clients, changed in nothing but base URL and key. What they hear through us, they must hear from the provider
 * itself, byte for byte.
 */

const plain: Turn = { model: 'mock-1', text: 'Grüße 🙂 and "more"' }
const streamed: Turn = { ...plain, stream: true }
const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
}
const turns: Record<string, Turn> = {
  'a chat': plain,
  'a stream': streamed,
  'a stream with its usage': { ...streamed, wantsUsage: true },
  'a tool': { ...plain, tool: { name: 'look_up', parameters: person } },
  'a streamed tool': { ...streamed, tool: { name: 'look_up', parameters: person } },
  'a schema': { ...plain, schema: person },
  'a streamed schema': { ...streamed, schema: person },
  'an image': { ...plain, image: 'data:image/png;base64,iVBORw0KGgo=' },
}
const clients = [openAi, aiSdk, langChain, curl]

describe('official clients', async () => {
  const provider = await startProvider()
  const { app, owner } = await createTestApp(() => [], { providers: { baseUrls: { openai: `${provider.url}/v1` }, added: {} } })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const people = peopleOf({ app })
  const direct: Target = { baseURL: `${provider.url}/v1`, apiKey: 'sk-direct' }

  /** Somebody with a key at the provider, and what they give to their clients. */
  async function someone(): Promise<Target & { id: string }> {
    const { id, ask } = await people.signUp()
    const key = { provider: 'openai', apiKey: 'sk-of-a-person-0123456789', verify: false }
    expect((await ask('POST', '/api/profile/api-keys', key)).statusCode).toBe(201)
    const { token } = (await ask('POST', '/api/tokens', { name: 'client', scopes: ['calls'] })).json()
    return { id, baseURL: `${url}/v1`, apiKey: token }
  }
  const recordsOf = async (id: string) =>
    (await sql<{ outcome: string; status: number }>`select outcome, status from usage_records where user_id = ${id}`.execute(owner.db)).rows
  const failureOf = async ({ take }: OfficialClient, target: Target, turn: Turn) => {
    const [heard] = await Promise.allSettled([take(target, turn)])
    if (heard.status === 'fulfilled') throw new Error('it was not refused')
    return heard.reason as Error
  }

  describe.each(clients)('$name', (client) => {
    it.each(Object.keys(turns))('hears %s as the provider says it', (what) =>
      asTestClient(async () => {
        const { id, ...through } = await someone()
        const turn = turns[what] as Turn
        const heard = await client.take(through, turn)
        const wanted = await client.take(direct, turn)
        expect(wanted.bytes).toContain('mock')
        expect(heard).toEqual(wanted)
        expect(await recordsOf(id)).toEqual([{ outcome: 'completed', status: 200 }])
      }),
    )

    it.each([
      ['mock-busy', 429],
      ['mock-strict', 400],
    ])('is refused by %s in the provider’s own words, streaming or not', (model, status) =>
      asTestClient(async () => {
        for (const turn of [plain, streamed]) {
          const { id, ...through } = await someone()
          const refused = await failureOf(client, through, { ...turn, model })
          const wanted = await failureOf(client, direct, { ...turn, model })
          expect(client.statusOf(refused)).toBe(status)
          expect(refused.constructor).toBe(wanted.constructor)
          expect(refused.message).toBe(wanted.message)
          expect(await recordsOf(id)).toEqual([{ outcome: 'failed', status }])
        }
      }),
    )

    it('is told that its token is unknown', () =>
      asTestClient(async () => {
        const refused = await failureOf(client, { baseURL: `${url}/v1`, apiKey: 'klt_unknown' }, plain)
        expect(client.statusOf(refused)).toBe(401)
      }))

    it('ends the call at the provider when it leaves a stream, and it is in the books', () =>
      asTestClient(async () => {
        const { id, ...through } = await someone()
        const left = provider.left
        await client.leave(through, { ...streamed, model: 'mock-endless' })
        await expect.poll(() => provider.left).toBe(left + 1)
        await expect.poll(() => recordsOf(id)).toEqual([{ outcome: 'aborted', status: 200 }])
      }))
  })

  it('find message, code, status and request id in a refusal of ours', () =>
    asTestClient(async () => {
      const { id: _, ...through } = await someone()
      const call = new OpenAI({ ...through, maxRetries: 0 }).chat.completions.create({ model: '', messages: [] })
      const error = await call.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(APIError)
      expect(error).toMatchObject({ status: 400, code: 'http.invalid', type: 'invalid_request_error', requestID: expect.any(String) })
    }))
})

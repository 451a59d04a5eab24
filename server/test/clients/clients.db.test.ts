import OpenAI, { APIError } from 'openai'
import { describe, expect, it } from 'vitest'
import { asTestClient } from '../socket-guard.ts'
import { aiSdk } from './ai-sdk.ts'
import { anthropic } from './anthropic.ts'
import { curl } from './curl.ts'
import { google } from './google.ts'
import { langChain } from './langchain.ts'
import { openAi } from './openai.ts'
import { openAiResponses } from './openai-responses.ts'
import { setUpClients } from './set-up.ts'
import { modelOf, type OfficialClient, type Target, type Turn } from './target.ts'

/*
 * Official clients, changed in nothing but base URL and key. What they hear through us, they must hear from the provider
 * itself, byte for byte.
 */

const plain: Turn = { model: '', text: 'Grüße 🙂 and "more"' }
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
const clients: OfficialClient[] = [openAi, openAiResponses, anthropic, google, ...aiSdk, ...langChain, curl]
const patience = { timeout: 10_000 }

/** What the provider itself told of the usage, at last; of a stream of chunks that was not asked for it, nothing. */
function countsIn(bytes: string): { input?: number; output?: number } {
  const last = (names: string) => [...bytes.matchAll(new RegExp(`"(?:${names})":\\s*(\\d+)`, 'g'))].at(-1)?.[1]
  const input = last('prompt_tokens|input_tokens|promptTokenCount')
  const output = last('completion_tokens|output_tokens|candidatesTokenCount')
  return input === undefined ? {} : { input: Number(input), output: Number(output) }
}

describe('official clients', async () => {
  const { url, mock, someone } = await setUpClients()

  const failureOf = async ({ take }: OfficialClient, target: Target, turn: Turn) => {
    const [heard] = await Promise.allSettled([take(target, turn)])
    if (heard.status === 'fulfilled') throw new Error('it was not refused')
    return heard.reason as Error
  }

  describe.each(clients)('$name', async (client) => {
    const { token, records } = await someone()
    const through: Target = { baseURL: url + client.base, apiKey: token }
    const direct: Target = { baseURL: mock.url + client.base, apiKey: 'sk-direct' }
    const model = modelOf[client.maker]
    const { operation, streamOperation = operation } = client
    const callOf = ({ stream }: Turn) => ({ operation: stream ? streamOperation : operation, provider: client.maker })

    it.each(Object.keys(turns))('hears %s as the provider says it', (what) =>
      asTestClient(async () => {
        const { length } = await records()
        const turn = { ...(turns[what] as Turn), model }
        const heard = await client.take(through, turn)
        const wanted = await client.take(direct, turn)
        expect(wanted.bytes).toContain('mock')
        expect(heard).toEqual(wanted)
        expect((await records()).slice(length)).toMatchObject([
          { ...callOf(turn), model, outcome: 'completed', status: 200, basis: 'reported', ...countsIn(wanted.bytes) },
        ])
      }),
    )

    it.each([
      ['busy', 429],
      ['strict', 400],
    ])('is refused by a model that is %s in the provider’s own words, streaming or not', (how, status) =>
      asTestClient(async () => {
        for (const turn of [plain, streamed]) {
          const another = await someone() // a key that is told to wait is left alone for that long
          const refused = await failureOf(client, { ...through, apiKey: another.token }, { ...turn, model: `${model}-${how}` })
          const wanted = await failureOf(client, direct, { ...turn, model: `${model}-${how}` })
          expect(client.statusOf(refused)).toBe(status)
          expect(refused.constructor).toBe(wanted.constructor)
          expect(refused.message).toBe(wanted.message)
          expect(await another.records()).toMatchObject([{ ...callOf(turn), outcome: 'failed', status }])
        }
      }),
    )

    it('is told that its token is unknown', () =>
      asTestClient(async () => {
        const refused = await failureOf(client, { ...through, apiKey: 'klt_unknown' }, { ...plain, model })
        expect(client.statusOf(refused)).toBe(401)
      }))

    it('leaves a stream, and the call ends at the provider as that one’s policy is, and is in the books', () =>
      asTestClient(async () => {
        const { left } = mock
        const { length } = await records()
        const aborted = { ...callOf(streamed), outcome: 'aborted', status: 200 }
        const expectInBooks = (row: object) => expect.poll(async () => (await records()).slice(length), patience).toMatchObject([row])
        if (client.maker === 'google') {
          // It would charge for all of it, so all of it is heard.
          await client.leave(through, { ...streamed, model: `${model}-lasting` })
          await expectInBooks({ ...aborted, basis: 'reported', output: 6 })
          expect(mock.left).toBe(left)
        } else {
          await client.leave(through, { ...streamed, model: `${model}-endless` })
          await expect.poll(() => mock.left, patience).toBe(left + 1)
          await expectInBooks(aborted)
        }
      }))
  })

  it('find message, code, status and request id in a refusal of ours', () =>
    asTestClient(async () => {
      const { token } = await someone()
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 })
      const error = await client.chat.completions.create({ model: '', messages: [] }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(APIError)
      expect(error).toMatchObject({ status: 400, code: 'http.invalid', type: 'invalid_request_error', requestID: expect.any(String) })
    }))
})

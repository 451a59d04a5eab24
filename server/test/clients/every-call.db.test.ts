import Anthropic from '@anthropic-ai/sdk'
import type { GoogleGenAI } from '@google/genai'
import OpenAI, { toFile } from 'openai'
import { describe, expect, it } from 'vitest'
import { loadShippedModels } from '../../src/domains/models/models.ts'
import { asTestClient } from '../socket-guard.ts'
import { connectAnthropic } from './anthropic.ts'
import { connectGoogleBeta } from './google.ts'
import { setUpClients } from './set-up.ts'
import { recordingFetch, type Target } from './target.ts'

/*
 * What official clients can ask for beside a chat (those are in clients.db.test.ts). Each call is made through us and at
 * the provider itself: what the client makes of the answer, the answer's bytes, and the requests that the provider got
 * must be the same.
 */

interface Act<Client> {
  what: string
  act(client: Client): Promise<unknown>
  /** What the books must say of it. */
  books: object[]
}

const chat = { operation: 'chat.completions', provider: 'openai', outcome: 'completed', basis: 'reported' }

const openAi: Act<OpenAI>[] = [
  {
    what: 'a schema that the client parses',
    act: ({ chat: { completions } }) =>
      completions.parse({
        model: 'gpt-mock-1',
        messages: [{ role: 'user', content: 'Ada' }],
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'person', schema: { type: 'object', properties: { name: { type: 'string' } } } },
        },
      }),
    books: [{ ...chat, input: 4, output: 1 }],
  },
  {
    what: 'tools that the client runs until there is an answer',
    act: async ({ chat: { completions } }) => {
      const runner = completions.runTools({
        model: 'gpt-mock-1',
        messages: [{ role: 'user', content: 'Ada' }],
        tools: [
          {
            type: 'function',
            function: { name: 'look_up', description: 'Looks up.', parameters: {}, function: () => 'she is well', parse: JSON.parse },
          },
        ],
      })
      return { said: await runner.finalContent(), messages: runner.messages }
    },
    books: [
      { ...chat, output: 1 },
      { ...chat, output: 3 },
    ],
  },
  {
    what: 'a response that reasons, with a summary, as a stream',
    act: async ({ responses }) => {
      const stream = responses.stream({ model: 'gpt-mock-1', input: 'hello', reasoning: { effort: 'low', summary: 'auto' } })
      const types: string[] = []
      for await (const { type } of stream) types.push(type)
      return { types, whole: await stream.finalResponse() }
    },
    books: [{ operation: 'responses', outcome: 'completed' }],
  },
  {
    what: 'embeddings, which the client asks for in base64',
    act: ({ embeddings }) => embeddings.create({ model: 'text-embedding-3-small', input: ['one', 'two words'] }),
    books: [{ operation: 'embeddings', outcome: 'completed', basis: 'reported', input: 3, output: 0 }],
  },
  {
    what: 'embeddings as numbers',
    act: ({ embeddings }) =>
      embeddings.create({ model: 'text-embedding-3-small', input: 'two words', encoding_format: 'float', dimensions: 4 }),
    books: [{ operation: 'embeddings', outcome: 'completed', basis: 'reported', input: 2, output: 0 }],
  },
  {
    what: 'a text that is continued, as a stream',
    act: async ({ completions }) => {
      const pieces: unknown[] = []
      for await (const piece of await completions.create({ model: 'gpt-mock-instruct', prompt: 'Go on', stream: true })) pieces.push(piece)
      return pieces
    },
    books: [{ operation: 'completions', outcome: 'completed' }],
  },
  {
    what: 'a response that is kept: read, cancelled and deleted with the key that made it',
    act: async ({ responses }) => {
      const { id } = await responses.create({ model: 'gpt-mock-1', input: 'keep this', background: true })
      const read = await responses.retrieve(id)
      const cancelled = await responses.cancel(id)
      await responses.delete(id)
      return { read, cancelled }
    },
    books: ['responses', 'responses.get', 'responses.cancel', 'responses.delete'].map((operation) => ({ operation, provider: 'openai' })),
  },
  {
    what: 'images, made and edited',
    act: async ({ images }) => {
      const made = await images.generate({ model: 'gpt-image-1', prompt: 'a red fox' })
      const image = await toFile(Buffer.from('not quite a picture'), 'fox.png', { type: 'image/png' })
      return [made, await images.edit({ model: 'gpt-image-1', prompt: 'now blue', image })]
    },
    books: [
      { operation: 'images.generations', outcome: 'completed', basis: 'reported', input: 3, output: 272 },
      { operation: 'images.edits', outcome: 'completed', basis: 'reported', input: 21, output: 272 },
    ],
  },
  {
    what: 'speech, in bytes that are no text',
    act: async ({ audio }) => {
      const speech = await audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'hello out there' })
      return [speech.headers.get('content-type'), Buffer.from(await speech.arrayBuffer()).toString('base64')]
    },
    books: [{ operation: 'audio.speech', outcome: 'completed' }],
  },
  {
    what: 'recordings, written down and translated',
    act: async ({ audio }) => {
      const file = () => toFile(Buffer.alloc(950, 7), 'speech.mp3', { type: 'audio/mpeg' })
      const written = await audio.transcriptions.create({ model: 'gpt-4o-mini-transcribe', file: await file() })
      return [written, await audio.translations.create({ model: 'whisper-1', file: await file() })]
    },
    books: [
      { operation: 'audio.transcriptions', outcome: 'completed', basis: 'reported', input: 100, output: 3 },
      { operation: 'audio.translations', outcome: 'completed', basis: 'unknown' },
    ],
  },
  {
    what: 'a judgement of a text',
    act: ({ moderations }) => moderations.create({ model: 'omni-moderation-latest', input: 'no harm meant' }),
    books: [{ operation: 'moderations', outcome: 'completed' }],
  },
  {
    what: 'files and a batch, from the first to the last',
    act: async ({ files, batches }) => {
      const file = await files.create({ purpose: 'batch', file: await toFile(Buffer.from('{"line":1}\n'), 'lines.jsonl') })
      const found = await files.retrieve(file.id)
      const content = await (await files.content(file.id)).text()
      const batch = await batches.create({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' })
      const read = await batches.retrieve(batch.id)
      const cancelled = await batches.cancel(batch.id)
      const listed = (await files.list()).data
      return { file, found, content, batch, read, cancelled, listed, gone: await files.delete(file.id) }
    },
    books: 'files.upload files.get files.content batches.create batches.get batches.cancel files.list files.delete'
      .split(' ')
      .map((operation) => ({ operation, provider: 'openai', outcome: 'completed' })),
  },
]

const messages = { operation: 'messages', provider: 'anthropic', outcome: 'completed', status: 200 }
const question = {
  model: 'claude-mock-1',
  max_tokens: 64,
  messages: [{ role: 'user' as const, content: 'hello' }],
} satisfies Anthropic.MessageCreateParams

const anthropic: Act<Anthropic>[] = [
  {
    what: 'thinking, as a stream',
    act: async (client) => {
      const stream = client.messages.stream({ ...question, max_tokens: 2048, thinking: { type: 'enabled', budget_tokens: 1024 } })
      return await stream.finalMessage()
    },
    books: [messages],
  },
  {
    what: 'a system that is to be kept in the cache',
    act: (client) =>
      client.messages.create({
        ...question,
        system: [{ type: 'text', text: 'You are terse.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      }),
    books: [messages],
  },
  {
    what: 'tokens, counted',
    act: (client) => client.messages.countTokens({ model: question.model, messages: question.messages, system: 'You are terse.' }),
    books: [{ ...messages, operation: 'messages.count_tokens', basis: 'none' }],
  },
  {
    what: 'a beta',
    act: (client) => client.beta.messages.create({ ...question, betas: ['context-1m-2025-08-07', 'files-api-2025-04-14'] }),
    books: [messages],
  },
  {
    what: 'a refusal, with its request id',
    act: (client) =>
      client.messages.create({ ...question, model: 'claude-mock-strict' }).catch((error: unknown) => {
        if (!(error instanceof Anthropic.APIError)) throw error
        return { kind: error.constructor.name, status: error.status, message: error.message, id: error.requestID, body: error.error }
      }),
    books: [{ ...messages, outcome: 'failed', status: 400 }],
  },
]

const contents = [{ role: 'user', parts: [{ text: 'hello there' }] }]

const google: Act<GoogleGenAI>[] = [
  {
    what: 'thoughts, as a stream',
    act: async ({ models }) => {
      const chunks: unknown[] = []
      const config = { thinkingConfig: { includeThoughts: true } }
      for await (const chunk of await models.generateContentStream({ model: 'gemini-mock-1', contents, config })) chunks.push(chunk.text)
      return chunks
    },
    books: [{ operation: 'gemini.stream_generate_content', outcome: 'completed', basis: 'reported', input: 5, output: 12 }],
  },
  {
    what: 'tokens, counted',
    act: async ({ models }) => (await models.countTokens({ model: 'gemini-mock-1', contents })).totalTokens,
    books: [{ operation: 'gemini.count_tokens', outcome: 'completed', basis: 'none' }],
  },
  {
    what: 'embeddings',
    act: async ({ models }) => (await models.embedContent({ model: 'gemini-embedding-001', contents: ['one', 'two words'] })).embeddings,
    books: [{ operation: 'gemini.batch_embed_contents', outcome: 'completed' }],
  },
  {
    what: 'what it says of a model',
    act: ({ models }) => models.get({ model: 'gemini-mock-1' }),
    books: [{ operation: 'gemini.model', provider: 'google', outcome: 'completed', basis: 'none' }],
  },
]

interface ByHand {
  target: Target
  fetch: typeof globalThis.fetch
}

const byHand: Act<ByHand>[] = [
  {
    what: 'a stream of Google’s as one list, which is what it sends without `alt=sse`',
    act: async ({ target, fetch }) => {
      const headers = { 'x-goog-api-key': target.apiKey, 'content-type': 'application/json' }
      const at = `${target.baseURL}/v1beta/models/gemini-mock-1:streamGenerateContent`
      return await (await fetch(at, { method: 'POST', headers, body: JSON.stringify({ contents }) })).json()
    },
    books: [{ operation: 'gemini.stream_generate_content', outcome: 'completed', basis: 'reported', input: 5, output: 4 }],
  },
]

/** The one thing that we add to a request; what it brings is taken out again. */
const usageWish = ',"stream_options":{"include_usage":true}'
/** Between the parts of a form: made up anew each time. */
const boundary = /formdata-undici-\d+/g

describe('through us as directly', async () => {
  const { url, mock, database, someone } = await setUpClients()
  const { token, records } = await someone()

  /** What the provider may see of a client: the rest is between it and us. */
  const requestsSince = (length: number) =>
    mock.seen.slice(length).map(({ method, path, query, headers, bytes }) => ({
      what: `${method} ${path}?${query}`,
      body: bytes.toString('latin1').replace(usageWish, '').replace(boundary, 'boundary'),
      type: bytes.length > 0 ? headers['content-type']?.replace(boundary, 'boundary') : undefined,
      version: headers['anthropic-version'],
      beta: headers['anthropic-beta'],
    }))

  async function expectTheSame<Client>(
    connect: (target: Target, fetch: typeof globalThis.fetch) => Client,
    base: string,
    act: Act<Client>['act'],
  ) {
    const hear = async (target: Target) => {
      const { length } = mock.seen
      const { fetch, bytes } = recordingFetch()
      const result = await act(connect(target, fetch))
      return { result: JSON.parse(JSON.stringify(result)) as unknown, bytes: bytes(), requests: requestsSince(length) }
    }
    const heard = await hear({ baseURL: url + base, apiKey: token })
    const wanted = await hear({ baseURL: mock.url + base, apiKey: 'sk-direct' })
    expect(wanted.bytes.length).toBeGreaterThan(0)
    expect(heard).toEqual(wanted)
  }

  const tell = <Client>(connect: (target: Target, fetch: typeof globalThis.fetch) => Client, base: string, acts: Act<Client>[]) =>
    it.each(acts)('$what', ({ act, books }) =>
      asTestClient(async () => {
        const { length } = await records()
        await expectTheSame(connect, base, act)
        expect((await records()).slice(length)).toMatchObject(books)
      }),
    )

  describe('openai', () => tell((target, fetch) => new OpenAI({ ...target, fetch, maxRetries: 0 }), '/v1', openAi))
  describe('@anthropic-ai/sdk', () => tell(connectAnthropic, '', anthropic))
  describe('@google/genai', () => tell(connectGoogleBeta, '', google))
  describe('by hand', () => tell((target, fetch): ByHand => ({ target, fetch }), '', byHand))

  it('models are listed, as OpenAI lists its own', () =>
    asTestClient(async () => {
      await loadShippedModels(database)
      const { data } = await new OpenAI({ baseURL: `${url}/v1`, apiKey: token }).models.list()
      expect(data).toContainEqual({ id: 'gpt-5-mini', object: 'model', created: expect.any(Number), owned_by: 'openai' })
    }))
})

import { describe, expect, it } from 'vitest'
import { createTestGateway, resolveLater, sendTo } from '../../../test/gateway.ts'
import { jsonAnswer, startRaw } from '../../../test/raw-provider.ts'
import { AppError } from '../../base/errors.ts'
import type { Usage } from '../ledger/call.ts'
import type { Operation } from './operations/operation.ts'
import { type OperationName, operations } from './operations/operations.ts'
import type { Resolve, Wanted } from './ports.ts'

interface Example {
  /** With parameters filled in. */
  path?: string
  /** Of the provider, beneath its base. */
  at?: string
  request?: object | Buffer
  contentType?: string
  answer: object
  usage?: Partial<Usage>
  /** What the ledger names the model; that of the example unless said. */
  model?: string
  /** As the clients of this dialect read a refusal. */
  refusal: object
}

const model = 'mock-1'
const openAiRefusal = { error: { message: 'No more today.', type: 'rate_limit_error', param: null, code: 'quotas.reached' } }
const anthropicRefusal = {
  type: 'error',
  error: { type: 'rate_limit_error', message: 'No more today.', code: 'quotas.reached' },
  request_id: expect.any(String),
}

const googleRefusal = {
  error: {
    code: 429,
    message: 'No more today.',
    status: 'RESOURCE_EXHAUSTED',
    details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'quotas.reached', domain: 'keyloft' }],
  },
}

const modelField = `content-disposition: form-data; name="model"\r\n\r\n${model}`
const fileField =
  'content-disposition: form-data; name="file"; filename="a;name=\\"model\\".wav"\r\ncontent-type: audio/wav\r\n\r\n\0\r\n--not the boundary'
const form = (parts: readonly string[]) => ({
  request: Buffer.from(`${parts.map((part) => `--b o\r\n${part}\r\n`).join('')}--b o--\r\n`),
  contentType: 'multipart/form-data; boundary="b o"',
})

/** Of every operation there is, by type: one that is not in here does not compile, and its route is not served. */
const examples: Record<OperationName, Example> = {
  'chat.completions': {
    request: { model, messages: [], max_tokens: 5 },
    answer: { id: 'c', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
    usage: { inputTokens: 5, outputTokens: 2 },
    refusal: openAiRefusal,
  },
  responses: {
    request: { model, input: 'hello' },
    answer: { id: 'resp_1', object: 'response', usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 } },
    usage: { inputTokens: 5, outputTokens: 2 },
    refusal: openAiRefusal,
  },
  completions: {
    request: { model, prompt: 'hello' },
    answer: { id: 'cmpl-1', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
    usage: { inputTokens: 5, outputTokens: 2 },
    refusal: openAiRefusal,
  },
  embeddings: {
    request: { model, input: 'hello' },
    answer: { object: 'list', data: [], usage: { prompt_tokens: 5, total_tokens: 5 } },
    usage: { inputTokens: 5, outputTokens: 0 },
    refusal: openAiRefusal,
  },
  messages: {
    request: { model, max_tokens: 5, messages: [] },
    answer: { id: 'msg_1', type: 'message', content: [], usage: { input_tokens: 5, cache_read_input_tokens: 3, output_tokens: 2 } },
    usage: { inputTokens: 8, cachedInputTokens: 3, outputTokens: 2 },
    refusal: anthropicRefusal,
  },
  'messages.count_tokens': { request: { model, messages: [] }, answer: { input_tokens: 5 }, refusal: anthropicRefusal },
  'responses.get': { path: '/v1/responses/resp_1?include[]=a', answer: { id: 'resp_1' }, model: 'responses.get', refusal: openAiRefusal },
  'responses.delete': { path: '/v1/responses/resp_1', answer: { deleted: true }, model: 'responses.delete', refusal: openAiRefusal },
  'responses.cancel': { path: '/v1/responses/resp_1/cancel', answer: { id: 'resp_1' }, model: 'responses.cancel', refusal: openAiRefusal },
  'responses.input_items': {
    path: '/v1/responses/resp_1/input_items',
    answer: { data: [] },
    model: 'responses.input_items',
    refusal: openAiRefusal,
  },
  moderations: { request: { input: 'hello' }, answer: { results: [] }, model: 'moderations', refusal: openAiRefusal },
  'images.generations': { request: { model, prompt: 'a lamp', n: 2 }, answer: { data: [] }, refusal: openAiRefusal },
  'images.edits': { ...form([modelField, fileField]), answer: { data: [] }, refusal: openAiRefusal },
  'images.variations': { ...form([fileField]), answer: { data: [] }, model: 'images.variations', refusal: openAiRefusal },
  'audio.speech': { request: { model, input: 'hello' }, answer: { not: 'really' }, refusal: openAiRefusal },
  'audio.transcriptions': { ...form([modelField, fileField]), answer: { text: 'hello' }, refusal: openAiRefusal },
  'audio.translations': { ...form([fileField, modelField]), answer: { text: 'hello' }, refusal: openAiRefusal },
  'files.upload': { ...form([fileField]), answer: { id: 'file-1' }, model: 'files.upload', refusal: openAiRefusal },
  'files.list': { path: '/v1/files?purpose=batch', answer: { data: [] }, model: 'files.list', refusal: openAiRefusal },
  'files.get': { path: '/v1/files/file-1', answer: { id: 'file-1' }, model: 'files.get', refusal: openAiRefusal },
  'files.content': { path: '/v1/files/file-1/content', answer: { any: 'bytes' }, model: 'files.content', refusal: openAiRefusal },
  'files.delete': { path: '/v1/files/file-1', answer: { deleted: true }, model: 'files.delete', refusal: openAiRefusal },
  'batches.create': {
    request: { input_file_id: 'file-1', endpoint: '/v1/responses' },
    answer: { id: 'batch_1' },
    model: 'batches.create',
    refusal: openAiRefusal,
  },
  'batches.list': { answer: { data: [] }, model: 'batches.list', refusal: openAiRefusal },
  'batches.get': { path: '/v1/batches/batch_1', answer: { id: 'batch_1' }, model: 'batches.get', refusal: openAiRefusal },
  'batches.cancel': { path: '/v1/batches/batch_1/cancel', answer: { id: 'batch_1' }, model: 'batches.cancel', refusal: openAiRefusal },
  'gemini.generate_content': {
    path: '/v1beta/models/mock-1:generateContent?key=klt_secret&alt=json',
    request: { contents: [], generationConfig: { maxOutputTokens: 5 } },
    answer: { candidates: [], usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 } },
    refusal: googleRefusal,
  },
  'gemini.stream_generate_content': {
    path: '/v1beta/models/mock-1:streamGenerateContent',
    request: { contents: [] },
    answer: [{ usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 } }],
    refusal: googleRefusal,
  },
  'gemini.count_tokens': {
    path: '/v1beta/models/mock-1:countTokens',
    request: { contents: [] },
    answer: { totalTokens: 5 },
    refusal: googleRefusal,
  },
  'gemini.embed_content': {
    path: '/v1beta/models/mock-1:embedContent',
    request: { content: {} },
    answer: { embedding: {} },
    refusal: googleRefusal,
  },
  'gemini.batch_embed_contents': {
    path: '/v1beta/models/mock-1:batchEmbedContents',
    request: { requests: [] },
    answer: { embeddings: [] },
    refusal: googleRefusal,
  },
  'gemini.models': { answer: { models: [] }, model: 'gemini.models', refusal: googleRefusal },
  'gemini.model': { path: '/v1beta/models/mock-1', answer: { name: 'models/mock-1' }, refusal: googleRefusal },
}

const rows = operations.map((operation: Operation<OperationName>) => {
  const example = examples[operation.name]
  return { ...operation, ...example, path: example.path ?? operation.path, call: `${operation.method} ${operation.path}` }
})

async function setUp(answer: object) {
  const provider = await startRaw((socket) => void socket.write(jsonAnswer(200, answer)))
  const { resolve, candidates } = resolveLater()
  const asked: Wanted[] = []
  const resolveAndNote: Resolve = (principal, wanted) => {
    asked.push(wanted)
    return resolve(principal, wanted)
  }
  const gateway = await createTestGateway({ resolve: resolveAndNote })
  candidates.push(gateway.at(provider.url))
  return { ...gateway, provider, asked, candidates }
}

describe.each(rows)('$call', (row) => {
  const { name, method, protocol, path, request, contentType = 'application/json', answer, usage, refusal, isFree } = row
  const send = async (url: string) =>
    sendTo(
      method,
      url + path,
      request ? { body: Buffer.isBuffer(request) ? request : Buffer.from(JSON.stringify(request)), contentType } : {},
    )

  it('carries both bodies as they are, and is written down under its name before the answer has left', async () => {
    const { url, ledger, provider, asked, candidates, at } = await setUp(answer)
    candidates[0] = at(provider.url, { modelId: row.model === undefined ? model : '' })
    const reply = await send(url)
    expect(reply).toMatchObject({ status: 200, isCut: false })
    expect(reply.body.toString()).toBe(JSON.stringify(answer))
    expect(asked).toEqual([expect.objectContaining({ protocol })])
    expect(JSON.stringify(asked)).not.toContain('klt_secret')
    const sent = Buffer.isBuffer(request) ? request.toString() : request ? JSON.stringify(request) : ''
    expect(provider.seen).toEqual([expect.stringMatching(new RegExp(`^${method} `))])
    expect(provider.seen[0]?.slice((provider.seen[0]?.indexOf('\r\n\r\n') ?? 0) + 4)).toBe(sent)
    expect(ledger.settled).toEqual([
      {
        call: expect.objectContaining({ operation: name, provider: 'openai', model: row.model ?? model }),
        outcome: expect.objectContaining({ outcome: 'completed', status: 200 }),
      },
    ])
    if (isFree) expect(ledger.settled[0]?.outcome).toMatchObject({ usageBasis: 'none' })
    if (usage) expect(ledger.settled[0]?.outcome).toMatchObject({ usageBasis: 'reported', usage })
  })

  it('is refused in its dialect where a limit does not allow it, before the provider hears of it', async () => {
    const { url, ledger, provider, candidates, at } = await setUp(answer)
    candidates[0] = at(provider.url, { isCapped: true })
    ledger.beforeOpen = async () => {
      throw new AppError('quotas.reached', { status: 429, message: 'No more today.' })
    }
    const reply = await send(url)
    expect([reply.status, JSON.parse(reply.body.toString())]).toEqual([429, refusal])
    expect(provider.seen).toEqual([])
  })
})

it('no route of the gateway stands outside of this table, but for those of the proxy', async () => {
  const { gateway } = await createTestGateway()
  const served = gateway.routes.map(({ method, path }) => `${method} ${path}`)
  const proxied = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /proxy/:provider/*`)
  const aliases = (operations as readonly Operation[]).flatMap(({ method, alsoAt }) => (alsoAt ? [`${method} ${alsoAt}`] : []))
  expect(served.filter((route) => !aliases.includes(route))).toEqual([...rows.map(({ call }) => call), ...proxied])
  expect(served.filter((route) => aliases.includes(route))).toEqual(aliases)
})

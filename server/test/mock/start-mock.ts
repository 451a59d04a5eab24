import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { json, madeAt } from '../../src/domains/mock-provider/answer.ts'
import { mockChat } from '../../src/domains/mock-provider/mock-chat.ts'
import { mockEmbeddings } from '../../src/domains/mock-provider/mock-embeddings.ts'
import { mockCountTokens, mockMessages } from '../../src/domains/mock-provider/mock-messages.ts'
import type { Answer, Asked, Routes } from './asked.ts'
import { completions } from './completions.ts'
import { gemini } from './gemini.ts'
import { media } from './media.ts'
import { createStored } from './stored.ts'

/**
 * All makers in one: OpenAI below /v1, Anthropic's messages there too, Google below /v1beta. The same request has the same
 * answer. A model whose name says so is `-busy`, `-strict`, `-crowded`, `-lasting` or `-endless`.
 */
export interface Mock {
  url: string
  seen: Asked[]
  /** How many answers without an end were given up by the other side. */
  left: number
  close(): void
}

const describeModel = (id: string) => ({ id, object: 'model', created: madeAt, owned_by: 'mock' })

const makers: Routes = [
  ['POST', /^\/(?:v1|v1beta\/openai)\/chat\/completions$/, ({ bytes }) => mockChat(bytes)],
  ['POST', /^\/(?:v1|v1beta\/openai)\/embeddings$/, ({ bytes }) => mockEmbeddings(bytes)],
  ['POST', /^\/v1\/messages$/, ({ bytes }) => mockMessages(bytes)],
  ['POST', /^\/v1\/messages\/count_tokens$/, ({ bytes }) => mockCountTokens(bytes)],
  ['GET', /^\/v1\/models$/, () => json({ object: 'list', data: [describeModel('mock-1')] })],
  ['GET', /^\/v1\/models\/([^/]+)$/, (_, id = '') => json(describeModel(id))],
  ...completions,
  ...gemini,
  ...media,
]

export async function startMock(): Promise<Mock> {
  const mock: Mock = { url: '', seen: [], left: 0, close: () => {} }
  const routes = [...createStored(), ...makers]
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'http://mock')
    const asked: Asked = { method: request.method ?? '', path, query, headers: request.headers, bytes: Buffer.concat(pieces) }
    mock.seen.push(asked)
    const [, model = ''] = /"model":"([^"]*)"/.exec(asked.bytes.toString('latin1')) ?? /models\/([^/:]+)/.exec(path) ?? []
    const answer = refusalOf(model, path) ?? (await answerOf(routes, asked))
    response.writeHead(answer.status, answer.headers)
    if (model.endsWith('-endless')) return endlessly(response, answer, mock)
    if (model.endsWith('-lasting')) return lastingly(response, answer)
    for (const piece of answer.pieces) response.write(piece)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  mock.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  mock.close = () => {
    server.closeAllConnections()
    server.close()
  }
  return mock
}

async function answerOf(routes: Routes, asked: Asked): Promise<Answer> {
  for (const [method, pattern, handler] of routes) {
    const found = method === asked.method ? pattern.exec(asked.path) : null
    if (found) return await handler(asked, ...found.slice(1))
  }
  return json(
    { error: { message: `${asked.method} ${asked.path} is not here.`, type: 'invalid_request_error', param: null, code: null } },
    {},
    404,
  )
}

async function lastingly(response: ServerResponse, { pieces }: Answer) {
  for (const piece of pieces) {
    response.write(piece)
    await sleep(60)
  }
  response.end()
}

/** The first half of the answer, and then its middle for ever. */
async function endlessly(response: ServerResponse, { pieces }: Answer, mock: Mock) {
  response.on('close', () => mock.left++)
  const middle = Math.floor(pieces.length / 2)
  for (let at = 0; !response.destroyed; at = Math.min(at + 1, middle)) {
    response.write(pieces[at] ?? '')
    await sleep(10)
  }
}

const refusals = {
  busy: {
    status: 429,
    headers: { 'retry-after': '30' },
    openai: 'rate_limit_exceeded',
    anthropic: 'rate_limit_error',
    google: 'RESOURCE_EXHAUSTED',
  },
  strict: { status: 400, headers: {}, openai: 'context_length_exceeded', anthropic: 'invalid_request_error', google: 'INVALID_ARGUMENT' },
  crowded: { status: 529, headers: {}, openai: 'server_error', anthropic: 'overloaded_error', google: 'UNAVAILABLE' },
}

function refusalOf(model: string, path: string): Answer | undefined {
  const kind = /-(busy|strict|crowded)$/.exec(model)?.[1] as keyof typeof refusals | undefined
  if (!kind) return undefined
  const { status, headers, openai, anthropic, google } = refusals[kind]
  const message = `The model is ${kind}.`
  if (/^\/v1(?:beta)?\/models\//.test(path)) return json({ error: { code: status, message, status: google } }, headers, status)
  if (!path.startsWith('/v1/messages')) return json({ error: { message, type: 'requests', param: null, code: openai } }, headers, status)
  const id = { 'request-id': 'req_mock' }
  return json({ type: 'error', error: { type: anthropic, message }, request_id: 'req_mock' }, { ...headers, ...id }, status)
}

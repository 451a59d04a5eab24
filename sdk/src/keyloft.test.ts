import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import { createKeyloft, type KeyloftOptions } from './keyloft.ts'
import { KeyloftError } from './keyloft-error.ts'
import type { Client } from './operation.ts'

interface Planted {
  'GET /things': { query?: { limit?: number | undefined; tag?: string[] | undefined }; reply: { items: string[] } }
  'GET /things/{kind}/{id}': { params: { kind: string; id: string }; reply: { id: string } }
  'POST /things': { body: { name: string }; reply: { id: string }; idempotent: true }
  'PUT /things': { body: { name: string }; reply: undefined }
}

interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: string
}
const json = (value: unknown): Answer => ({ headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) })

describe('the client', async () => {
  let answer: Answer
  let seen: Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { body: string }
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request
    seen = { method, url, headers, body: Buffer.concat(await request.toArray()).toString() }
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const connect = (options: Partial<KeyloftOptions> = {}) => createKeyloft({ url, ...options }) as unknown as Client<Planted>
  const keyloft = connect()
  const refusal = async (given: Answer): Promise<KeyloftError> => {
    answer = given
    const error = await keyloft.get('/things').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(KeyloftError)
    return error as KeyloftError
  }
  beforeEach(() => {
    answer = json({ items: ['a'] })
  })

  it('answers with the body of the reply', async () => {
    const reply = await keyloft.get('/things')
    expect(reply).toEqual({ items: ['a'] })
    expectTypeOf(reply).toEqualTypeOf<{ items: string[] }>()
    expect(seen).toMatchObject({ method: 'GET', url: '/things', headers: { accept: 'application/json' } })
    expect(seen.headers.authorization ?? seen.headers['content-type']).toBeUndefined()
  })

  it('takes text, and nothing, as they come', async () => {
    answer = { headers: { 'content-type': 'text/plain; version=0.0.4' }, body: '# HELP x' }
    expect(await keyloft.get('/things')).toBe('# HELP x')
    answer = { status: 204 }
    expect(await keyloft.put('/things', { body: { name: 'x' } })).toBeUndefined()
  })

  it('keeps what it is given in its place in the address', async () => {
    await keyloft.get('/things/{kind}/{id}', { params: { kind: 'a/b?c', id: 'ü#%2e' } })
    expect(seen.url).toBe('/things/a%2Fb%3Fc/%C3%BC%23%252e')
    await keyloft.get('/things', { query: { limit: 5, tag: ['a&b', 'c'] } })
    expect(seen.url).toBe('/things?limit=5&tag=a%26b&tag=c')
    await keyloft.get('/things', { query: { limit: undefined } })
    expect(seen.url).toBe('/things')
    await connect({ url: `${url}/behind/a/proxy//?x#y` }).get('/things')
    expect(seen.url).toBe('/behind/a/proxy/things')
  })

  it.each(['', '.', '..'])('sends nothing where a part of the path would be "%s"', async (id) => {
    seen = undefined as never
    await expect(keyloft.get('/things/{kind}/{id}', { params: { kind: 'a', id } })).rejects.toThrow(TypeError)
    expect(seen).toBeUndefined()
  })

  it('sends JSON, and the idempotency key where one is given', async () => {
    await keyloft.post('/things', { body: { name: 'x' }, idempotencyKey: 'once' })
    expect(seen).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': 'once' } })
    expect(JSON.parse(seen.body)).toEqual({ name: 'x' })
  })

  it('asks for the present token before every request', async () => {
    await connect({ token: 'klt_1' }).get('/things')
    expect(seen.headers.authorization).toBe('Bearer klt_1')
    const tokens = ['first', undefined]
    const changing = connect({ token: async () => tokens.shift() })
    await changing.get('/things')
    expect(seen.headers.authorization).toBe('Bearer first')
    await changing.get('/things')
    expect(seen.headers.authorization).toBeUndefined()
  })

  it('throws a problem with all that it says', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Too many.',
      status: 429,
      code: 'http.rate_limited',
      hint: 'Wait.',
      requestId: 'r-1',
      errors: [{ field: 'name', message: 'is too short' }],
    }
    const error = await refusal({
      status: 429,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '7' },
      body: JSON.stringify(problem),
    })
    expect(error).toMatchObject({
      name: 'KeyloftError',
      message: 'Too many.',
      status: 429,
      code: 'http.rate_limited',
      hint: 'Wait.',
      requestId: 'r-1',
      fields: [{ field: 'name', message: 'is too short' }],
      retryAfterSeconds: 7,
    })
  })

  it.each<[string, Answer]>([
    ['a page of a proxy', { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway</h1>' }],
    ['a page where JSON should be', { headers: { 'content-type': 'text/html' }, body: '<h1>Hello</h1>' }],
    ['JSON that is none', { headers: { 'content-type': 'application/json' }, body: '{' }],
    ['a problem that is none', { status: 500, headers: { 'content-type': 'application/problem+json' }, body: 'null' }],
    ['a problem without a code', { status: 500, headers: { 'content-type': 'application/problem+json' }, body: '{"title":"x"}' }],
    ['nothing at all', { status: 503 }],
  ])('throws %s as an unexpected reply, with the status it had', async (_, given) => {
    const error = await refusal({ ...given, headers: { ...given.headers, 'x-request-id': 'r-2', 'retry-after': 'soon' } })
    expect(error).toMatchObject({ code: 'sdk.unexpected_reply', status: given.status ?? 200, requestId: 'r-2', fields: [] })
    expect(error.retryAfterSeconds).toBeUndefined()
    expect(error.hint).toContain('URL')
  })

  it('follows nobody who sends it elsewhere', async () => {
    answer = { status: 307, headers: { location: `${url}/other` } }
    await expect(connect({ token: 'klt_1' }).get('/things')).rejects.toThrow(TypeError)
    expect(seen.url).toBe('/things')
  })

  it('can be given up', async () => {
    await expect(keyloft.get('/things', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('sends by another fetch when it is given one', async () => {
    const own: typeof fetch = async (address) => Response.json({ items: [String(address)] })
    expect(await connect({ fetch: own }).get('/things')).toEqual({ items: [`${url}/things`] })
  })

  it.each(['', 'keyloft.example.com', 'ftp://example.com'])('refuses the URL "%s" at once', (given) => {
    expect(() => connect({ url: given })).toThrow(TypeError)
  })

  it('knows at compile time what each route takes', () => {
    const never = () => {
      // @ts-expect-error no such path
      keyloft.get('/nowhere')
      // @ts-expect-error another method's path
      keyloft.post('/things/{kind}/{id}')
      // @ts-expect-error the body is missing
      keyloft.post('/things')
      // @ts-expect-error a parameter is missing
      keyloft.get('/things/{kind}/{id}', { params: { kind: 'a' } })
      // @ts-expect-error of another type
      keyloft.get('/things', { query: { limit: '5' } })
      // @ts-expect-error this route does not honour one
      keyloft.put('/things', { body: { name: 'x' }, idempotencyKey: 'once' })
    }
    expectTypeOf(never).returns.toBeVoid()
  })
})

import { request } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { anonymous, type Principal, userPrincipal } from '../../base/principal.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { untraced } from '../telemetry/tracing.ts'
import { type Carried, defineRoute, takenOver } from './define-route.ts'
import { httpErrors } from './errors.ts'
import { createHttp } from './http.ts'

interface Sent {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: string
  /** Without a told length. */
  isChunked?: boolean
}

describe('the short way of what is only carried', async () => {
  const ada = userPrincipal('5f0c5a52-2f3c-4f39-8d2b-0e6f8f0b8f11')
  const reader: Principal = { ...ada, scopes: ['usage:read' as never] }
  const people: Record<string, Principal | Promise<Principal>> = { ada, reader, known: Promise.resolve(ada) }
  const ways: string[] = []
  let late: Promise<void> | undefined

  const answer =
    (way: string) =>
    async ({ bytes, reply, request }: Carried) => {
      ways.push(way)
      if (bytes.includes('refuse')) throw httpErrors.invalid({ message: 'The body asks for it.' })
      await late
      if (bytes.includes('fail')) throw new Error('select * from secrets')
      reply.hijack()
      reply.raw.writeHead(200, { ...reply.getHeaders(), 'x-seen': request.id } as Record<string, string>).end(bytes)
      if (bytes.includes('afterwards')) throw new Error('too late')
      return takenOver
    }
  const route = (path: string, change: object = {}) =>
    defineRoute({
      method: 'POST',
      path,
      policy: { allow: 'user', scope: 'calls' },
      takes: 'bytes',
      bodyLimitBytes: 64,
      schema: { summary: 'Carries', body: z.unknown(), reply: z.unknown() },
      handler: answer('usual'),
      carry: answer('short'),
      ...change,
    })
  const metrics = createMetrics()
  const build = async (change: object = {}) => {
    const app = await createHttp({
      log: createLog('silent'),
      metrics,
      tracing: untraced,
      database: undefined as never,
      version: '0',
      publicUrl: undefined,
      corsOrigins: ['https://app.example.com'],
      trustedProxies: undefined,
      hashKey: Buffer.alloc(32),
      authenticate: ({ authorization = '' }) => people[authorization] ?? anonymous,
      routes: [route('/carried'), route('/carried/:id')],
      plugins: [],
      catalogues: [],
      ...change,
    })
    afterAll(() => app.close())
    return { app, port: Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port) }
  }
  const { port } = await build()
  beforeEach(() => void ways.splice(0))

  const send = (sent: Sent = {}, to = port) =>
    new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
      const { method = 'POST', path = '/carried', body = '{"a":1}', isChunked = false } = sent
      const length = isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) }
      const headers = { authorization: 'ada', 'content-type': 'application/json', ...length, ...sent.headers }
      const asked = request({ host: '127.0.0.1', port: to, method, path, headers, agent: false }, (reply) => {
        let text = ''
        reply.on('data', (piece) => {
          text += piece
        })
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text }))
      })
      asked.on('error', reject).end(body)
    })

  async function counted(name: string, status: number): Promise<number> {
    const { text } = await metrics.render()
    return Number(new RegExp(`^${name}{[^}]*route="/carried",status="${status}"} (.*)`, 'm').exec(text)?.[1] ?? 0)
  }

  it('is taken by a request that is in no way unusual, under one id', async () => {
    const { status, headers, text } = await send()
    expect([status, text, ways]).toEqual([200, '{"a":1}', ['short']])
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers['x-seen']).toBe(headers['x-request-id'])
    expect((await send({ headers: { 'x-request-id': 'a-caller-s-own' } })).headers['x-seen']).toBe('a-caller-s-own')
  })

  it.each<[string, Sent, number]>([
    ['a query', { path: '/carried?a=1' }, 200],
    ['another spelling of the path', { path: '/%63arried' }, 200],
    ['a name in the path', { path: '/carried/7' }, 200],
    ['an origin', { headers: { origin: 'https://app.example.com' } }, 200],
    ['a content type with a charset', { headers: { 'content-type': 'application/json; charset=utf-8' } }, 200],
    ['a body of untold length', { isChunked: true }, 200],
    ['a credential that is not remembered', { headers: { authorization: 'known' } }, 200],
    ['no credential', { headers: { authorization: '' } }, 401],
    ['a scope that is missing', { headers: { authorization: 'reader' } }, 403],
    ['a strange host', { headers: { host: 'a b' } }, 400],
    ['a body of another form', { headers: { 'content-type': 'text/plain' } }, 415],
    ['a body that is too long', { body: 'x'.repeat(65) }, 413],
    ['another method', { method: 'DELETE' }, 404],
  ])('is not taken with %s', async (_what, sent, status) => {
    expect((await send(sent)).status).toBe(status)
    expect(ways).toEqual(status === 200 ? ['usual'] : [])
  })

  it('refuses as the usual way does, under the same id, and is counted once', async () => {
    for (const [body, status, code] of [
      ['"refuse"', 400, httpErrors.invalid.code],
      ['"fail"', 500, httpErrors.internal.code],
    ] as const) {
      const before = await counted('http_requests_total', status)
      const { headers, ...short } = await send({ body, headers: { 'x-request-id': `refused-${status}` } })
      const usual = await send({ body, path: '/carried?', headers: { 'x-request-id': `refused-${status}` } })
      expect(short).toEqual({ status: usual.status, text: usual.text })
      expect(headers['content-type']).toBe(usual.headers['content-type'])
      expect(JSON.parse(short.text)).toMatchObject({ status, code, requestId: `refused-${status}` })
      expect(short.text).not.toContain('secrets')
      expect((await counted('http_requests_total', status)) - before).toBe(2)
    }
    expect(ways).toEqual(['short', 'usual', 'short', 'usual'])
  })

  it('tells how long it took, also of what is refused late', async () => {
    const sum = (status: number) => counted('http_request_duration_seconds_sum', status)
    late = new Promise((resolve) => setTimeout(resolve, 60))
    const before = [await sum(200), await sum(500)]
    await Promise.all([send(), send({ body: '"fail"' })])
    late = undefined
    expect((await sum(200)) - (before[0] ?? 0)).toBeGreaterThan(0.04)
    expect((await sum(500)) - (before[1] ?? 0)).toBeGreaterThan(0.04)
  })

  it('lets an answer that has begun be, whatever is thrown behind it', async () => {
    expect(await send({ body: '"afterwards"' })).toMatchObject({ status: 200, text: '"afterwards"' })
    expect((await send()).status).toBe(200)
  })

  it('is closed for routes that count or keep, while requests are traced, and when the server stops', async () => {
    const span = { set() {}, enclose: <T>(work: () => T) => work(), end() {} }
    const { port: traced } = await build({ tracing: { ...untraced, openRequest: () => span } })
    expect((await send({}, traced)).status).toBe(200)
    const { port: kept } = await build({ routes: [route('/carried', { idempotent: 'keep' })] })
    expect((await send({}, kept)).status).toBe(200)
    let whileStopping: number | undefined
    const asksOnceMore = async (app: FastifyInstance) => {
      app.addHook('preClose', async () => {
        whileStopping = (await send({}, stopping)).status
      })
    }
    const { app, port: stopping } = await build({ plugins: [asksOnceMore] })
    await app.close()
    expect(whileStopping).toBe(503)
    expect(ways).toEqual(['usual', 'usual'])
  })
})

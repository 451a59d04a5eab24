import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestDatabase } from '../../../test/harness.ts'
import { anonymous, type Principal } from '../../base/principal.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { untraced } from '../telemetry/tracing.ts'
import { defineRoute, type Route } from './define-route.ts'
import { forgetOldRequests } from './forget-old-requests.ts'
import { createHttp } from './http.ts'
import { probes } from './probes.ts'

describe('the HTTP shell', async () => {
  const { database, owner, makePerson } = await createTestDatabase()
  const people: Record<string, Principal> = { ada: (await makePerson()).principal, bob: (await makePerson()).principal }
  const service: Principal = { role: 'service_role', claims: { role: 'service_role' } }
  let made = 0

  const routes: Route[] = [
    defineRoute({
      method: 'POST',
      path: '/api/things/:kind',
      policy: { allow: 'user', scope: 'account' },
      idempotent: 'keep',
      schema: {
        summary: 'Makes a thing',
        params: z.object({ kind: z.string() }),
        body: z.object({ name: z.string().min(1), count: z.int() }),
        reply: z.object({ id: z.int(), name: z.string() }),
        status: 201,
      },
      handler: ({ body }) => ({ id: ++made, name: body.name, secretNobodyDeclared: 'x' }) as never,
    }),
    defineRoute({
      method: 'POST',
      path: '/api/secrets',
      policy: { allow: 'user', scope: 'account' },
      idempotent: 'secret',
      schema: { summary: 'Makes a secret', reply: z.object({ secret: z.string() }) },
      handler: () => ({ secret: 'shown-once' }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/fails',
      policy: { allow: 'service' },
      schema: { summary: 'Fails', reply: z.object({}) },
      handler: () => {
        throw new Error('select * from secrets where password = hunter2')
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/elsewhere',
      policy: { allow: 'anyone', because: 'a test' },
      schema: { summary: 'Calls somebody', reply: z.object({}) },
      handler: () => {
        throw Object.assign(new Error('connect ECONNREFUSED 203.0.113.7:443'), { code: 'ECONNREFUSED', syscall: 'connect' })
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/limited',
      policy: { allow: 'anyone', because: 'a test' },
      rateLimit: { max: 3, windowSeconds: 60 },
      schema: { summary: 'Limited', reply: z.object({ ok: z.boolean() }) },
      handler: () => ({ ok: true }),
    }),
  ]
  const build = (extra: { plugins?: ((app: FastifyInstance) => Promise<void>)[]; corsOrigins?: string[] } = {}) =>
    createHttp({
      log: createLog('silent'),
      metrics,
      tracing: untraced,
      database,
      version: '0.0.0',
      publicUrl: undefined,
      catalogues: [],
      corsOrigins: extra.corsOrigins ?? [],
      trustedProxies: undefined,
      hashKey: randomBytes(32),
      plugins: extra.plugins ?? [],
      routes: [...routes, ...probes({ readiness: async () => undefined, metrics })],
      authenticate: async ({ headers }) => (headers['x-test'] === 'service' ? service : (people[String(headers['x-test'])] ?? anonymous)),
    })
  const metrics = createMetrics()
  const app = await build()
  afterAll(() => app.close())
  const post = (url: string, headers: Record<string, string>, payload?: unknown) =>
    app.inject({ method: 'POST', url, headers, ...(payload === undefined ? {} : { payload: payload as object }) })
  const thing = { name: 'lamp', count: 1 }

  it('answers with what the schema declares and nothing else', async () => {
    const reply = await post('/api/things/a', { 'x-test': 'ada' }, thing)
    expect(reply.statusCode).toBe(201)
    expect(Object.keys(reply.json())).toEqual(['id', 'name'])
    expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(reply.headers['x-content-type-options']).toBe('nosniff')
  })

  it.each([
    ['400 for a wrong field, naming it', { 'x-test': 'ada' }, { name: '', count: 'many' }, 400, 'http.invalid'],
    ['401 for nobody', {}, thing, 401, 'http.unauthorized'],
    ['403 for a role that may not', { 'x-test': 'service' }, thing, 403, 'http.forbidden'],
    ['413 for too large a body', { 'x-test': 'ada' }, { name: 'x'.repeat(1_100_000), count: 1 }, 413, 'http.too_large'],
    ['415 for another type', { 'x-test': 'ada', 'content-type': 'text/csv' }, 'a,b', 415, 'http.unsupported_media_type'],
    ['400 for a host that could be a path', { 'x-test': 'ada', host: 'a.example/#@b' }, thing, 400, 'http.bad_host'],
    ['400 for a bad idempotency key', { 'x-test': 'ada', 'idempotency-key': 'a b' }, thing, 400, 'http.bad_idempotency_key'],
  ])('gives %s', async (_title, headers, payload, status, code) => {
    const reply = await post('/api/things/a', headers as Record<string, string>, payload)
    expect(reply.statusCode).toBe(status)
    expect(reply.headers['content-type']).toContain('application/problem+json')
    expect(reply.json()).toMatchObject({ status, code, requestId: reply.headers['x-request-id'] })
    if (code === 'http.invalid') expect(reply.json().errors.map(({ field }: { field: string }) => field)).toEqual(['name', 'count'])
  })

  it('says nothing internal of a failure', async () => {
    const reply = await post('/api/fails', { 'x-test': 'service' })
    expect(reply.statusCode).toBe(500)
    expect(reply.body).not.toMatch(/secrets|hunter2|stack|at /)
  })

  it('does not blame the database for a host elsewhere that is away', async () => {
    const reply = await post('/api/elsewhere', {})
    expect(reply.json()).toMatchObject({ status: 500, code: 'http.internal' })
    expect(reply.body).not.toContain('203.0.113.7')
  })

  it('gives a problem for an unknown address', async () => {
    for (const url of ['/api/nothing', '/v1/nothing', '/rest/v1/nothing', '/proxy/nothing', '/nothing']) {
      expect((await app.inject(url)).json()).toMatchObject({ status: 404, code: 'http.not_found' })
    }
  })

  it('keeps a caller’s harmless request id and replaces a harmful one', async () => {
    expect((await app.inject({ url: '/health', headers: { 'x-request-id': 'trace-12345678' } })).headers['x-request-id']).toBe(
      'trace-12345678',
    )
    expect((await app.inject({ url: '/health', headers: { 'x-request-id': 'a\tb{}' } })).headers['x-request-id']).not.toContain('{')
  })

  it('does once what is sent twice under one Idempotency-Key', async () => {
    const headers = { 'x-test': 'ada', 'idempotency-key': 'order-1' }
    const first = await post('/api/things/a', headers, thing)
    const again = await post('/api/things/a', headers, thing)
    expect([again.statusCode, again.json()]).toEqual([201, first.json()])
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect((await post('/api/things/a', headers, { ...thing, count: 2 })).json().code).toBe('http.idempotency_mismatch')
    expect((await post('/api/things/a', { ...headers, 'x-test': 'bob' }, thing)).json().id).not.toBe(first.json().id)
  })

  it('does once what is sent ten times at once', async () => {
    const before = made
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => post('/api/things/a', { 'x-test': 'ada', 'idempotency-key': 'race' }, thing)),
    )
    expect(made).toBe(before + 1)
    for (const { statusCode } of replies) expect([201, 409]).toContain(statusCode)
  })

  it('does not keep a reply that holds a secret', async () => {
    const headers = { 'x-test': 'ada', 'idempotency-key': 'secret-1' }
    expect((await post('/api/secrets', headers)).json()).toEqual({ secret: 'shown-once' })
    expect((await post('/api/secrets', headers)).json()).toMatchObject({ status: 409, code: 'http.idempotency_not_replayable' })
  })

  it('limits what asks too often, whichever process it asks', async () => {
    const other = await build()
    const ask = (server: FastifyInstance) => server.inject({ url: '/api/limited', remoteAddress: '203.0.113.7' })
    for (const server of [app, other, app]) expect((await ask(server)).statusCode).toBe(200)
    const refused = await ask(other)
    expect(refused.json()).toMatchObject({ status: 429, code: 'http.rate_limited' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await other.inject({ url: '/api/limited', remoteAddress: '203.0.113.8' })).statusCode).toBe(200)
    await other.close()
  })

  it('forgets what nobody will ask for any more, and keeps the rest', async () => {
    await sql`update keyloft.request_counts set window_ends = now() - interval '1 second'`.execute(owner.db)
    await post('/api/secrets', { 'x-test': 'bob', 'idempotency-key': 'still-kept' })
    await forgetOldRequests(database).run({}, { signal: new AbortController().signal, jobId: 'test', attempt: 1 } as never)
    const left = async (table: string) =>
      (await sql<{ n: number }>`select count(*)::int as n from ${sql.raw(table)}`.execute(owner.db)).rows[0]?.n
    expect(await left('keyloft.request_counts')).toBe(0)
    expect(await left('keyloft.idempotent_requests')).toBeGreaterThan(0)
  })

  it('lets only the origins in that it was told', async () => {
    const open = await build({ corsOrigins: ['https://app.example'] })
    const from = (origin: string) =>
      open.inject({ method: 'OPTIONS', url: '/health', headers: { origin, 'access-control-request-method': 'GET' } })
    expect((await from('https://app.example')).headers['access-control-allow-origin']).toBe('https://app.example')
    expect((await from('https://app.example')).headers['access-control-allow-methods']).toBe('GET, HEAD, POST, PUT, PATCH, DELETE')
    expect((await from('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined()
    expect(
      (await app.inject({ url: '/health', headers: { origin: 'https://app.example' } })).headers['access-control-allow-origin'],
    ).toBeUndefined()
    await open.close()
  })

  it('does not come up with a route that declares no policy', async () => {
    const plant = async (server: FastifyInstance) => {
      server.get('/planted', async () => 'open to all')
    }
    const planted = await build({ plugins: [plant] })
    await expect(planted.ready()).rejects.toThrow('/planted declares no policy')
  })

  it('shows metrics to this machine and to service_role, and counts routes by their pattern', async () => {
    const text = (await app.inject({ url: '/metrics' })).body
    expect(text).toContain('http_requests_total{method="POST",route="/api/things/:kind",status="201"}')
    expect((await app.inject({ url: '/metrics', remoteAddress: '203.0.113.7' })).statusCode).toBe(401)
    expect((await app.inject({ url: '/metrics', remoteAddress: '203.0.113.7', headers: { 'x-test': 'ada' } })).statusCode).toBe(403)
    expect((await app.inject({ url: '/metrics', remoteAddress: '203.0.113.7', headers: { 'x-test': 'service' } })).statusCode).toBe(200)
    expect((await app.inject({ url: '/metrics', headers: { 'x-forwarded-for': '203.0.113.7' } })).statusCode).toBe(401)
  })

  it('has a page to read the API by, without anything from elsewhere', async () => {
    const page = await app.inject('/docs/')
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.body).not.toMatch(/(?:src|href)="https?:/)
  })

  it('describes every route with its policy in the OpenAPI document', async () => {
    const document = (await app.inject('/openapi.json')).json() as {
      openapi: string
      paths: Record<
        string,
        Record<
          string,
          { 'x-keyloft-policy'?: unknown; responses: Record<string, { description: string; content?: Record<string, unknown> }> }
        >
      >
    }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/api/things/{kind}', '/health', '/metrics']))
    for (const item of Object.values(document.paths))
      for (const operation of Object.values(item)) expect(operation['x-keyloft-policy']).toBeDefined()
    expect(Object.keys(document.paths['/api/things/{kind}']?.post?.responses ?? {})).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '413',
      '415',
    ])
    const typesOf = (path: string, method: string, status: number) =>
      Object.keys(document.paths[path]?.[method]?.responses[status]?.content ?? {})
    expect(typesOf('/api/things/{kind}', 'post', 201)).toEqual(['application/json'])
    expect(typesOf('/api/things/{kind}', 'post', 409)).toEqual(['application/problem+json'])
    expect(typesOf('/metrics', 'get', 200)).toEqual(['text/plain'])
    expect(document.paths['/metrics']?.get?.responses[403]?.description).toBe('Forbidden')
  })
})

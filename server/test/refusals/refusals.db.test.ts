import type { LightMyRequestResponse } from 'fastify'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineErrors } from '../../src/base/errors.ts'
import { defineRoute } from '../../src/platform/http/define-route.ts'
import { createTestApp } from '../app.ts'
import { projectJwt } from '../identity.ts'
import { refusalsOfEveryRoute } from './every-route.ts'
import { startFailingProvider } from './failing-provider.ts'
import { genericRefusals } from './generic.ts'
import { fill, type Operation, readOperations } from './operations.ts'
import type { Actor, Caller, Refusal, Refusals } from './refusal.ts'

/*
 * Every status that a route of the OpenAPI document may refuse with, provoked through the real server. Most follow
 * from the document (generic.ts); what only a domain knows stands in its file beside this one. A route that is new, or
 * a status that is, fails here until somebody has seen it.
 */
const errors = defineErrors('planted', {
  none: { status: 404, message: 'There is none.' },
  full: { status: 422, message: 'It is full.' },
})
const planted = [
  defineRoute({
    method: 'POST',
    path: '/api/planted/:id',
    policy: { allow: 'user', scope: 'account' },
    idempotent: 'keep',
    rateLimit: { max: 5, windowSeconds: 60 },
    schema: {
      summary: 'For the test of refusals',
      params: z.object({ id: z.uuid() }),
      query: z.strictObject({ most: z.coerce.number().int().optional() }),
      body: z.object({ name: z.string() }),
      reply: z.object({}),
      refusals: [404, 422],
    },
    handler: ({ body }) => {
      throw body.name === 'full' ? errors.full({ internal: 'select 1' }) : errors.none({ internal: 'select 1' })
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/planted/:id',
    policy: { allow: 'service' },
    schema: { summary: 'For the test of refusals', params: z.object({ id: z.uuid() }), reply: z.object({}), refusals: [404] },
    handler: () => {
      throw errors.none()
    },
  }),
]
const plantedRefusals: Refusals = {
  'POST /api/planted/{id}': {
    valid: () => ({ payload: { name: 'lamp' } }),
    422: [{ code: 'planted.full', prepare: () => ({ payload: { name: 'full' } }) }],
  },
}

interface Case extends Refusal {
  title: string
  operation: Operation
  status: number
}

function casesOf(operations: readonly Operation[], own: Refusals): { cases: Case[]; missing: string[]; stale: string[] } {
  const perStatus = operations.flatMap((operation) =>
    operation.refusals.map((status) => {
      const ofRoute = own[operation.route]
      return { operation, status, refusals: [...genericRefusals(operation, status, ofRoute?.valid), ...(ofRoute?.[status] ?? [])] }
    }),
  )
  const declared = new Set(perStatus.map(({ operation, status }) => `${status} of ${operation.route}`))
  return {
    cases: perStatus.flatMap(({ operation, status, refusals }) =>
      refusals.map((refusal) => ({ ...refusal, operation, status, title: `${operation.route} → ${status} ${refusal.code ?? ''}`.trim() })),
    ),
    missing: perStatus.filter(({ refusals }) => refusals.length === 0).map(({ operation, status }) => `${status} of ${operation.route}`),
    stale: Object.entries(own)
      .flatMap(([route, { valid: _, ...byStatus }]) => Object.keys(byStatus).map((status) => `${status} of ${route}`))
      .filter((name) => !declared.has(name)),
  }
}

describe('every route refuses as it says it does', async () => {
  const provider = await startFailingProvider()
  const test = await createTestApp(() => planted, {
    providers: { baseUrls: { openai: `${provider}/v1`, anthropic: provider, google: provider }, added: {} },
    callLimits: { firstByteMs: 250 },
  })
  const operations = await readOperations(test.app)
  const own = { ...refusalsOfEveryRoute, ...plantedRefusals }
  const { cases, missing, stale } = casesOf(operations, own)

  let callers = 0
  async function call(actor: Actor): Promise<Caller> {
    const remoteAddress = `198.51.${Math.floor(++callers / 250)}.${(callers % 250) + 1}` // from elsewhere: this machine has a right of its own
    if (actor === 'nobody') return { headers: {}, remoteAddress }
    const userId = actor === 'person' ? (await test.makePerson()).id : undefined
    const claims = userId ? { role: 'authenticated', sub: userId, aud: 'authenticated' } : { role: 'service_role' }
    return { ...(userId ? { userId } : {}), headers: { authorization: `Bearer ${await projectJwt(claims)}` }, remoteAddress }
  }

  it('has a case for every status that a route declares, in a file of server/test/refusals', () => {
    expect(operations.map(({ route }) => route)).toEqual(expect.arrayContaining(['GET /health', 'GET /ready', 'GET /metrics']))
    expect(missing).toEqual([])
  })

  it('has none for what no route declares', () => {
    expect(stale).toEqual([])
  })

  it('misses what is not there', () => {
    expect(casesOf(operations, refusalsOfEveryRoute).missing).toEqual([
      '404 of POST /api/planted/{id}',
      '409 of POST /api/planted/{id}',
      '422 of POST /api/planted/{id}',
    ])
    expect(casesOf(operations, { 'GET /gone': { 404: [] } }).stale).toEqual(['404 of GET /gone'])
  })

  it.each(cases)('$title', async ({ operation, status, code, by, prepare, undo }) => {
    const actor =
      by ??
      ({ anyone: 'nobody', user: 'person', admin: 'service', service: 'service', operator: 'service' } as const)[operation.policy.allow]
    const caller = await call(actor)
    const { url = fill(operation), payload, headers } = await prepare(test, caller)
    try {
      const reply = await test.app.inject({
        method: operation.method,
        url,
        headers: { ...caller.headers, ...headers },
        remoteAddress: caller.remoteAddress,
        ...(payload === undefined ? {} : { payload }),
      })
      expect(reply.statusCode, reply.body).toBe(status)
      expect(reply.headers['x-content-type-options']).toBe('nosniff')
      if (operation.path.startsWith('/rest/')) expectPostgrestError(reply, code)
      else if (operation.refusalForm === 'AnthropicError') expectAnthropicError(reply, code)
      else if (operation.refusalForm === 'OpenAiError') expectOpenAiError(reply, code)
      else if (operation.refusalForm === 'GoogleError') expectGoogleError(reply, code)
      else expectProblem(reply, code)
    } finally {
      await undo?.(test)
    }
  })
})

const internal = /\bselect\b|\binsert\b|SQLSTATE|node_modules|\.[jt]s:\d|\bat \w+ \(|postgres|eyJ|klt_/i

function expectProblem(reply: LightMyRequestResponse, code: string | undefined) {
  const { type, title, status, code: given, hint, requestId, errors: fields, ...rest } = reply.json()
  expect(reply.headers['content-type']).toContain('application/problem+json')
  expect({ type, status, rest }).toEqual({ type: 'about:blank', status: reply.statusCode, rest: {} })
  expect(given).toMatch(/^[a-z_]+\.[a-z_]+$/)
  if (code !== undefined) expect(given).toBe(code)
  for (const sentence of hint === undefined ? [title] : [title, hint]) expect(sentence).toMatch(/^\S.{3,}\.$/)
  for (const field of fields ?? []) expect(field).toEqual({ field: expect.any(String), message: expect.any(String) })
  expect(requestId).toBe(reply.headers['x-request-id'])
  expect(reply.body).not.toMatch(internal)
  if (status === 401) expect(reply.headers['www-authenticate']).toBe('Bearer')
  if (status === 429 || status === 503) expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
}

/** What OpenAI's clients hand on. */
function expectOpenAiError(reply: LightMyRequestResponse, code: string | undefined) {
  const { error, ...rest } = reply.json()
  expect(rest).toEqual({})
  expect(error).toEqual({
    message: expect.stringMatching(/^\S.{3,}\.$/),
    type: expect.stringMatching(/_error$/),
    param: null,
    code: error.code,
  })
  expect(error.code).toMatch(/^[a-z_]+\.[a-z_]+$/)
  if (code !== undefined) expect(error.code).toBe(code)
  expect(reply.body).not.toMatch(internal)
}

/** What Anthropic's clients hand on. */
function expectAnthropicError(reply: LightMyRequestResponse, code: string | undefined) {
  const { type, request_id, error } = reply.json()
  expect({ type, request_id }).toEqual({ type: 'error', request_id: reply.headers['x-request-id'] })
  expect(error).toEqual({ message: expect.stringMatching(/^\S.{3,}\.$/), type: expect.stringMatching(/^[a-z_]+$/), code: error.code })
  expect(error.code).toMatch(/^[a-z_]+\.[a-z_]+$/)
  if (code !== undefined) expect(error.code).toBe(code)
  expect(reply.body).not.toMatch(internal)
}

/** What Google's clients hand on. */
function expectGoogleError(reply: LightMyRequestResponse, code: string | undefined) {
  const { error, ...rest } = reply.json()
  expect(rest).toEqual({})
  const [{ reason } = { reason: '' }] = error.details
  expect(error).toEqual({
    code: reply.statusCode,
    message: expect.stringMatching(/^\S.{3,}\.$/),
    status: expect.stringMatching(/^[A-Z_]+$/),
    details: [
      { '@type': expect.any(String), reason: expect.stringMatching(/^[a-z_]+\.[a-z_]+$/), domain: 'keyloft' },
      ...('retry-after' in reply.headers ? [{ '@type': expect.any(String), retryDelay: `${reply.headers['retry-after']}s` }] : []),
    ],
  })
  if (code !== undefined) expect(reason).toBe(code)
  expect(reply.body).not.toMatch(internal)
}

/** What supabase-js hands on. Which of our codes is which of theirs, only the domain knows. */
function expectPostgrestError(reply: LightMyRequestResponse, code: string | undefined) {
  const { code: given, message, hint, ...rest } = reply.json()
  expect(rest).toEqual({ details: null })
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) expect(given).toBe(code)
  expect(given).toMatch(/^(?:[0-9A-Z]{5}|PGRST\d{3}|[a-z_]+\.[a-z_]+)$/)
  for (const sentence of hint === null ? [message] : [message, hint]) expect(sentence).toMatch(/^\S.{3,}/)
  expect(reply.body).not.toMatch(internal)
}

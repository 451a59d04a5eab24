import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createTestApp } from '../../../test/app.ts'
import { markTokens, projectJwt } from '../../../test/identity.ts'
import { defineRoute } from '../../platform/http/define-route.ts'

const whoAmI = defineRoute({
  method: 'GET',
  path: '/api/who',
  policy: { allow: 'user', scope: 'calls' },
  schema: { summary: 'For the test', reply: z.object({ id: z.string(), models: z.array(z.string()).nullable() }) },
  handler: ({ principal }) => ({ id: principal.claims.sub ?? '', models: principal.models ? [...principal.models] : null }),
})

describe('API tokens over HTTP', async () => {
  const test = await createTestApp(() => [whoAmI])
  const { app, owner } = test
  const makeToken = await markTokens(test)
  const signIn = async () => {
    const { id } = await test.makePerson()
    return { id, authorization: `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}` }
  }
  type Person = Awaited<ReturnType<typeof signIn>>
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, headers: Record<string, string>, payload?: object, on = app) =>
    on.inject({ method, url, headers, ...(payload ? { payload } : {}) })
  const create = async ({ authorization }: Person, wish: object = {}) => {
    const reply = await ask('POST', '/api/tokens', { authorization }, { name: 'laptop', ...wish })
    expect(reply.statusCode, reply.body).toBe(201)
    return reply.json() as { id: string; token: string; prefix: string; scopes: string[] }
  }
  const list = async ({ authorization }: Person, query = '') =>
    (await ask('GET', `/api/tokens${query}`, { authorization })).json() as {
      items: { id: string; name: string }[]
      nextCursor: string | null
    }
  const use = async (token: string, on = app) =>
    (await ask('GET', '/api/who', { authorization: `Bearer ${token}` }, undefined, on)).statusCode

  /** How often the database was asked for a token meanwhile. */
  const countLookups = async (work: () => Promise<unknown>) => {
    let lookups = 0
    const { system } = test.database
    const spied = vi.spyOn(test.database, 'system').mockImplementation((job, run) => {
      if (job === 'check API tokens') lookups++
      return system(job, run)
    })
    await work()
    spied.mockRestore()
    return lookups
  }

  it('are shown once, and work in each of the four headers', async () => {
    const ada = await signIn()
    const made = await create(ada, { scopes: ['calls'], models: ['gpt-4o'] })
    expect(made).toEqual({
      id: expect.any(String),
      name: 'laptop',
      token: expect.stringMatching(/^klt_/),
      prefix: made.token.slice(0, 16),
      scopes: ['calls'],
      models: ['gpt-4o'],
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    for (const headers of [
      { authorization: `Bearer ${made.token}` },
      { 'x-api-key': made.token },
      { 'api-key': made.token },
      { 'x-goog-api-key': made.token },
    ] as Record<string, string>[]) {
      expect((await ask('GET', '/api/who', headers)).json()).toEqual({ id: ada.id, models: ['gpt-4o'] })
    }
    const { token, ...listed } = made
    expect((await list(ada)).items).toEqual([listed])
    const { rows } = await sql<{ row: string }>`select t::text as row from api_tokens t`.execute(owner.db)
    expect(JSON.stringify(rows)).not.toContain(token.slice(17, 49))
  })

  it('are made once under one Idempotency-Key, and their text is not given again', async () => {
    const ada = await signIn()
    const send = () => ask('POST', '/api/tokens', { authorization: ada.authorization, 'idempotency-key': 'once' }, { name: 'once' })
    expect((await send()).statusCode).toBe(201)
    const again = await send()
    expect([again.statusCode, again.json().code]).toEqual([409, 'http.idempotency_not_replayable'])
    expect((await list(ada)).items).toHaveLength(1)
    const { rows } = await sql<{ reply: string | null }>`select reply from keyloft.idempotent_requests where user_id = ${ada.id}`.execute(
      owner.db,
    )
    expect(rows).toEqual([{ reply: null }])
  })

  it('are listed newest first, page by page', async () => {
    const ada = await signIn()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(ada, { name })
    const first = await list(ada, '?limit=2')
    const second = await list(ada, `?limit=2&cursor=${first.nextCursor}`)
    const third = await list(ada, `?limit=2&cursor=${second.nextCursor}`)
    expect([first, second, third].map(({ items }) => items.map(({ name }) => name))).toEqual([['e', 'd'], ['c', 'b'], ['a']])
    expect(third.nextCursor).toBeNull()
    expect((await ask('GET', '/api/tokens?cursor=bm9uc2Vuc2U', { authorization: ada.authorization })).json().code).toBe('http.invalid')
  })

  it('are at most twenty, however many are made at once', async () => {
    const ada = await signIn()
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => ask('POST', '/api/tokens', { authorization: ada.authorization }, { name: 'many' })),
    )
    const outcomes = Map.groupBy(replies, ({ statusCode }) => statusCode)
    expect([outcomes.get(201)?.length, outcomes.get(409)?.length]).toEqual([20, 30])
    expect(outcomes.get(409)?.[0]?.json().code).toBe('tokens.too_many')
    const [{ id } = { id: '' }] = (await list(ada)).items
    await ask('DELETE', `/api/tokens/${id}`, { authorization: ada.authorization })
    await create(ada)
    const past = owner.db.insertInto('api_tokens').values({
      user_id: ada.id,
      name: 'past the route',
      public_id: 'AAAAAAAAAAAA',
      secret_hash: Buffer.alloc(32),
      token_prefix: 'klt_AAAAAAAAAAAA',
    })
    await expect(past.execute()).rejects.toMatchObject({ code: 'KL201' })
  })

  it('are their owner’s alone: to others they do not exist, a userId in body or header changes nothing, and one in a query is refused', async () => {
    const [ada, bob] = [await signIn(), await signIn()]
    const hers = await create(ada)
    expect((await list(ada)).items).toHaveLength(1)
    const planted = { userId: ada.id, user_id: ada.id }
    const bobs = await create(bob, { name: 'bob’s', ...planted })
    for (const name of ['userId', 'user_id'])
      expect((await ask('GET', `/api/tokens?${name}=${ada.id}`, bob)).json().code).toBe('http.invalid')
    const asHer = { authorization: bob.authorization, 'x-user-id': ada.id }
    expect((await ask('GET', '/api/tokens', asHer)).json().items.map(({ id }: { id: string }) => id)).toEqual([bobs.id])
    const refused = await ask('DELETE', `/api/tokens/${hers.id}?userId=${ada.id}`, asHer)
    expect([refused.statusCode, refused.json().code]).toEqual([404, 'tokens.not_found'])
    expect((await list(ada)).items).toHaveLength(1)
    expect((await ask('GET', '/api/who', { authorization: `Bearer ${bobs.token}` })).json().id).toBe(bob.id)
  })

  it('cannot make one that may do more, or for longer', async () => {
    const ada = await signIn()
    const soon = new Date(Date.now() + 60_000).toISOString()
    const late = new Date(Date.now() + 120_000).toISOString()
    const small = await create(ada, { scopes: ['account', 'read'], models: ['a', 'b'], expiresAt: soon })
    const by = { id: ada.id, authorization: `Bearer ${small.token}` }
    const within = { scopes: ['read'], models: ['a'], expiresAt: soon }
    await create(by, within)
    for (const beyond of [{ scopes: ['read', 'calls'] }, { models: ['c'] }, { models: null }, { expiresAt: late }, { expiresAt: null }]) {
      const reply = await ask('POST', '/api/tokens', by, { name: 'more', ...within, ...beyond })
      expect([reply.statusCode, reply.json().code], JSON.stringify(beyond)).toEqual([403, 'tokens.beyond_own'])
    }
  })

  it('do what their scopes say and no more', async () => {
    const ada = await signIn()
    const { token } = await create(ada, { scopes: ['read'] })
    const by = { authorization: `Bearer ${token}` }
    expect((await ask('GET', '/api/tokens', by)).statusCode).toBe(200)
    expect((await ask('GET', '/api/who', by)).statusCode).toBe(403)
    expect((await ask('POST', '/api/tokens', by, { name: 'more' })).statusCode).toBe(403)
  })

  it('end for whoever presents them as leaked, and show it to their owner', async () => {
    const ada = await signIn()
    const { token, id } = await create(ada)
    const [other] = [await create(ada)]
    const revoke = async (text: string) => (await ask('POST', '/api/tokens/revoke', {}, { token: text })).statusCode
    expect(await use(token)).toBe(200)
    const forged = makeToken(token.slice(4, 16)).token
    for (const text of [makeToken().token, forged, 'klt_x', `${token}0`]) expect(await revoke(text)).toBe(404)
    expect(await use(token)).toBe(200)
    expect([await revoke(token), await revoke(token)]).toEqual([204, 204])
    await expect.poll(() => use(token), { timeout: 1_000 }).toBe(401)
    expect(await use(other.token)).toBe(200)
    expect((await list(ada)).items.find((one) => one.id === id)).toMatchObject({ revokedAt: expect.any(String) })
  })

  it('stop working in every process when they are deleted, while they are remembered there', async () => {
    const other = await test.anotherApp()
    const ada = await signIn()
    const { token, id } = await create(ada)
    for (const on of [app, other]) expect(await use(token, on)).toBe(200)
    const pause = 1_100 // after which one that hears of nothing asks again
    await sleep(pause)
    await expect.poll(() => countLookups(() => use(token, other)), { interval: pause, timeout: 10_000 }).toBe(0)
    await ask('DELETE', `/api/tokens/${id}`, { authorization: ada.authorization })
    for (const on of [other, app]) await expect.poll(() => use(token, on), { timeout: 1_000 }).toBe(401)
  })

  it('say when they were last used, written together and at the latest at the end', async () => {
    const short = await test.anotherApp()
    const ada = await signIn()
    const { token, id } = await create(ada)
    for (let again = 0; again < 100; again++) expect(await use(token, short)).toBe(200)
    const lastUse = async () => {
      const { rows } = await sql<{ last_used_at: Date | null; writes: string }>`
        select last_used_at, xmin::text as writes from api_tokens where id = ${id}`.execute(owner.db)
      return rows[0]
    }
    expect((await lastUse())?.last_used_at).toBeNull()
    await short.close()
    const written = await lastUse()
    expect(Date.now() - (written?.last_used_at?.getTime() ?? 0)).toBeLessThan(60_000)
    const later = await test.anotherApp()
    await use(token, later)
    await later.close()
    expect(await lastUse()).toEqual(written) // within the minute
  })
})

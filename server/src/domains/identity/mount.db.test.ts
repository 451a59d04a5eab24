import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { sql } from 'kysely'
import { describe, expect, it, vi } from 'vitest'
import { createTestIdentity, openSigningKey, publicUrl } from '../../../test/identity.ts'
import { createDatabase } from '../../platform/database/database.ts'
import { sealWithRootKey } from '../../platform/sealing/keyring.ts'
import { createSecrets } from '../../platform/secrets/secrets.ts'
import { deaf } from '../../platform/signals/signals.ts'
import { createTokens } from '../tokens/tokens.ts'
import { createIdentity } from './identity.ts'

const password = 'correct horse battery'

describe('what is mounted at /api/auth', async () => {
  const test = await createTestIdentity()
  const { app, identity, owner } = test
  const printed = (['error', 'warn', 'log', 'info'] as const).map((way) => vi.spyOn(console, way).mockImplementation(() => {}))
  const post = (path: string, payload: object | string, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: `/api/auth${path}`,
      headers: { origin: publicUrl, 'content-type': 'application/json', ...headers },
      payload,
    })
  const mounted = async (publicUrl: string) => {
    const other = Fastify()
    await test.another({ publicUrl }).mount(other)
    return other
  }

  describe('its cookie', () => {
    const cookieAt = async (publicUrl: string, email: string) => {
      const reply = await (await mounted(publicUrl)).inject({
        method: 'POST',
        url: '/api/auth/sign-up/email',
        headers: { origin: publicUrl },
        payload: { email, password, name: 'x' },
      })
      return [reply.headers['set-cookie'] ?? []].flat()
    }

    it('is Secure, Lax and closed to scripts behind TLS', async () => {
      const [cookie] = await cookieAt('https://keyloft.test', 'tls@example.com')
      expect(cookie).toMatch(/^__Secure-keyloft\.session_token=/)
      for (const attribute of [/; Secure/i, /; HttpOnly/i, /; SameSite=Lax/i, /; Path=\//i, /; Max-Age=604800/i])
        expect(cookie).toMatch(attribute)
      expect(cookie).not.toMatch(/Domain/i)
    })

    it('is the same but for Secure on this machine, where a browser would drop it', async () => {
      const [cookie] = await cookieAt('http://localhost:8787', 'loopback@example.com')
      expect(cookie).toMatch(/^keyloft\.session_token=.*HttpOnly; SameSite=Lax$/i)
      expect(cookie).not.toMatch(/Secure/i)
    })
  })

  it('takes a cookie from pages of ours and of CORS_ORIGINS, and from no other', async () => {
    const { cookie, email } = await test.signUp()
    for (const page of [publicUrl, 'http://127.0.0.1:8787', 'https://app.example.com']) {
      expect((await post('/sign-in/email', { email, password }, { cookie, origin: page })).statusCode).toBe(200)
    }
    for (const page of ['https://evil.example', 'https://app.example.com.evil.example', 'null', 'http://localhost:3000']) {
      expect((await post('/sign-out', {}, { cookie, origin: page })).statusCode).toBe(403)
      expect((await post('/sign-in/email', { email, password }, { cookie, origin: page })).statusCode).toBe(403)
    }
    expect(await identity.authenticate({ cookie })).toMatchObject({ role: 'authenticated' })
  })

  it('signs in who still carries the cookie of a session that has ended', async () => {
    const { email, cookie, id } = await test.signUp()
    await sql`delete from auth.sessions where user_id = ${id}`.execute(owner.db)
    const { cookies } = await post('/sign-in/email', { email, password }, { cookie })
    expect(cookies.map(({ name, value }) => [name, value !== ''])).toEqual([['keyloft.session_token', true]])
  })

  it('signs nobody in by what a row of auth.sessions holds', async () => {
    const { bearer } = await test.signUp()
    const [token = ''] = bearer.split('.')
    const { rows } = await sql`select 1 from auth.sessions where token = ${token}`.execute(owner.db)
    expect(rows).toHaveLength(1)
    const session = (value: string) => app.inject({ url: '/api/auth/get-session', headers: { authorization: `Bearer ${value}` } })
    expect((await session(bearer)).json()).toMatchObject({ user: { name: 'A person' } })
    expect((await session(token)).json()).toBeNull()
    await expect(identity.authenticate({ authorization: `Bearer ${token}` })).rejects.toMatchObject({ status: 401 })
  })

  it('takes no API token and no project key for a session', async () => {
    const { id } = await test.signUp()
    const { token } = await test.issueToken(id)
    for (const headers of [{ authorization: `Bearer ${token}` }, { 'x-api-key': token }, { cookie: `keyloft.session_token=${token}` }]) {
      expect((await app.inject({ url: '/api/auth/get-session', headers })).json()).toBeNull()
      expect((await app.inject({ url: '/api/auth/token', headers })).statusCode).toBe(401)
    }
  })

  it('refuses a body over 64 KB, also one that does not say how long it is', async () => {
    const large = JSON.stringify({ email: 'a@example.com', password: 'x'.repeat(70_000) })
    const reply = await post('/sign-in/email', large)
    expect(reply.statusCode).toBe(413)
    expect(reply.json()).toEqual({ code: 'PAYLOAD_TOO_LARGE', message: 'The request body is too large.' })

    const listening = await mounted(publicUrl)
    await listening.listen({ port: 0, host: '127.0.0.1' })
    const { port } = listening.server.address() as AddressInfo
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request({
        port,
        host: '127.0.0.1',
        path: '/api/auth/sign-in/email',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked', origin: publicUrl },
      })
      sending.on('response', (response) => resolve(response.resume().statusCode))
      sending.on('error', reject)
      for (let chunk = 0; chunk < 80; chunk++) sending.write('x'.repeat(1_024))
      sending.end()
    })
    expect(status).toBe(413)
    await listening.close()
  })

  it.each([
    ['no body', ''],
    ['nothing', 'null'],
    ['a number', ' 7'],
    ['a text', '"email"'],
    ['no JSON', '{"email":'],
    ['another shape', '{"email":7,"password":[]}'],
    ['a list', '[]'],
    ['a prototype', '{"__proto__":{"emailVerified":true},"email":"p@example.com"}'],
  ])('answers a body that is %s with a refusal, never a fault', async (_, body) => {
    for (const path of ['/sign-in/email', '/sign-up/email']) {
      const { statusCode } = await post(path, body)
      expect(statusCode).toBeGreaterThanOrEqual(400)
      expect(statusCode).toBeLessThan(500)
    }
  })

  it('lets nobody choose who they are, what they are, or that their address is verified', async () => {
    const { id } = await test.signUp()
    const wish = { id, userId: id, role: 'service_role', emailVerified: true, isAnonymous: true, username: 'root' }
    const reply = await post('/sign-up/email', { ...wish, email: 'wish@example.com', password, name: 'x' })
    const { rows } = await sql<
      Record<string, unknown>
    >`select id, email_verified, is_anonymous, username from auth.users where email = 'wish@example.com'`.execute(owner.db)
    expect([reply.statusCode, rows]).toEqual([400, []]) // the name is kept for the house
    const free = await post('/sign-up/email', { ...wish, username: 'wish', email: 'wish@example.com', password, name: 'x' })
    const made = await sql`select id, email_verified, is_anonymous, username from auth.users where email = 'wish@example.com'`.execute(
      owner.db,
    )
    expect(made.rows).toEqual([{ id: free.json().user.id, email_verified: false, is_anonymous: false, username: 'wish' }])
    expect(free.json().user.id).not.toBe(id)
  })

  it('writes down the address of the connection, not the one a client claims', async () => {
    const claims = {
      'x-forwarded-for': '203.0.113.7',
      'x-real-ip': '203.0.113.7',
      'x-keyloft-address': '203.0.113.7',
      'cf-connecting-ip': '203.0.113.7',
    }
    const { email } = await test.signUp()
    await post('/sign-in/email', { email, password }, claims)
    const { rows } = await sql<{ ip_address: string }>`select distinct ip_address from auth.sessions`.execute(owner.db)
    expect(JSON.stringify(rows)).not.toContain('203.0.113')
    expect(rows.some(({ ip_address }) => ip_address === '127.0.0.1')).toBe(true)
  })

  it('is at its own address, whatever the Host header says', async () => {
    for (const host of ['evil.example', 'evil.example/api/auth/sign-out?', 'a@b', '[::1', '%']) {
      const { statusCode } = await app.inject({
        url: '/api/auth/ok',
        headers: { host, 'x-forwarded-host': host, 'x-forwarded-proto': 'javascript' },
      })
      expect([200, 400]).toContain(statusCode)
    }
  })

  it('has no page of its own, and its document is ours to merge', async () => {
    for (const path of ['/reference', '/open-api/generate-schema', '/delete-user', '/nothing-here']) {
      expect((await app.inject(`/api/auth${path}`)).statusCode).toBe(404)
    }
    const document = (await identity.openApi()) as { openapi: string; paths: Record<string, unknown> }
    expect(document.openapi).toMatch(/^3\.1/)
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/sign-in/email', '/sign-up/email', '/sign-out', '/token', '/jwks']),
    )
  })

  it('makes accounts at once without mixing them up, and one of several for the same address', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, (_, index) => test.signUp(`crowd${index}@example.com`)))
    for (const { cookie, id } of many) expect((await identity.authenticate({ cookie })).claims.sub).toBe(id)
    const same = await Promise.all(
      Array.from({ length: 8 }, () => post('/sign-up/email', { email: 'same@example.com', password, name: 'x' })),
    )
    expect(same.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
    const { rows } =
      await sql`select 1 from auth.users u join auth.accounts a on a.user_id = u.id where u.email = 'same@example.com'`.execute(owner.db)
    expect(rows).toHaveLength(1)
    const { rows: halves } =
      await sql`select email from auth.users u where not exists (select from auth.accounts a where a.user_id = u.id)`.execute(owner.db)
    expect(halves).toEqual([])
  })

  it('leaves a fault to the server, which speaks for it without a word of the database', async () => {
    const { cookie } = await test.signUp()
    await sql`alter table auth.accounts rename to accounts_away`.execute(owner.db)
    try {
      const reply = await post('/sign-up/email', { email: 'half@example.com', password, name: 'x' })
      expect(reply.statusCode).toBe(500)
      expect(reply.body).not.toContain('half@example.com')
      expect(await identity.authenticate({ cookie })).toMatchObject({ role: 'authenticated' })
    } finally {
      await sql`alter table auth.accounts_away rename to accounts`.execute(owner.db)
    }
    // Nothing is left of the half that was made, so the address is free.
    expect((await test.signUp('half@example.com')).email).toBe('half@example.com')
  })

  it('says nothing by itself, and nothing of people to the log', () => {
    for (const way of printed) expect(way.mock.calls).toEqual([])
    expect(test.problems.join('\n')).not.toMatch(/@example\.com|correct horse|scrypt/)
  })
})

describe('the keys that sign our JWTs', async () => {
  const test = await createTestIdentity()
  const { app, owner } = test
  const token = async (bearer: string, from = app) =>
    (await from.inject({ url: '/api/auth/token', headers: { authorization: `Bearer ${bearer}` } })).json().token as string
  const kidOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid as string
  const keys = () =>
    sql<{ id: string; public_key: string; private_key: string }>`select * from auth.jwks order by created_at`.execute(owner.db)

  it('are made once, however many processes find none at once, and sealed', async () => {
    const others = await Promise.all(
      [test.another(), test.another()].map(async (identity) => {
        const app = Fastify()
        await identity.mount(app)
        return app
      }),
    )
    const { bearer } = await test.signUp()
    const jwts = await Promise.all([app, ...others, app, ...others].map((from) => token(bearer, from)))
    const { rows } = await keys()
    expect(rows).toHaveLength(1)
    expect(new Set(jwts.map(kidOf))).toEqual(new Set([rows[0]?.id]))
    const { rows: secrets } = await sql<{
      kind: string
    }>`select kind from keyloft.secrets where id::text = ${rows[0]?.private_key}`.execute(owner.db)
    expect(secrets).toEqual([{ kind: 'signing key' }])
    expect(rows[0]?.public_key).not.toContain('"d"')
  })

  it('do not open in another row', async () => {
    const { bearer } = await test.signUp()
    const { rows } = await keys()
    await sql`insert into auth.jwks (public_key, private_key, alg, crv, expires_at) select public_key, private_key, alg, crv, expires_at from auth.jwks`.execute(
      owner.db,
    )
    expect((await app.inject({ url: '/api/auth/token', headers: { authorization: `Bearer ${bearer}` } })).statusCode).toBe(500)
    await sql`delete from auth.jwks where id <> ${rows[0]?.id}`.execute(owner.db)
    expect(await token(bearer)).toMatch(/^eyJ/)
  })

  it('still open where they were sealed under the root key itself, as they were at first', async () => {
    const { bearer, id } = await test.signUp()
    const { rows } = await keys()
    const [{ id: kid, public_key, private_key: secretId } = { id: '', public_key: '', private_key: '' }] = rows
    const jwk = await openSigningKey(test)
    const sealed = sealWithRootKey(test.keyring, ['signing key', kid, public_key], JSON.stringify(jwk))
    await sql`update auth.jwks set private_key = ${sealed}`.execute(owner.db)
    expect((await test.another().authenticate({ 'x-api-key': await token(bearer) })).claims.sub).toBe(id)
    await sql`update auth.jwks set private_key = ${secretId}`.execute(owner.db)
  })

  it('are replaced at their end, and what they signed still counts', async () => {
    const { bearer, id } = await test.signUp()
    const before = await token(bearer)
    await sql`update auth.jwks set expires_at = now() - interval '1 minute'`.execute(owner.db)
    const after = await token(bearer)
    expect(kidOf(after)).not.toBe(kidOf(before))
    for (const jwt of [before, after]) {
      expect((await test.another().authenticate({ 'x-api-key': jwt })).claims.sub).toBe(id)
    }
    const published = (await app.inject('/api/auth/jwks')).json().keys
    expect(published).toHaveLength(2)
    expect(JSON.stringify(published)).not.toMatch(/"d":|kr1\.|kl1\./)
  })
})

describe('before it is used', () => {
  it('dials nothing', async () => {
    const unreachable = 'postgresql://nobody:x@127.0.0.1:1/none'
    const database = createDatabase(
      { keyloft_user: unreachable, keyloft_service: unreachable, keyloft_auth: unreachable },
      { poolSize: 1, onError: () => {} },
    )
    const keyring = [{ version: 'v1', key: Buffer.alloc(32, 7) }]
    const settings = { publicUrl, corsOrigins: [], jwtSecret: undefined, externalIssuer: undefined, signInWith: {} }
    const identity = createIdentity({
      database,
      tokens: createTokens({ database, clock: Date.now }),
      signals: deaf,
      keyring,
      secrets: createSecrets({ database, keyring, clock: Date.now }),
      settings,
      clock: Date.now,
      sendMail: () => {},
      fetchJson: () => Promise.reject(new Error('no')),
      onProblem: () => {},
    })
    const app = Fastify()
    await identity.mount(app)
    await app.ready()
    expect(await identity.authenticate({})).toMatchObject({ role: 'anon' })
    await expect(identity.authenticate({ authorization: 'Bearer klt_x' })).rejects.toMatchObject({ status: 401 })
    expect(database.pools.auth.totalCount + database.pools.service.totalCount).toBe(0)
    expect((await app.inject('/api/auth/ok')).statusCode).toBe(503)
    await database.end()
  })
})

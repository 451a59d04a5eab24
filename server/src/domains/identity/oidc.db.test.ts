import { sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { type Browser, browserOf } from '../../../test/browser-of.ts'
import { publicUrl } from '../../../test/identity.ts'
import { client, startOpenId } from '../../../test/openid.ts'

const callback = `${publicUrl}/api/auth/callback/oidc`

describe('signing in by an OpenID provider', async () => {
  const openId = await startOpenId(callback)
  const oidc = { issuer: openId.issuer, name: 'Example ID', ...client }
  const test = await createTestApp(() => [], { auth: { signInWith: { oidc } } })
  const { app, owner } = test
  let browser: Browser
  let people = 0

  beforeEach(() => {
    browser = browserOf(app)
    openId.tamper = undefined
    openId.exchanges.length = 0
    openId.visitor = `sub-${++people}`
    openId.people.set(openId.visitor, { email: `Person${people}@example.com`, email_verified: true, name: 'A person' })
  })
  const begin = async (from = browser) => {
    const reply = await from.post('/api/auth/sign-in/social', { provider: 'oidc', callbackURL: '/welcome', errorCallbackURL: '/sorry' })
    expect(reply.statusCode).toBe(200)
    return new URL(reply.json().url)
  }
  const arrive = async (at: URL, from = browser) => {
    const reply = await from.get(at.pathname + at.search)
    expect(reply.statusCode).toBe(302)
    return new URL(String(reply.headers.location), publicUrl)
  }
  const signIn = async (from = browser) => arrive(await openId.visit((await begin(from)).href), from)
  const whoIs = async (from = browser) => (await from.get('/api/auth/get-session')).json()?.user
  const signUp = async (email: string) => {
    const other = browserOf(app)
    expect((await other.post('/api/auth/sign-up/email', { email, password: 'correct horse battery', name: 'x' })).statusCode).toBe(200)
    return other
  }
  const accounts = async (provider = 'oidc') =>
    (await sql<Record<string, string>>`select * from auth.accounts where provider_id = ${provider} order by created_at`.execute(owner.db))
      .rows

  it('goes through the whole dance, and comes back as the same person', async () => {
    expect((await browser.get('/api/auth/providers')).json()).toEqual({ items: [{ id: 'oidc', name: 'Example ID' }] })
    expect((await signIn()).pathname).toBe('/welcome')
    const person = await whoIs()
    expect(person).toMatchObject({ email: `person${people}@example.com`, emailVerified: true, name: 'A person' })
    const again = browserOf(app)
    await signIn(again)
    expect((await whoIs(again)).id).toBe(person.id)
    expect((await accounts()).filter(({ user_id }) => user_id === person.id)).toHaveLength(1)
  })

  it('asks with state, nonce and a proof of the code', async () => {
    const { searchParams } = await begin()
    expect(Object.fromEntries(searchParams)).toMatchObject({ response_type: 'code', code_challenge_method: 'S256', redirect_uri: callback })
    for (const name of ['state', 'nonce', 'code_challenge']) expect(searchParams.get(name)).toMatch(/^[\w-]{32,}$/)
    expect(searchParams.get('scope')?.split(' ').sort()).toEqual(['email', 'openid', 'profile'])
  })

  it('keeps the tokens it was given sealed', async () => {
    await signIn()
    const { access_token, refresh_token, id_token } = JSON.parse(openId.exchanges[0]?.answer ?? '{}')
    const rows = await everyRow()
    for (const token of [access_token, refresh_token, id_token]) {
      expect(token.length).toBeGreaterThan(20)
      for (const form of formsOf(token)) expect(rows.includes(form)).toBe(false)
    }
    const mine = (await accounts()).at(-1)
    const { rows: secrets } = await sql`select kind, provider from keyloft.secrets where user_id = ${mine?.user_id} order by kind`.execute(
      owner.db,
    )
    expect(secrets).toEqual(['oauth access token', 'oauth id token', 'oauth refresh token'].map((kind) => ({ kind, provider: 'oidc' })))
  })

  it('gives its owner a token, gets new ones, forgets the old, and says so in the audit', async () => {
    await signIn()
    const given = JSON.parse(openId.exchanges[0]?.answer ?? '{}')
    const [linked] = (await browser.get('/api/auth/list-accounts')).json()
    expect(JSON.stringify(linked)).not.toMatch(/token/i)
    const asked = await browser.post('/api/auth/get-access-token', { accountId: linked.id })
    expect(asked.json()).toMatchObject({ accessToken: given.access_token, idToken: given.id_token })
    const refreshed = await browser.post('/api/auth/refresh-token', { accountId: linked.id })
    expect(refreshed.statusCode).toBe(200)
    expect(refreshed.json().accessToken).not.toBe(given.access_token)
    const after = await browser.post('/api/auth/get-access-token', { accountId: linked.id })
    expect(after.json().accessToken).toBe(refreshed.json().accessToken)
    expect((await browser.get(`/api/auth/account-info?accountId=${linked.id}`)).json()).toMatchObject({ data: { sub: openId.visitor } })
    const count = await sql<{ count: number }>`select count(*)::int as count from keyloft.secrets where user_id = ${linked.userId}`.execute(
      owner.db,
    )
    expect(count.rows).toEqual([{ count: 3 }])
    const { rows: audit } = await sql`select action, subject from keyloft.audit_log where user_id = ${linked.userId}`.execute(owner.db)
    expect(audit).toEqual(Array(3).fill({ action: 'oauth_token.revealed', subject: linked.id }))
  })

  it("shows nobody another's tokens", async () => {
    await signIn()
    const [linked] = (await browser.get('/api/auth/list-accounts')).json()
    const stranger = await signUp(`stranger${people}@example.com`)
    for (const path of ['/api/auth/get-access-token', '/api/auth/refresh-token', '/api/auth/unlink-account']) {
      const reply = await stranger.post(path, { accountId: linked.id, userId: linked.userId })
      expect(reply.statusCode).toBe(400)
      expect(reply.body).not.toContain(openId.visitor)
    }
    expect((await browserOf(app).post('/api/auth/get-access-token', { accountId: linked.id })).statusCode).toBe(401)
  })

  describe('refuses, and signs nobody in,', () => {
    const refused = async (at: URL, code: string, from = browser) => {
      const before = (await accounts()).length
      const to = await arrive(at, from)
      expect(to.searchParams.get('error')).toBe(code)
      expect(await whoIs(from)).toBeUndefined()
      expect(await accounts()).toHaveLength(before)
    }

    it('a state of its own making', async () => {
      const back = await openId.visit((await begin()).href)
      back.searchParams.set('state', 'A'.repeat(32))
      await refused(back, 'state_mismatch')
    })
    it('a state that began in another browser', async () => {
      const back = await openId.visit((await begin()).href)
      const victim = browserOf(app)
      await begin(victim)
      await refused(back, 'state_mismatch', victim)
    })
    it('no state', async () => {
      const back = await openId.visit((await begin()).href)
      back.searchParams.delete('state')
      await refused(back, 'state_not_found')
    })
    it('the same answer twice', async () => {
      const back = await openId.visit((await begin()).href)
      await arrive(back)
      const { cookies } = browser
      const again = browserOf(app)
      for (const [name, value] of cookies) if (!name.includes('session')) again.cookies.set(name, value)
      await refused(back, 'state_mismatch', again)
    })
    it('a code that was given to another sign-in', async () => {
      const theirs = await openId.visit((await begin(browserOf(app))).href)
      const back = await openId.visit((await begin()).href)
      back.searchParams.set('code', theirs.searchParams.get('code') ?? '')
      await refused(back, 'invalid_code')
      expect(openId.exchanges[0]).toMatchObject({ status: 400 })
    })
    it('a changed nonce', async () => {
      const to = await begin()
      to.searchParams.set('nonce', 'B'.repeat(32))
      await refused(await openId.visit(to.href), 'unable_to_get_user_info')
    })
    it('a changed proof of the code', async () => {
      const to = await begin()
      to.searchParams.set('code_challenge', 'C'.repeat(43))
      await refused(await openId.visit(to.href), 'invalid_code')
    })
    it('an answer in the name of another issuer', async () => {
      const back = await openId.visit((await begin()).href)
      back.searchParams.set('iss', 'https://evil.example')
      await refused(back, 'issuer_mismatch')
    })
    it.each<[string, (parts: string[]) => string]>([
      [
        'a signature that is not its own',
        ([head, body, signature = '']) => `${head}.${body}.${signature.replace(/^../, (two) => (two === 'AA' ? 'BB' : 'AA'))}`,
      ],
      ['no signature', ([, body]) => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`],
      ['another subject', ([head, body = '', signature]) => `${head}.${changed(body, { sub: 'sub-1' })}.${signature}`],
    ])('an ID token with %s', async (_, forge) => {
      const back = await openId.visit((await begin()).href)
      openId.tamper = (path, answer) => {
        if (path !== '/token') return answer
        const tokens = JSON.parse(answer)
        return JSON.stringify({ ...tokens, id_token: forge(tokens.id_token.split('.')) })
      }
      await refused(back, 'unable_to_get_user_info')
    })
    it('claims of somebody else', async () => {
      const back = await openId.visit((await begin()).href)
      openId.tamper = (path, answer) => (path === '/me' ? JSON.stringify({ ...JSON.parse(answer), sub: 'sub-1' }) : answer)
      await refused(back, 'unable_to_get_user_info')
    })
    it('somebody without an address', async () => {
      openId.people.set(openId.visitor, { name: 'Nobody' })
      await refused(await openId.visit((await begin()).href), 'email_not_found')
    })
    it('a page to come back to that is not ours', async () => {
      const payload = { provider: 'oidc', callbackURL: 'https://evil.example/' }
      expect((await browser.post('/api/auth/sign-in/social', payload)).statusCode).toBe(403)
    })
    it('an ID token that the browser brings itself', async () => {
      const reply = await browser.post('/api/auth/sign-in/social', { provider: 'oidc', idToken: { token: 'eyJ.eyJ.x' } })
      expect(reply.statusCode).toBe(404)
    })
  })

  describe('links', () => {
    const verify = (email: string) => sql`update auth.users set email_verified = true where email = ${email}`.execute(owner.db)
    const email = () => `person${people}@example.com`

    it('by an address that both have verified', async () => {
      const own = await signUp(email())
      await verify(email())
      await signIn()
      expect((await whoIs()).id).toBe((await whoIs(own)).id)
    })
    it('not by one that is not verified there', async () => {
      openId.people.set(openId.visitor, { email: email(), email_verified: false })
      await signUp(email())
      await verify(email())
      expect((await signIn()).searchParams.get('error')).toBe('account_not_linked')
    })
    it('not by one that says it is verified in another way than true', async () => {
      openId.people.set(openId.visitor, { email: email(), email_verified: 'true' as unknown as boolean })
      await signUp(email())
      await verify(email())
      expect((await signIn()).searchParams.get('error')).toBe('account_not_linked')
    })
    it('not by one that is not verified here', async () => {
      await signUp(email())
      expect((await signIn()).searchParams.get('error')).toBe('account_not_linked')
    })
    it('when somebody who is signed in asks, once their address here is verified', async () => {
      const own = await signUp(email())
      const link = async () => {
        const payload = { provider: 'oidc', callbackURL: '/linked', errorCallbackURL: '/sorry' }
        const { url } = (await own.post('/api/auth/link-social', payload)).json()
        return arrive(await openId.visit(url), own)
      }
      expect((await link()).searchParams.get('error')).toBe('EMAIL_NOT_VERIFIED')
      await verify(email())
      expect((await link()).pathname).toBe('/linked')
      const both = (await own.get('/api/auth/list-accounts')).json()
      expect(both.map(({ providerId }: { providerId: string }) => providerId).sort()).toEqual(['credential', 'oidc'])
    })
    it('not another address than one’s own', async () => {
      const own = await signUp(`other${people}@example.com`)
      await verify(`other${people}@example.com`)
      const { url } = (
        await own.post('/api/auth/link-social', { provider: 'oidc', callbackURL: '/linked', errorCallbackURL: '/sorry' })
      ).json()
      expect((await arrive(await openId.visit(url), own)).searchParams.get('error')).toBe('email_does_not_match')
    })
    it('and unlinks, but never the last way in', async () => {
      const own = await signUp(email())
      await verify(email())
      await signIn()
      const both: { id: string; providerId: string; userId: string }[] = (await own.get('/api/auth/list-accounts')).json()
      const idOf = (provider: string) => both.find(({ providerId }) => providerId === provider)?.id
      expect((await own.post('/api/auth/unlink-account', { accountId: idOf('oidc') })).json()).toEqual({ status: true })
      const kept = await sql`select from keyloft.secrets where user_id = ${both[0]?.userId}`.execute(owner.db)
      expect(kept.rows).toEqual([])
      expect((await own.post('/api/auth/unlink-account', { accountId: idOf('credential') })).statusCode).toBe(400)
    })
  })

  it('takes the same subject of another issuer for somebody else', async () => {
    await signIn()
    const first = await whoIs()
    const next = await startOpenId(callback)
    const later = await test.anotherApp({}, { signInWith: { oidc: { ...oidc, issuer: next.issuer } } })
    next.visitor = openId.visitor
    next.people.set(next.visitor, { email: 'somebody-else@example.com', email_verified: true })
    const other = browserOf(later)
    await arrive(await next.visit((await begin(other)).href), other)
    expect((await whoIs(other)).id).not.toBe(first.id)
  })

  it('answers 503 while it is away, and works again when it is back', async () => {
    openId.tamper = (path, answer) => (path === '/.well-known/openid-configuration' ? 'nonsense' : answer)
    const fresh = await test.anotherApp()
    const other = browserOf(fresh)
    const reply = await other.post('/api/auth/sign-in/social', { provider: 'oidc' })
    expect(reply.statusCode).toBe(503)
    expect(reply.json()).toMatchObject({ code: 'identity.issuer_unavailable' })
    openId.tamper = undefined
    expect((await signIn(other)).pathname).toBe('/welcome')
  })

  async function everyRow(): Promise<string> {
    const { rows: tables } = await sql<{ name: string }>`
      select oid::regclass::text as name from pg_class
       where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('auth', 'public', 'keyloft', 'pgboss')`.execute(owner.db)
    const all = await Promise.all(
      tables.map(({ name }) => sql<{ text: string }>`select t::text as text from ${sql.raw(name)} t`.execute(owner.db)),
    )
    return all.flatMap(({ rows }) => rows.map(({ text }) => text)).join('\n')
  }
})

const formsOf = (text: string) => [
  text,
  Buffer.from(text).toString('base64').slice(0, -4),
  Buffer.from(text).toString('hex'),
  encodeURIComponent(text),
]
const changed = (body: string, claims: object) =>
  Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), ...claims })).toString('base64url')

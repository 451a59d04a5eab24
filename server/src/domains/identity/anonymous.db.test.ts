import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LightMyRequestResponse } from 'fastify'
import { SignJWT } from 'jose'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { type Browser, browserOf } from '../../../test/browser-of.ts'
import { everythingOf, keysOf, plantKey } from '../../../test/everything-of.ts'
import { createTestIdentity, publicUrl } from '../../../test/identity.ts'
import { client, startOpenId } from '../../../test/openid.ts'
import { startWellKnown } from '../../../test/well-known.ts'

const password = 'correct horse battery'
const issuer = 'https://issuer.example.com'

describe('beginning without an account', async () => {
  const openId = await startOpenId(`${publicUrl}/api/auth/callback/oidc`)
  const wellKnown = await startWellKnown()
  const keys = generateKeyPairSync('ed25519')
  const one = { clientId: 'id', clientSecret: 'secret' }
  const test = await createTestApp(() => [], {
    auth: {
      signInWith: { github: one, google: one, vercel: one, oidc: { issuer: openId.issuer, name: 'Example ID', ...client } },
      externalIssuer: { jwksUrl: await serveKeys(keys.publicKey), issuer, audience: 'our-app' },
    },
  })
  const { app, owner } = test
  let people = 0

  const whoIs = async (browser: Browser) => (await browser.get('/api/auth/get-session')).json()?.user
  /** An anonymous person with a provider key, a token and a choice of their own. */
  async function begin() {
    const browser = browserOf(app)
    const reply = await browser.post('/api/auth/sign-in/anonymous', {})
    expect(reply.statusCode).toBe(200)
    const { id } = await whoIs(browser)
    await plantKey(test, id, 'openai', `sk-of-${id}`)
    expect((await browser.post('/api/tokens', { name: 'mine' })).statusCode).toBe(201)
    return { browser, id: id as string, session: String(reply.headers['set-auth-token']) }
  }
  const accountsOf = async (email: string) =>
    (await sql<{ id: string }>`select id from auth.users where email = ${email}`.execute(owner.db)).rows.map(({ id }) => id)
  const tokensOf = async (browser: Browser) => (await browser.get('/api/tokens')).json().items.length
  const isThere = async (id: string) => (await sql`select from auth.users where id = ${id}`.execute(owner.db)).rows.length === 1

  interface Path {
    /** Makes the account that is signed in to, and says whose it is. */
    arrange(person: Person): Promise<string>
    signIn(browser: Browser, person: Person, session: string): Promise<LightMyRequestResponse>
    /** What says that it is done. */
    done: number
  }
  interface Person {
    number: number
    email: string
  }
  const social = async (provider: string, browser: Browser, { number, email }: Person) => {
    wellKnown.visitor = { id: number, email, verified: true }
    openId.visitor = `sub-${number}`
    openId.people.set(openId.visitor, { email, email_verified: true })
    const payload = { provider, callbackURL: '/welcome', errorCallbackURL: '/sorry' }
    const to = new URL((await browser.post('/api/auth/sign-in/social', payload)).json().url)
    const back =
      provider === 'oidc'
        ? await openId.visit(to.href)
        : new URL(`/api/auth/callback/${provider}?code=code&state=${to.searchParams.get('state')}`, publicUrl)
    return browser.get(back.pathname + back.search)
  }
  const viaSocial = (provider: string): Path => ({
    done: 302,
    arrange: async (person) => {
      const other = browserOf(app)
      await social(provider, other, person)
      return (await whoIs(other)).id
    },
    signIn: (browser, person) => social(provider, browser, person),
  })
  const signUp = async (browser: Browser, email: string, more = {}) =>
    browser.post('/api/auth/sign-up/email', { email, password, name: 'A person', ...more })
  const jwtOf = ({ number }: Person) =>
    new SignJWT({ sub: `external-${number}` })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
      .setIssuer(issuer)
      .setAudience('our-app')
      .setExpirationTime('5m')
      .sign(keys.privateKey)
  const paths: Record<string, Path> = {
    'address and password': {
      done: 200,
      arrange: async ({ email }) => (await signUp(browserOf(app), email)).json().user.id,
      signIn: (browser, { email }) => browser.post('/api/auth/sign-in/email', { email, password }),
    },
    'username and password': {
      done: 200,
      arrange: async ({ email, number }) => (await signUp(browserOf(app), email, { username: `person_${number}` })).json().user.id,
      signIn: (browser, { number }) => browser.post('/api/auth/sign-in/username', { username: `person_${number}`, password }),
    },
    GitHub: viaSocial('github'),
    Google: viaSocial('google'),
    Vercel: viaSocial('vercel'),
    'an OpenID provider': viaSocial('oidc'),
    'a JWT of another issuer': {
      done: 200,
      arrange: async (person) => {
        const authorization = `Bearer ${await jwtOf(person)}`
        expect((await app.inject({ url: '/api/profile', headers: { authorization } })).statusCode).toBe(200)
        const { rows } = await sql<{
          user_id: string
        }>`select user_id from auth.external_identities where subject = ${`external-${person.number}`}`.execute(owner.db)
        return rows[0]?.user_id ?? ''
      },
      signIn: async (_, person, session) =>
        app.inject({
          method: 'POST',
          url: '/api/account/claim',
          headers: { authorization: `Bearer ${await jwtOf(person)}` },
          payload: { session },
        }),
    },
  }
  const nextPerson = () => {
    const number = ++people
    return { number, email: `person${number}@example.com` }
  }

  it('works as a full user', async () => {
    const { browser, id } = await begin()
    expect(await whoIs(browser)).toMatchObject({ id, isAnonymous: true })
    expect((await browser.get('/api/profile')).statusCode).toBe(200)
    expect(await tokensOf(browser)).toBe(1)
    expect((await browser.post('/api/auth/sign-in/anonymous', {})).statusCode).toBe(400)
    expect((await browser.post('/api/auth/delete-anonymous-user', {})).statusCode).toBe(404)
  })

  describe('keeps the id', () => {
    const kept = async (browser: Browser, id: string, email: string) => {
      expect(await whoIs(browser)).toMatchObject({ id, email, isAnonymous: false })
      expect(await accountsOf(email)).toEqual([id])
      expect(Object.values(await keysOf(test, id))).toEqual([`sk-of-${id}`])
      expect(await tokensOf(browser)).toBe(1)
    }
    it('of who signs up with an address', async () => {
      const { browser, id, session } = await begin()
      const { email, number } = nextPerson()
      const reply = await signUp(browser, email, { username: `Person_${number}` })
      expect(reply.json().user).toMatchObject({ id, username: `person_${number}` })
      await kept(browser, id, email)
      const again = browserOf(app)
      expect((await again.post('/api/auth/sign-in/email', { email, password })).statusCode).toBe(200)
      expect((await whoIs(again)).id).toBe(id)
      const before = await app.inject({ url: '/api/tokens', headers: { authorization: `Bearer ${session}` } })
      expect(before.statusCode).toBe(401)
    })
    it('of who signs up with the bearer of the session', async () => {
      const { id, session } = await begin()
      const { email } = nextPerson()
      const headers = { authorization: `Bearer ${session}` }
      const reply = await app.inject({ method: 'POST', url: '/api/auth/sign-up/email', headers, payload: { email, password, name: 'x' } })
      expect(reply.json().user.id).toBe(id)
      expect(reply.headers['set-auth-token']).toMatch(/\./)
    })
    it.each(['github', 'google', 'vercel', 'oidc'])('of who signs up by %s', async (provider) => {
      const { browser, id } = await begin()
      const person = nextPerson()
      expect((await social(provider, browser, person)).headers.location).toBe('/welcome')
      await kept(browser, id, person.email)
    })
    it('of who signs up in two tabs at once, once', async () => {
      const { browser, id } = await begin()
      const [a, b] = [nextPerson(), nextPerson()]
      const tab = browserOf(app)
      for (const [name, value] of browser.cookies) tab.cookies.set(name, value)
      await Promise.all([signUp(browser, a.email), signUp(tab, b.email)])
      const made = [...(await accountsOf(a.email)), ...(await accountsOf(b.email))]
      expect(made.filter((one) => one === id)).toHaveLength(1)
      const found = await Promise.all(made.map((one) => keysOf(test, one)))
      expect(found.flatMap((keys) => Object.values(keys))).toEqual([`sk-of-${id}`])
    })
    it('and gives nobody the address of somebody else', async () => {
      const { email } = nextPerson()
      await signUp(browserOf(app), email)
      const { browser, id } = await begin()
      expect((await signUp(browser, email)).statusCode).toBe(422)
      expect(await whoIs(browser)).toMatchObject({ id, isAnonymous: true })
    })
  })

  describe.each(Object.entries(paths))('takes everything along to an account that there is, by %s,', (_, { arrange, signIn, done }) => {
    const expectMoved = async (from: string, to: string) => {
      expect(await isThere(from)).toBe(false)
      expect(Object.values(await keysOf(test, to))).toEqual([`sk-of-${from}`])
      const { rows } = await sql`select from public.api_tokens where user_id = ${to}`.execute(owner.db)
      expect(rows).toHaveLength(1)
      const { rows: audit } = await sql`select from keyloft.audit_log where action = 'account.moved' and subject = ${from}`.execute(
        owner.db,
      )
      expect(audit).toHaveLength(1)
    }

    it('once, whatever it is tried at', async () => {
      const person = nextPerson()
      const to = await arrange(person)
      const { browser, id, session } = await begin()
      expect((await signIn(browser, person, session)).statusCode).toBe(done)
      await expectMoved(id, to)
    })

    it('and leaves both as they were where it fails or its connection dies, until it is tried again', async () => {
      const person = nextPerson()
      const to = await arrange(person)
      const { browser, id, session } = await begin()
      const before = await everythingOf(test, [id, to])
      for (const [step, how] of [
        ['public.api_keys', 'raise'],
        ['keyloft.user_aliases', 'kill'],
        ['keyloft.audit_log', 'raise'],
        ['auth.users', 'kill'],
      ] as const) {
        const cookies = new Map(browser.cookies)
        const reply = await failingAt(step, how, id, () => signIn(browser, person, session))
        expect(reply.statusCode, step).toBeGreaterThanOrEqual(500)
        expect(reply.headers['set-cookie'] ?? '').not.toMatch(/session_token=[^;]/)
        browser.cookies.clear()
        for (const [name, value] of cookies) browser.cookies.set(name, value)
        expect(withoutProof(await everythingOf(test, [id, to])), step).toEqual(withoutProof(before))
        expect((await whoIs(browser)).id).toBe(id)
      }
      expect((await signIn(browser, person, session)).statusCode).toBe(done)
      await expectMoved(id, to)
    })

    it('once, in two tabs at once', async () => {
      const person = nextPerson()
      const to = await arrange(person)
      const { browser, id, session } = await begin()
      const tab = browserOf(app)
      for (const [name, value] of browser.cookies) tab.cookies.set(name, value)
      const replies = await Promise.all([signIn(browser, person, session), signIn(tab, person, session)])
      expect(replies.map(({ statusCode }) => statusCode)).toContain(done)
      await expectMoved(id, to)
    })
  })

  describe('the claim', () => {
    const claim = async (to: Browser, session: string) => to.post('/api/account/claim', { session })
    it('is refused with a session that is no session, of somebody known, or one’s own', async () => {
      const ada = browserOf(app)
      const own = String((await signUp(ada, nextPerson().email)).headers['set-auth-token'])
      const known = String((await signUp(browserOf(app), nextPerson().email)).headers['set-auth-token'])
      for (const session of ['nonsense', own, known, `${'A'.repeat(32)}.${'A'.repeat(43)}=`]) {
        expect((await claim(ada, session)).json()).toMatchObject({ status: 409, code: 'identity.nothing_to_claim' })
      }
      expect((await claim(browserOf(app), known)).statusCode).toBe(401)
    })
    it('of one anonymous account by another is refused', async () => {
      const [a, b] = [await begin(), await begin()]
      expect((await claim(a.browser, b.session)).statusCode).toBe(409)
      expect(await isThere(b.id)).toBe(true)
    })
    it('cannot be made with the id of an account', async () => {
      const { id } = await begin()
      const ada = browserOf(app)
      await signUp(ada, nextPerson().email)
      expect((await ada.post('/api/account/claim', { session: id, userId: id, from: id })).statusCode).toBe(409)
      expect(await isThere(id)).toBe(true)
    })
  })

  /** Signing in may refresh what the provider gave; that is no part of the move. */
  function withoutProof(all: Record<string, string[]>) {
    const { 'auth.accounts': _, 'keyloft.secrets': __, 'keyloft.data_keys': ___, ...rest } = all
    return rest
  }

  async function failingAt<T>(relation: string, how: 'raise' | 'kill', id: string, work: () => Promise<T>): Promise<T> {
    await sql
      .raw(`
      create or replace function public.fail_here() returns trigger language plpgsql security definer as $$
      declare it text := concat(to_jsonb(old), to_jsonb(new));
      begin
        if it not like '%${id}%' then return coalesce(new, old); end if;
        if tg_argv[0] = 'kill' then perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); end if;
        raise exception 'planted';
      end $$`)
      .execute(owner.db)
    await sql`create trigger planted before insert or update or delete on ${sql.table(relation)} for each row execute function public.fail_here(${sql.lit(how)})`.execute(
      owner.db,
    )
    try {
      return await work()
    } finally {
      await sql`drop trigger planted on ${sql.table(relation)}`.execute(owner.db)
    }
  }
})

describe('a link that confirms an address', async () => {
  const test = await createTestIdentity()

  it('moves nothing, for anybody could send one of their own: it signs nobody in', async () => {
    const browser = browserOf(test.app)
    await browser.post('/api/auth/sign-in/anonymous', {})
    const before = (await browser.get('/api/auth/get-session')).json().user
    const { id } = await test.signUp()
    const [, link = ''] = /(http\S+)/.exec(test.mails.at(-1)?.text ?? '') ?? []
    expect((await browser.get(link.slice(publicUrl.length))).statusCode).toBeLessThan(400)
    const { rows } = await sql`select id from auth.users where email_verified`.execute(test.owner.db)
    expect(rows).toEqual([{ id }])
    expect((await browser.get('/api/auth/get-session')).json().user).toMatchObject({ id: before.id, isAnonymous: true })
  })
})

async function serveKeys(key: KeyObject): Promise<string> {
  const server = createServer((_, reply) =>
    reply.end(JSON.stringify({ keys: [{ ...key.export({ format: 'jwk' }), kid: 'one', alg: 'EdDSA' }] })),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
}

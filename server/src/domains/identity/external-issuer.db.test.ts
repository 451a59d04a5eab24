import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JWTPayload, SignJWT } from 'jose'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { countUsers, createTestIdentity } from '../../../test/identity.ts'
import type { Identity } from './identity.ts'

const issuer = 'https://id.example.com/'
const audience = 'our-app'

/** An issuer with its keys behind real HTTP. */
class Issuer {
  readonly keys = new Map<string, { alg: string; pair: ReturnType<typeof makeKeys> }>()
  readonly extra: Record<string, unknown>[] = []
  readonly clock: { now: number }
  asked = 0
  status = 200
  url = ''
  #server: Server = createServer((_request, reply) => {
    this.asked++
    const keys = [...this.keys].map(([kid, { alg, pair }]) => ({ ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }))
    reply.writeHead(this.status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [...keys, ...this.extra] }))
  })

  constructor(clock: { now: number }) {
    this.clock = clock
  }

  async start() {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`
  }
  stop = () => new Promise((resolve) => this.#server.close(resolve))

  add(kid: string, alg = 'RS256') {
    this.keys.set(kid, { alg, pair: makeKeys(alg) })
  }

  sign(claims: JWTPayload, kid = 'one', header: Record<string, unknown> = {}) {
    const key = this.keys.get(kid)
    if (!key) throw new Error(`no key ${kid}`)
    const now = Math.floor(this.clock.now / 1_000)
    const payload = { iss: issuer, aud: audience, iat: now, exp: now + 600, ...claims }
    return new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid, ...header }).sign(key.pair.privateKey)
  }
}

function makeKeys(alg: string) {
  if (alg.startsWith('ES')) return generateKeyPairSync('ec', { namedCurve: alg === 'ES256' ? 'P-256' : 'P-384' })
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

const fetchJson = async (url: string) => {
  const reply = await fetch(url, { headers: { connection: 'close' } })
  if (!reply.ok) throw new Error(`${reply.status}`)
  return reply.json()
}

describe('an external issuer', async () => {
  const test = await createTestIdentity()
  const theirs = new Issuer(test.clock)
  let identity: Identity
  beforeAll(async () => {
    theirs.add('one')
    await theirs.start()
  })
  afterAll(() => theirs.stop())
  beforeEach(() => {
    theirs.status = 200
    theirs.extra.length = 0
    identity = test.another({ externalIssuer: { jwksUrl: theirs.url, issuer, audience } }, fetchJson)
  })
  const arrive = async (jwt: string, who = identity) => who.authenticate({ authorization: `Bearer ${jwt}` })
  const refused = { code: 'identity.unauthorized', status: 401 }

  it('signs people in as local users, made on first sight and found again', async () => {
    const before = await countUsers(test)
    const first = await arrive(
      await theirs.sign({ sub: 'auth0|ada', email: 'Ada@Id.Example.com', email_verified: true, name: 'Ada', role: 'editor' }),
    )
    const again = await arrive(await theirs.sign({ sub: 'auth0|ada', jti: '2' }))
    expect(first).toEqual({
      role: 'authenticated',
      claims: {
        sub: expect.stringMatching(/^[0-9a-f-]{36}$/),
        role: 'authenticated',
        iss: issuer,
        email: 'Ada@Id.Example.com',
        email_verified: true,
      },
    })
    expect(again.claims.sub).toBe(first.claims.sub)
    expect(await countUsers(test)).toBe(before + 1)
    const { rows } = await sql`select email, email_verified from auth.users where id = ${first.claims.sub}`.execute(test.owner.db)
    expect(rows).toEqual([{ email: 'ada@id.example.com', email_verified: true }])
  })

  it('never joins an account that has the same address here, verified or not', async () => {
    const bob = await test.signUp()
    for (const [sub, email_verified] of [
      ['b1', true],
      ['b2', false],
    ] as const) {
      const principal = await arrive(await theirs.sign({ sub, email: bob.email, email_verified }))
      expect(principal.claims.sub).not.toBe(bob.id)
      const { rows } = await sql`select email, email_verified from auth.users where id = ${principal.claims.sub}`.execute(test.owner.db)
      expect(rows).toEqual([{ email: `${principal.claims.sub}@external.invalid`, email_verified: false }])
    }
    // An address that nobody verified is kept from nobody.
    await arrive(await theirs.sign({ sub: 'b3', email: 'carol@example.com', email_verified: false }))
    expect((await test.signUp('carol@example.com')).email).toBe('carol@example.com')
  })

  it('makes one user of two first sights at once, over two processes', async () => {
    const other = test.another({ externalIssuer: { jwksUrl: theirs.url, issuer, audience } }, fetchJson)
    const before = await countUsers(test)
    const jwts = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        theirs.sign({ sub: 'twins', jti: `${index}`, email: 'twins@example.com', email_verified: true }),
      ),
    )
    const seen = await Promise.all(jwts.map((jwt, index) => arrive(jwt, index % 2 ? other : identity)))
    expect(new Set(seen.map(({ claims }) => claims.sub)).size).toBe(1)
    expect(await countUsers(test)).toBe(before + 1)
  })

  it('tells its people from another issuer’s by the issuer, not the subject alone', async () => {
    const one = await arrive(await theirs.sign({ sub: 'same' }))
    const elsewhere = test.another({ externalIssuer: { jwksUrl: theirs.url, issuer: 'https://other.example.com', audience } }, fetchJson)
    const two = await arrive(await theirs.sign({ sub: 'same', iss: 'https://other.example.com' }), elsewhere)
    expect(two.claims.sub).not.toBe(one.claims.sub)
  })

  it('never makes anybody more than a person', async () => {
    for (const role of ['service_role', 'anon'])
      await expect(arrive(await theirs.sign({ sub: 'mallory', role }))).rejects.toMatchObject(refused)
    for (const role of ['admin', 'keyloft_owner', ['service_role'], { service_role: true }]) {
      const principal = await arrive(await theirs.sign({ sub: 'mallory', role, scopes: ['all'], app_metadata: { role: 'service_role' } }))
      expect(principal).toMatchObject({ role: 'authenticated', claims: { role: 'authenticated' } })
      expect(Object.keys(principal.claims).sort()).toEqual(['iss', 'role', 'sub'])
    }
  })

  it('is believed for its own name, our audience and a usable subject only', async () => {
    for (const claims of [
      { aud: 'authenticated' },
      { aud: ['x', 'y'] },
      { iss: 'https://id.example.com' },
      { exp: 1 },
      { nbf: 4_000_000_000 },
      { sub: '' },
      { sub: 'x'.repeat(256) },
      { sub: 'a\0b' },
      { sub: undefined },
    ]) {
      await expect(arrive(await theirs.sign({ sub: 'ada', ...claims } as JWTPayload)), JSON.stringify(claims)).rejects.toMatchObject(
        refused,
      )
    }
    await expect(identity.authenticate({ apikey: await theirs.sign({ sub: 'ada' }) })).rejects.toMatchObject(refused)
  })

  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('may sign with %s', async (alg) => {
    theirs.add(alg, alg)
    expect(await arrive(await theirs.sign({ sub: alg }, alg))).toMatchObject({ role: 'authenticated' })
    theirs.keys.delete(alg)
  })

  it('cannot publish a shared secret, nor have its public key taken for one', async () => {
    const secret = Buffer.from('a-secret-that-stands-in-a-public-list')
    theirs.extra.push({ kty: 'oct', kid: 'shared', alg: 'HS256', k: secret.toString('base64url') })
    const pem = theirs.keys.get('one')?.pair.publicKey.export({ format: 'pem', type: 'spki' }) ?? ''
    for (const key of [secret, Buffer.from(pem)]) {
      for (const kid of ['shared', 'one']) {
        const jwt = new SignJWT({ iss: issuer, aud: audience, sub: 'x', role: 'service_role' }).setExpirationTime('5m')
        await expect(arrive(await jwt.setProtectedHeader({ alg: 'HS256', kid }).sign(key))).rejects.toMatchObject(refused)
      }
    }
  })

  it('is asked for its keys once, and again for a key nobody knows, but not by a flood of them', async () => {
    theirs.asked = 0
    await Promise.all(Array.from({ length: 30 }, async (_, index) => arrive(await theirs.sign({ sub: `crowd ${index}` }))))
    expect(theirs.asked).toBe(1)
    theirs.add('two')
    await expect(arrive(await theirs.sign({ sub: 'ada' }, 'two'))).rejects.toMatchObject(refused) // within the pause
    test.clock.now += 5_000
    expect(await arrive(await theirs.sign({ sub: 'ada' }, 'two'))).toMatchObject({ role: 'authenticated' })
    expect(theirs.asked).toBe(2)
    for (let flood = 0; flood < 50; flood++) {
      await expect(arrive(await theirs.sign({ sub: 'ada' }, 'one', { kid: randomUUID() }))).rejects.toMatchObject(refused)
    }
    expect(theirs.asked).toBe(2)
  })

  it('that withdraws a key is followed within minutes, for tokens already remembered too', async () => {
    theirs.add('leaked')
    const jwt = await theirs.sign({ sub: 'ada', exp: Math.floor(test.clock.now / 1_000) + 7_200 }, 'leaked')
    expect(await arrive(jwt)).toMatchObject({ role: 'authenticated' })
    theirs.keys.delete('leaked')
    test.clock.now += 11 * 60_000
    await expect(arrive(jwt)).rejects.toMatchObject(refused)
  })

  it('that is away for a while locks nobody out whose key is known, and otherwise is a fault of ours', async () => {
    expect(await arrive(await theirs.sign({ sub: 'ada' }))).toMatchObject({ role: 'authenticated' })
    theirs.status = 500
    test.clock.now += 11 * 60_000
    expect(await arrive(await theirs.sign({ sub: 'ada', jti: 'later', exp: Math.floor(test.clock.now / 1_000) + 60 }))).toMatchObject({
      role: 'authenticated',
    })
    const fresh = test.another({ externalIssuer: { jwksUrl: theirs.url, issuer, audience } }, fetchJson)
    const jwt = await theirs.sign({ sub: 'ada', exp: Math.floor(test.clock.now / 1_000) + 60 })
    await expect(arrive(jwt, fresh)).rejects.toMatchObject({ code: 'identity.keys_unavailable', status: 503 })
    theirs.status = 200
    test.clock.now += 5_000
    expect(await arrive(jwt, fresh)).toMatchObject({ role: 'authenticated' })
  })
})

describe('where accounts are Supabase’s', async () => {
  const test = await createTestIdentity()
  const theirs = new Issuer(test.clock)
  const userId = randomUUID()
  theirs.add('one', 'ES256')
  await theirs.start()
  afterAll(() => theirs.stop())
  await sql`alter schema auth owner to pg_monitor`.execute(test.owner.db)
  const identity = test.another({ externalIssuer: { jwksUrl: theirs.url, issuer, audience } }, fetchJson)

  it('takes the subject of its tokens as the user, and makes none', async () => {
    const before = await countUsers(test)
    const principal = await identity.authenticate({ authorization: `Bearer ${await theirs.sign({ sub: userId, role: 'authenticated' })}` })
    expect(principal).toMatchObject({ role: 'authenticated', claims: { sub: userId } })
    await expect(identity.authenticate({ 'x-api-key': await theirs.sign({ sub: 'not a user' }) })).rejects.toMatchObject({ status: 401 })
    expect(await countUsers(test)).toBe(before)
  })

  it('has nothing at /api/auth/*', async () => {
    for (const [method, url] of [
      ['POST', '/api/auth/sign-up/email'],
      ['GET', '/api/auth/jwks'],
      ['GET', '/api/auth/ok'],
    ] as const) {
      const reply = await test.app.inject({ method, url, ...(method === 'POST' ? { payload: {} } : {}) })
      expect(reply.statusCode).toBe(404)
      expect(reply.headers['content-type']).toContain('application/problem+json')
      expect(reply.json().code).toBe('identity.kept_elsewhere')
    }
    expect(await identity.openApi()).toBeUndefined()
  })
})

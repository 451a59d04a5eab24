import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createTestIdentity, projectJwt, publicUrl } from '../../../test/identity.ts'

/*
 * Every carrier × every kind of credential × what comes of it. `user` and `service` act as those, `nobody` is the
 * anonymous principal, 401 is one and the same refusal.
 */
const carriers = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie', 'apikey'] as const
type Carrier = (typeof carriers)[number]
type Outcome = 'user' | 'service' | 'nobody' | 401

const everyHeader = (outcome: Outcome) => ({ authorization: outcome, 'x-api-key': outcome, 'api-key': outcome, 'x-goog-api-key': outcome })
const table: Record<string, Record<Carrier, Outcome>> = {
  'a session': { ...everyHeader('user'), cookie: 'user', apikey: 401 },
  'our own JWT': { ...everyHeader('user'), cookie: 401, apikey: 401 },
  'an API token': { ...everyHeader('user'), cookie: 401, apikey: 401 },
  'a project JWT, authenticated': { ...everyHeader('user'), cookie: 401, apikey: 401 },
  'a project JWT, service_role': { ...everyHeader('service'), cookie: 401, apikey: 'service' },
  'a project JWT, anon': { ...everyHeader('nobody'), cookie: 401, apikey: 'nobody' },
  'an expired project JWT': { ...everyHeader(401), cookie: 401, apikey: 401 },
  'an invented API token': { ...everyHeader(401), cookie: 401, apikey: 401 },
  'a damaged API token': { ...everyHeader(401), cookie: 401, apikey: 401 },
  'a session with another signature': { ...everyHeader(401), cookie: 401, apikey: 401 },
  'a session without its signature': { ...everyHeader(401), cookie: 401, apikey: 401 },
  'a provider’s key': { ...everyHeader(401), cookie: 401, apikey: 401 },
  'a placeholder': { ...everyHeader(401), cookie: 401, apikey: 401 },
}

describe('a credential', async () => {
  const test = await createTestIdentity()
  const { identity, app } = test
  const ada = await test.signUp()
  const bob = await test.signUp()
  const ownJwt = (await app.inject({ url: '/api/auth/token', headers: { authorization: `Bearer ${ada.bearer}` } })).json().token as string
  const { token } = await test.issueToken(ada.id)
  const bobsToken = (await test.issueToken(bob.id)).token
  const [sessionToken = '', signature = ''] = ada.bearer.split('.')

  const values: Record<string, string> = {
    'a session': ada.bearer,
    'our own JWT': ownJwt,
    'an API token': token,
    'a project JWT, authenticated': await projectJwt({ role: 'authenticated', sub: ada.id, aud: 'authenticated' }),
    'a project JWT, service_role': await projectJwt({ role: 'service_role' }),
    'a project JWT, anon': await projectJwt({ role: 'anon' }),
    'an expired project JWT': await projectJwt({ role: 'service_role' }, { expiresIn: -60 }),
    'an invented API token': test.makeToken().token,
    'a damaged API token': `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`,
    'a session with another signature': `${sessionToken}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    'a session without its signature': sessionToken,
    'a provider’s key': 'sk-proj-0123456789abcdefghijklmnopqrstuvwxyz',
    'a placeholder': 'dummy',
  }
  const carry = (carrier: Carrier, value: string): IncomingHttpHeaders => {
    if (carrier === 'authorization') return { authorization: `Bearer ${value}` }
    if (carrier === 'cookie') return { cookie: `theme=dark; keyloft.session_token=${encodeURIComponent(value)}` }
    return { [carrier]: value }
  }
  const outcomeOf = (headers: IncomingHttpHeaders): Promise<Outcome | string> =>
    Promise.resolve(identity.authenticate(headers)).then(
      ({ role, claims }) => {
        if (role === 'anon') return 'nobody'
        if (role === 'service_role') return 'service'
        return claims.sub === ada.id ? 'user' : `user ${claims.sub}`
      },
      (error) => (error.code === 'identity.unauthorized' ? error.status : error),
    )

  const rows = Object.entries(table).flatMap(([kind, row]) => carriers.map((carrier) => [kind, carrier, row[carrier]] as const))
  it.each(rows)('%s in %s: %s', async (kind, carrier, outcome) => {
    expect(await outcomeOf(carry(carrier, values[kind] ?? ''))).toBe(outcome)
  })

  it('that is absent is nobody, also where a header is empty or a cookie is another’s', async () => {
    for (const headers of [
      {},
      { authorization: '' },
      { 'x-api-key': '' },
      { apikey: '' },
      { cookie: 'better-auth.session_token=x' },
      { cookie: 'keyloft.session_token=' },
    ]) {
      expect(await identity.authenticate(headers)).toMatchObject({ role: 'anon', claims: { role: 'anon' } })
    }
  })

  it('may stand in several places, when it is the same', async () => {
    const everywhere = { authorization: `Bearer ${token}`, 'x-api-key': token, 'api-key': token, 'x-goog-api-key': token }
    expect(await outcomeOf(everywhere)).toBe('user')
    expect(
      await outcomeOf({ authorization: `Bearer ${ada.bearer}`, cookie: ada.cookie, 'x-api-key': encodeURIComponent(ada.bearer) }),
    ).toBe('user')
    expect(await outcomeOf({ 'x-api-key': `${token}, ${token}` })).toBe('user') // sent twice
  })

  const kinds = [
    'a session',
    'our own JWT',
    'an API token',
    'a project JWT, authenticated',
    'a project JWT, anon',
    'a damaged API token',
    'an expired project JWT',
  ]
  it.each(kinds)('that differs from %s elsewhere is refused, even where both are the same person’s', async (kind) => {
    const value = values[kind] ?? ''
    for (const other of kinds.filter((one) => one !== kind)) {
      expect(await outcomeOf({ authorization: `Bearer ${value}`, 'x-api-key': values[other] ?? '' })).toBe(401)
      expect(await outcomeOf({ 'api-key': value, 'x-goog-api-key': values[other] ?? '' })).toBe(401)
    }
    if (kind !== 'a session') expect(await outcomeOf({ authorization: `Bearer ${value}`, cookie: ada.cookie })).toBe(401)
    expect(await outcomeOf({ authorization: `Bearer ${value}`, 'x-api-key': bobsToken })).toBe(401)
    expect(await outcomeOf({ 'x-api-key': `${value}, ${bobsToken}` })).toBe(401)
  })

  it('stands beside the placeholders that SDKs send, which alone are refused', async () => {
    for (const placeholder of ['dummy', 'sk-ant-0123456789', 'x'.repeat(8_000), 'klt', '{}']) {
      for (const carrier of ['x-api-key', 'api-key', 'x-goog-api-key']) {
        expect(await outcomeOf({ authorization: `Bearer ${token}`, [carrier]: placeholder })).toBe('user')
        expect(await outcomeOf({ cookie: ada.cookie, [carrier]: placeholder })).toBe('user')
        expect(await outcomeOf({ [carrier]: placeholder })).toBe(401)
      }
      expect(await outcomeOf({ authorization: `Bearer ${placeholder}`, 'x-api-key': token })).toBe('user')
      expect(await outcomeOf({ authorization: `Bearer ${placeholder}` })).toBe(401)
    }
    expect(await outcomeOf({ authorization: 'Basic YWRhOnNlY3JldA==', 'x-api-key': token })).toBe('user')
    expect(await outcomeOf({ authorization: 'Basic YWRhOnNlY3JldA==' })).toBe(401)
    expect(await outcomeOf({ authorization: 'Bearer dummy', apikey: values['a project JWT, service_role'] })).toBe(401)
  })

  it('is refused when over-long, wherever it stands and whatever stands beside it', async () => {
    for (const long of [
      'x'.repeat(8_193),
      `klt_${'x'.repeat(9_000)}`,
      `eyJ${'a'.repeat(1_000_000)}`,
      ' '.repeat(9_000),
      `a,${'b,'.repeat(5_000)}`,
    ]) {
      expect(await outcomeOf({ authorization: `Bearer ${long}` })).toBe(401)
      expect(await outcomeOf({ authorization: long, 'x-api-key': token })).toBe(401)
      expect(await outcomeOf({ authorization: `Bearer ${token}`, 'x-api-key': long })).toBe(401)
      if (long.trim() !== '') expect(await outcomeOf({ cookie: `keyloft.session_token=${long}` })).toBe(401)
      expect(await outcomeOf({ apikey: long })).toBe(401)
    }
  })

  it('outranks the project key, which never makes anybody more', async () => {
    const service = values['a project JWT, service_role'] ?? ''
    const anon = values['a project JWT, anon'] ?? ''
    const person = values['a project JWT, authenticated'] ?? ''
    expect(await outcomeOf({ apikey: anon, authorization: `Bearer ${person}` })).toBe('user')
    expect(await outcomeOf({ apikey: service, authorization: `Bearer ${person}` })).toBe('user')
    expect(await outcomeOf({ apikey: service, authorization: `Bearer ${anon}` })).toBe('nobody')
    expect(await outcomeOf({ apikey: service, 'x-api-key': token })).toBe('user')
    expect(await outcomeOf({ apikey: anon, authorization: `Bearer ${anon}` })).toBe('nobody')
    expect(await outcomeOf({ apikey: service, authorization: `Bearer ${values['an expired project JWT']}` })).toBe(401)
  })

  it('is the only thing that says who it is', async () => {
    const claims = {
      'x-user-id': bob.id,
      'x-keyloft-user': bob.id,
      'x-forwarded-user': bob.id,
      'x-supabase-user': bob.id,
      role: 'service_role',
      'x-role': 'service_role',
    }
    expect(await outcomeOf({ ...claims, authorization: `Bearer ${token}` })).toBe('user')
    expect(await outcomeOf(claims)).toBe('nobody')
  })

  describe('in a cookie', () => {
    it.each([
      ['no page', undefined, 'user'],
      ['a page of this server', publicUrl, 'user'],
      ['a page of this server under its other name', 'http://127.0.0.1:8787', 'user'],
      ['a page of CORS_ORIGINS', 'https://app.example.com', 'user'],
      ['a page at the address that was asked', 'https://keyloft.test', 'user'],
      ['a page of a stranger', 'https://evil.example', 401],
      ['a page of a neighbour', 'https://evil.keyloft.test', 401],
      ['a page at another port', 'http://localhost:3000', 401],
      ['a page with no origin', 'null', 401],
      ['a page whose name begins the same', 'https://app.example.com.evil.example', 401],
      ['nonsense', 'keyloft.test', 401],
    ] as const)('sent by %s: %s %s', async (_, origin, outcome) => {
      const headers = { host: 'keyloft.test', cookie: ada.cookie, ...(origin === undefined ? {} : { origin }) }
      expect(await outcomeOf(headers)).toBe(outcome)
      // Put there on purpose, it is not the browser's doing.
      expect(await outcomeOf({ ...headers, authorization: `Bearer ${ada.bearer}` })).toBe('user')
    })

    it('is one credential however often it is sent, and refused where two differ', async () => {
      expect(await outcomeOf({ cookie: `${ada.cookie}; ${ada.cookie}` })).toBe('user')
      expect(await outcomeOf({ cookie: `${ada.cookie}; ${bob.cookie}` })).toBe(401)
      expect(await outcomeOf({ cookie: `${ada.cookie}; keyloft.session_token=x` })).toBe(401)
    })

    it('counts under the guarded name alone where this server is reached by TLS', async () => {
      const secure = test.another({ publicUrl: 'https://keyloft.test' })
      const [, value] = ada.cookie.split('=')
      expect(await secure.authenticate({ cookie: ada.cookie })).toMatchObject({ role: 'anon' })
      expect(await secure.authenticate({ cookie: `__Secure-keyloft.session_token=${value}` })).toMatchObject({ claims: { sub: ada.id } })
    })
  })
})

import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestIdentity, publicUrl } from '../../../test/identity.ts'

describe('signing in', async () => {
  const test = await createTestIdentity()
  const { app, identity, owner } = test
  const password = 'correct horse battery'
  const post = (path: string, payload: object, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: `/api/auth${path}`, headers: { origin: publicUrl, ...headers }, payload })
  const get = (path: string, headers: Record<string, string>) => app.inject({ method: 'GET', url: `/api/auth${path}`, headers })

  it('makes an account whose cookie and bearer are the same person', async () => {
    const ada = await test.signUp('Ada@Example.com')
    const claims = { sub: ada.id, role: 'authenticated', email: 'ada@example.com', is_anonymous: false }
    for (const headers of [
      { cookie: ada.cookie },
      { authorization: `Bearer ${ada.bearer}` },
      { authorization: `bearer ${encodeURIComponent(ada.bearer)}` },
    ]) {
      expect(await identity.authenticate(headers)).toMatchObject({ role: 'authenticated', claims })
    }
    const { rows } = await sql`select email, email_verified, name from auth.users where id = ${ada.id}`.execute(owner.db)
    expect(rows).toEqual([{ email: 'ada@example.com', email_verified: false, name: 'A person' }])
  })

  it('refuses a wrong password, an unknown address and an address that is taken', async () => {
    const { email } = await test.signUp()
    expect((await post('/sign-in/email', { email, password: 'wrong horse battery' })).statusCode).toBe(401)
    expect((await post('/sign-in/email', { email: 'nobody@example.com', password })).statusCode).toBe(401)
    expect((await post('/sign-up/email', { email: email.toUpperCase(), password, name: 'x' })).statusCode).toBe(422)
    expect((await post('/sign-up/email', { email: 'short@example.com', password: 'short', name: 'x' })).statusCode).toBe(400)
    expect((await post('/sign-in/email', { email: email.toUpperCase(), password })).statusCode).toBe(200)
  })

  it('hands out a JWT that its published keys verify, and that is the same person', async () => {
    const { id, email, bearer } = await test.signUp()
    const { token } = (await get('/token', { authorization: `Bearer ${bearer}` })).json()
    const jwks = (await get('/jwks', {})).json()
    expect(jwks.keys).toHaveLength(1)
    expect(Object.keys(jwks.keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'x'])
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', kid: jwks.keys[0].kid })
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), { issuer: publicUrl, audience: 'authenticated' })
    expect(payload).toMatchObject({ sub: id, role: 'authenticated', email })
    expect(await identity.authenticate({ authorization: `Bearer ${token}` })).toMatchObject({ claims: { sub: id, email } })
    expect(await test.another().authenticate({ 'x-api-key': token })).toMatchObject({ claims: { sub: id } })
  })

  it('ends a session at once in this process, and within a second in another', async () => {
    const { cookie, bearer } = await test.signUp()
    const other = test.another()
    await identity.authenticate({ cookie })
    await other.authenticate({ cookie })
    expect((await post('/sign-out', {}, { cookie })).statusCode).toBe(200)
    for (const headers of [{ cookie }, { authorization: `Bearer ${bearer}` }]) {
      await expect(identity.authenticate(headers)).rejects.toMatchObject({ code: 'identity.unauthorized', internal: 'unknown session' })
    }
    test.clock.now += 1_000
    await expect(other.authenticate({ cookie })).rejects.toMatchObject({ code: 'identity.unauthorized' })
  })
})

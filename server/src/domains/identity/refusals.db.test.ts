import { createHmac, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { type JWTHeaderParameters, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createTestIdentity, jwtSecret, openSigningKey, projectJwt, publicUrl } from '../../../test/identity.ts'

const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

describe('a JWT is refused', async () => {
  const test = await createTestIdentity()
  const { identity, app, clock } = test
  const ada = await test.signUp()
  const asAda = { authorization: `Bearer ${ada.bearer}` }
  const ownJwt = (await app.inject({ url: '/api/auth/token', headers: asAda })).json().token as string
  const [publicKey] = (await app.inject('/api/auth/jwks')).json().keys
  const person = { role: 'authenticated', sub: ada.id, aud: 'authenticated' }
  const soon = () => Math.floor(clock.now / 1_000) + 600

  const expectRefused = async (jwt: string, reason: RegExp) => {
    for (const headers of [{ authorization: `Bearer ${jwt}` }, { 'x-api-key': jwt }, { apikey: jwt }]) {
      const error = await Promise.resolve(identity.authenticate(headers)).catch((error) => error)
      expect(error).toMatchObject({
        code: 'identity.unauthorized',
        status: 401,
        message: 'This credential is not valid.',
        cause: undefined,
      })
      expect(error.internal).toMatch(reason)
      expect(JSON.stringify([error.internal, error.hint])).not.toContain(jwt.slice(-20))
    }
  }
  const sign = (key: KeyObject | Buffer, header: JWTHeaderParameters, payload: JWTPayload) =>
    new SignJWT(payload).setProtectedHeader(header).sign(key)

  it('signed with another secret, or changed behind its signature', async () => {
    await expectRefused(await projectJwt(person, { secret: 'another-secret-of-quite-enough-bytes-0192' }), /signature/)
    const [header, , signature] = (await projectJwt({ role: 'anon' })).split('.')
    await expectRefused(`${header}.${encode({ role: 'service_role', exp: soon() })}.${signature}`, /signature/)
    const [ownHeader, payload = '', ownSignature] = ownJwt.split('.')
    const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: randomUUID() }
    await expectRefused(`${ownHeader}.${encode(changed)}.${ownSignature}`, /signature/)
  })

  it('signed with nothing', async () => {
    await expectRefused(new UnsecuredJWT({ ...person, exp: soon() }).encode(), /none of ours|malformed|alg/i)
    for (const alg of ['none', 'None', 'NONE', '', 'hs256']) {
      const unsigned = `${encode({ alg, typ: 'JWT' })}.${encode({ role: 'service_role', exp: soon() })}.`
      await expectRefused(unsigned, /JWT/)
      await expectRefused(`${unsigned}${encode('x')}`, /JWT/)
      await expectRefused(`${encode({ alg, typ: 'JWT' })}.${encode({ ...person, iss: publicUrl, exp: soon() })}.`, /JWT/)
    }
  })

  it('signed with a published key in place of the secret', async () => {
    const secrets = [JSON.stringify(publicKey), publicKey.x, Buffer.from(publicKey.x, 'base64url'), publicKey.kid]
    for (const secret of secrets) {
      for (const claims of [{ role: 'service_role' }, { ...person, iss: publicUrl }]) {
        const header = encode({ alg: 'HS256', typ: 'JWT', kid: publicKey.kid })
        const body = `${header}.${encode({ ...claims, exp: soon() })}`
        await expectRefused(`${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`, /signature/)
      }
    }
  })

  it('of another algorithm, even under the right secret', async () => {
    const secret = Buffer.from(jwtSecret)
    for (const alg of ['HS384', 'HS512']) await expectRefused(await sign(secret, { alg }, { ...person, exp: soon() }), /none of ours/)
    await expectRefused(await sign(secret, { alg: 'HS512' }, { ...person, iss: publicUrl, exp: soon() }), /alg/)
  })

  it('of our own form by a key that is not ours', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const claims = { ...person, iss: publicUrl, exp: soon() }
    await expectRefused(await sign(privateKey, { alg: 'EdDSA', kid: publicKey.kid }, claims), /signature/)
    await expectRefused(await sign(privateKey, { alg: 'EdDSA', kid: randomUUID() }, claims), /no applicable key/)
    const jwk = privateKey.export({ format: 'jwk' })
    const { d: _, ...embedded } = jwk
    await expectRefused(await sign(privateKey, { alg: 'EdDSA', jwk: embedded }, claims), /signature|no applicable key/)
    await expectRefused(await sign(privateKey, { alg: 'EdDSA', jku: 'https://evil.example/jwks' }, claims), /signature|no applicable key/)
  })

  it('of an issuer nobody named', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    for (const iss of ['https://evil.example', `${publicUrl}/`, '', undefined]) {
      await expectRefused(
        await sign(privateKey, { alg: 'EdDSA' }, { ...person, ...(iss === undefined ? {} : { iss }), exp: soon() }),
        /none of ours/,
      )
    }
  })

  it('for another audience', async () => {
    for (const aud of ['anon', 'https://api.example.com', ['a', 'b'], []]) {
      const jwt = await projectJwt({ ...person, aud })
      if (Array.isArray(aud) && aud.length === 0)
        expect(await identity.authenticate({ 'x-api-key': jwt })).toMatchObject({ role: 'authenticated' })
      else await expectRefused(jwt, /audience/)
    }
  })

  it('after its end and before its beginning, with thirty seconds for clocks that differ', async () => {
    const at = (seconds: number) => Math.floor(clock.now / 1_000) + seconds
    await expectRefused(await projectJwt({ ...person, exp: at(-31) }), /exp/)
    await expectRefused(await projectJwt({ ...person, nbf: at(31) }), /nbf/)
    for (const claims of [{ exp: at(-28) }, { nbf: at(28) }]) {
      expect(await identity.authenticate({ 'x-api-key': await projectJwt({ ...person, ...claims }) })).toMatchObject({
        role: 'authenticated',
      })
    }
    const { exp: _, ...endless } = { ...person, exp: 0 }
    await expectRefused(await sign(Buffer.from(jwtSecret), { alg: 'HS256' }, endless), /exp/)
    for (const exp of ['9999999999', null, {}]) await expectRefused(await projectJwt({ ...person, exp }), /exp/)
  })

  it('that was good, once it has ended, however well it is remembered', async () => {
    const jwt = await projectJwt(person, { issuedAt: clock.now, expiresIn: 20 })
    expect(await identity.authenticate({ 'x-api-key': jwt })).toMatchObject({ role: 'authenticated' })
    clock.now += 51_000
    await expectRefused(jwt, /exp/)
  })

  it('that was not yet valid, no longer than that', async () => {
    const jwt = await projectJwt({ ...person, nbf: Math.floor(clock.now / 1_000) + 40 }, { issuedAt: clock.now })
    await expectRefused(jwt, /nbf/)
    clock.now += 15_000
    expect(await identity.authenticate({ 'x-api-key': jwt })).toMatchObject({ role: 'authenticated' })
  })

  it('with no role of ours, or a person who is none', async () => {
    for (const role of [
      undefined,
      null,
      '',
      'admin',
      'postgres',
      'keyloft_owner',
      'SERVICE_ROLE',
      'service_role ',
      ['service_role'],
      { role: 'anon' },
    ]) {
      await expectRefused(await projectJwt({ ...person, role }), /role/)
    }
    for (const sub of [undefined, null, '', 'ada', 7, `${ada.id}'`, `${ada.id}\n`, [ada.id]]) {
      await expectRefused(await projectJwt({ ...person, sub }), /subject|sub/)
    }
  })

  it('that only looks like one', async () => {
    const header = encode({ alg: 'HS256' })
    const wrecks = [
      'eyJ',
      'eyJ.',
      'eyJ..',
      `${header}.`,
      `${header}..`,
      `${header}.e30`,
      `${header}.e30.`,
      `${header}.e30.x.y.z`,
      `${header}.%%%.x`,
    ]
    const oddHeaders = [
      { alg: 'HS256', crit: ['x'], x: 1 },
      { alg: 'HS256', b64: false, crit: ['b64'] },
      { alg: ['HS256'] },
      { alg: 256 },
      {},
      [],
      'x',
      null,
    ]
    for (const wreck of [...wrecks, ...oddHeaders.map((odd) => `${encode(odd)}.${encode({ role: 'service_role', exp: soon() })}.AAAA`)]) {
      const error = await Promise.resolve(identity.authenticate({ authorization: `Bearer ${wreck}` })).catch((error) => error)
      expect(error, wreck).toMatchObject({ code: 'identity.unauthorized' })
    }
  })

  it('of our own form with a role that only the project may give', async () => {
    const { keys } = await readSigningKey(test)
    for (const role of ['service_role', 'anon', undefined]) {
      await expectRefused(
        await sign(keys.privateKey, { alg: 'EdDSA', kid: keys.id }, { ...person, role, iss: publicUrl, exp: soon() }),
        /role/,
      )
    }
    const claims = { ...person, iss: publicUrl, exp: soon() }
    expect(await identity.authenticate({ 'x-api-key': await sign(keys.privateKey, { alg: 'EdDSA', kid: keys.id }, claims) })).toMatchObject(
      { claims: { sub: ada.id } },
    )
    await expectRefused(await sign(keys.privateKey, { alg: 'EdDSA', kid: keys.id }, { ...claims, aud: 'another' }), /aud/)
    await expectRefused(await sign(keys.privateKey, { alg: 'EdDSA', kid: keys.id }, { ...claims, exp: soon() - 700 }), /exp/)
  })

  it('signed with a secret where none is set', async () => {
    const without = test.another({ jwtSecret: undefined })
    await expect(without.authenticate({ 'x-api-key': await projectJwt(person) })).rejects.toMatchObject({ code: 'identity.unauthorized' })
  })
})

async function readSigningKey(test: Awaited<ReturnType<typeof createTestIdentity>>) {
  const { createPrivateKey } = await import('node:crypto')
  const { id } = await test.owner.db.selectFrom('auth.jwks').select('id').executeTakeFirstOrThrow()
  return { keys: { id: id as string, privateKey: createPrivateKey({ key: await openSigningKey(test), format: 'jwk' }) } }
}

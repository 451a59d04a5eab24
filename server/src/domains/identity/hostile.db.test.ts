import { randomBytes, randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createTestIdentity, projectJwt } from '../../../test/identity.ts'
import { makeToken } from '../tokens/token-format.ts'

const metacharacters = [
  "'",
  '"',
  ';',
  '--',
  '/*',
  '*/',
  '\\',
  '$1',
  '$$',
  '%',
  '_',
  '||',
  '(',
  ')',
  '{',
  '}',
  '`',
  '\0',
  '\r',
  '\n',
  '\t',
  '\x1b',
  '\x7f',
  ' ',
  ',',
  '=',
  '&',
  '#',
  '?',
  '@',
  ':',
  '/',
  '<',
  '>',
  '\ufeff',
  '\u202e',
  'é',
  '漢',
  '👩‍👩‍👧',
  '\ud800',
  'ſ',
  'K',
  '％',
]
const injections = [
  "' or '1'='1",
  "'; drop table auth.users; --",
  "' union select secret_hash from public.api_tokens --",
  '" or ""="',
  "') or sleep(5)=0 --",
  '1; select pg_sleep(5)',
  "'; set role service_role; --",
  "\\'; select set_config('role','service_role',true); --",
  '$1::text',
  '{{7*7}}',
  '$' + '{process.env.JWT_SECRET}',
  '../../etc/passwd',
  '%27%20or%201=1',
  '%00',
  '\r\nx-role: service_role',
  'null',
  'undefined',
  'NaN',
  'true',
  '[]',
  '{}',
  '__proto__',
  'constructor',
  'toString',
]
const pick = <T>(from: readonly T[]): T => from[randomInt(from.length)] as T
const noise = () => Array.from({ length: randomInt(1, 60) }, () => pick([...metacharacters, 'a', 'Z', '0'])).join('')

describe('hostile credentials', async () => {
  const test = await createTestIdentity()
  const { identity, sent } = test
  const ada = await test.signUp()
  const good = [ada.bearer, (await test.issueToken(ada.id)).token, await projectJwt({ role: 'service_role' })]
  for (const text of good) await identity.authenticate({ authorization: `Bearer ${text}` }) // what is read once is by now

  /** One that keeps the look of a credential and is none. */
  const damaged = () => {
    const text = pick(good)
    const at = randomInt(text.length - 1) // in the last sign of base64 are bits that mean nothing
    const other = pick([...metacharacters, 'a', 'B', '0', ''])
    const changed = text.slice(0, at) + other + text.slice(at + 1)
    return good.includes(changed) ? `${changed}!` : changed
  }
  const makers: (() => string)[] = [
    noise,
    damaged,
    damaged,
    () => pick(injections),
    () => `klt_${pick(injections)}`,
    () => `klt_${randomBytes(9).toString('base64').replace(/[+/]/g, "'").slice(0, 12)}_${noise()}`,
    () => makeToken(randomBytes(32)).token,
    () => test.makeToken().token.slice(0, -1),
    () => `${test.makeToken().token}${pick(metacharacters.filter((one) => one !== ' '))}`,
    () => `eyJ${randomBytes(randomInt(1, 200)).toString('base64url')}.${pick(injections)}.${noise()}`,
    () => `${randomBytes(24).toString('hex').slice(0, 32)}.${randomBytes(32).toString('base64')}`,
    () => `${pick(good)}, ${noise()}`,
    () => `${pick(good)}\r\nauthorization: Bearer ${pick(good)}`,
    () => pick(good).toUpperCase(),
    () => randomBytes(randomInt(1, 300)).toString('latin1'),
    () => 'x'.repeat(randomInt(8_000, 20_000)),
  ]
  const schemes = ['Bearer ', 'bearer ', 'BEARER  ', 'Bearer\t', 'Token ', 'Basic ', 'Digest ', '', ' Bearer ', 'Bearer Bearer ', 'ApiKey ']

  it('get nowhere, 5,000 of them, and no query ever carries one', async () => {
    const values = [
      ...Array.from({ length: 4_997 }, () => pick(schemes) + pick(makers)()),
      `Bearer ${'y'.repeat(1_048_576)}`,
      `Bearer klt_${"'".repeat(1_048_576)}`,
      `Bearer ${'é'.repeat(524_288)}`,
    ]
    sent.length = 0
    for (const authorization of values) {
      const outcome = await Promise.resolve(identity.authenticate({ authorization })).catch((error) => error)
      if (authorization === '') expect(outcome).toMatchObject({ role: 'anon' })
      else
        expect(outcome, JSON.stringify(authorization.slice(0, 200))).toMatchObject({
          code: 'identity.unauthorized',
          status: 401,
          message: 'This credential is not valid.',
        })
    }
    expect(sent).toEqual([])
  })

  it('get nowhere in any other header either', async () => {
    sent.length = 0
    for (let round = 0; round < 1_000; round++) {
      const value = pick(makers)()
      for (const headers of [{ 'x-api-key': value }, { 'api-key': value }, { 'x-goog-api-key': value }, { apikey: value }]) {
        const outcome = await Promise.resolve(identity.authenticate(headers)).catch((error) => error)
        expect(outcome, JSON.stringify(headers).slice(0, 200)).toMatchObject({ code: 'identity.unauthorized' })
      }
      const outcome = await Promise.resolve(identity.authenticate({ cookie: `keyloft.session_token=${value}` })).catch((error) => error)
      const isNobody = value.split(';')[0]?.trim() === ''
      expect(isNobody ? outcome.role : outcome.code, JSON.stringify(value).slice(0, 200)).toBe(isNobody ? 'anon' : 'identity.unauthorized')
    }
    expect(sent).toEqual([])
  })

  it('that were issued here reach the database as a parameter, by their public id alone', async () => {
    sent.length = 0
    const { token, publicId } = test.makeToken()
    await expect(identity.authenticate({ authorization: `Bearer ${token}` })).rejects.toMatchObject({ code: 'identity.unauthorized' })
    const everything = JSON.stringify(sent)
    expect(everything).not.toContain(token)
    expect(everything).not.toContain(token.slice(17))
    expect(sent.filter(({ text }) => text.includes(publicId))).toEqual([])
    expect(sent.filter(({ values }) => JSON.stringify(values).includes(publicId))).toHaveLength(1)
  })

  it('leave the good ones good', async () => {
    for (const text of good) expect((await identity.authenticate({ authorization: `Bearer ${text}` })).role).not.toBe('anon')
  })
})

import { randomBytes } from 'node:crypto'
import { jwtVerify } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { jwt } from './jwt.ts'

const secret = randomBytes(48).toString('base64')
const user = '5eed0000-0000-4000-8000-000000000001'

async function run(options: { role: string; user?: string; ttl?: string }, env: Record<string, string> = { JWT_SECRET: secret }) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const shown: { value: unknown; lines: readonly string[] }[] = []
  const output = {
    json: false,
    result: (value: unknown, lines: readonly string[]) => void shown.push({ value, lines }),
    progress: () => {},
  }
  await jwt(output, { ttl: '1h', ...options })
  return { value: shown[0]?.value as { jwt: string; expiresAt: string }, lines: shown[0]?.lines }
}

describe('keyloft jwt', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('prints the token and nothing else, signed with JWT_SECRET, for an hour', async () => {
    const { value, lines } = await run({ role: 'service_role' })
    expect(lines).toEqual([value.jwt])
    const { payload } = await jwtVerify(value.jwt, Buffer.from(secret), { algorithms: ['HS256'] })
    expect(payload).toEqual({ role: 'service_role', iss: 'keyloft', iat: expect.any(Number), exp: (payload.iat ?? 0) + 3_600 })
    expect(value.expiresAt).toBe(new Date((payload.exp ?? 0) * 1_000).toISOString())
  })

  it('names the person and the audience of a person’s token', async () => {
    const { value } = await run({ role: 'authenticated', user, ttl: '30d' })
    const { payload } = await jwtVerify(value.jwt, Buffer.from(secret))
    expect(payload).toMatchObject({ role: 'authenticated', sub: user, aud: 'authenticated', exp: (payload.iat ?? 0) + 30 * 86_400 })
  })

  it.each([
    [{ role: 'authenticated' }, /somebody’s/],
    [{ role: 'authenticated', user: 'ada' }, /not the id of a user/],
    [{ role: 'service_role', user }, /nobody’s/],
    [{ role: 'anon', ttl: '1w' }, /no time/],
    [{ role: 'anon', ttl: '0s' }, /no time/],
    [{ role: 'anon', ttl: '3651d' }, /no time/],
    [{ role: 'anon', ttl: '-1h' }, /no time/],
  ])('refuses %j', (options, message) => expect(run(options)).rejects.toThrow(message))

  it('refuses to sign without JWT_SECRET, or with one that everybody knows', async () => {
    await expect(run({ role: 'anon' }, { JWT_SECRET: '' })).rejects.toMatchObject({ message: 'JWT_SECRET is not set.' })
    const known = 'super-secret-jwt-token-with-at-least-32-characters-long'
    await expect(run({ role: 'anon' }, { JWT_SECRET: known })).rejects.toThrow('JWT_SECRET is not a random secret')
  })
})

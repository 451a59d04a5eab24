import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isStrongJwtSecret } from './jwt-secret.ts'

describe('a JWT secret', () => {
  it('that was drawn is accepted, in every usual spelling', () => {
    for (let round = 0; round < 2_000; round++) {
      for (const spelling of ['base64', 'base64url'] as const) expect(isStrongJwtSecret(randomBytes(32).toString(spelling))).toBe(true)
      expect(isStrongJwtSecret(randomBytes(40).toString('hex'))).toBe(true)
    }
  })

  it.each([
    ['is too short', randomBytes(23).toString('base64').slice(0, 31)],
    ['is Supabase’s own default', 'super-secret-jwt-token-with-at-least-32-characters-long'],
    ['is Supabase’s self-hosting default', 'your-super-secret-jwt-token-with-at-least-32-characters-long'],
    ['is PostgREST’s example', 'reallyreallyreallyreallyverysafe'],
    ['is jwt.io’s example, made long enough', 'your-256-bit-secret-your-256-bit-secret'],
    ['asks to be changed', `CHANGE-ME-${randomBytes(32).toString('base64')}`],
    ['is one character', 'x'.repeat(64)],
    ['is a few characters', 'abcdefgh'.repeat(8)],
    ['is a pattern', '0123456789abcdef'.repeat(4)],
    ['counts', 'abcdefghijklmnopqrstuvwxyz0123456789'],
  ])('that %s is refused', (_, secret) => expect(isStrongJwtSecret(secret)).toBe(false))
})

import { describe, expect, it } from 'vitest'
import { anonymous, userPrincipal } from './principal.ts'

describe('a principal', () => {
  it('of a user carries the user and the role, whatever other claims say', () => {
    const forged = { role: 'service_role', sub: 'somebody else', email: 'a@example.com' }
    expect(userPrincipal('ada', forged)).toEqual({
      role: 'authenticated',
      claims: { sub: 'ada', role: 'authenticated', email: 'a@example.com' },
    })
  })

  it('of nobody has no user, and is the same for everybody, so it cannot be changed', () => {
    expect(anonymous).toEqual({ role: 'anon', claims: { role: 'anon' } })
    expect(Object.isFrozen(anonymous) && Object.isFrozen(anonymous.claims)).toBe(true)
  })
})

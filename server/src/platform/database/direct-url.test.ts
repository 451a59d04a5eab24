import { describe, expect, it } from 'vitest'
import { directUrlOf } from './direct-url.ts'

describe('a login’s direct address', () => {
  const pooled = 'postgresql://keyloft_auth.tenant:s%40crt@pooler.example.com:6543/app?sslmode=require'

  it('is the login’s own where there is no other way', () => {
    expect(directUrlOf(pooled, undefined)).toBe(pooled)
  })

  it('goes past the pooler under the same login and password, never the owner’s', () => {
    expect(directUrlOf(pooled, 'postgresql://postgres:owner@db.example.com:5432/app')).toBe(
      'postgresql://keyloft_auth:s%40crt@db.example.com:5432/app',
    )
  })

  it('keeps the tenant that the direct way asks for', () => {
    expect(directUrlOf('postgresql://keyloft_auth:x@a/app', 'postgresql://postgres.tenant:y@b/app')).toBe(
      'postgresql://keyloft_auth.tenant:x@b/app',
    )
  })
})

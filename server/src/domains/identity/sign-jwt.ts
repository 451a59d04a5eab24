import { SignJWT } from 'jose'
import type { Clock } from '../../base/clock.ts'
import type { Role } from '../../base/principal.ts'
import { audience } from './verify-jwt.ts'

export interface NewJwt {
  role: Role
  userId: string | undefined
  ttlSeconds: number
}

/** As Supabase signs: a person's token names them and its audience, a project key only its role. */
export async function signJwt(
  jwtSecret: string,
  { role, userId, ttlSeconds }: NewJwt,
  clock: Clock,
): Promise<{ jwt: string; expiresAt: Date }> {
  const now = Math.floor(clock() / 1_000)
  const jwt = new SignJWT({ role }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setIssuer('keyloft')
  jwt.setIssuedAt(now).setExpirationTime(now + ttlSeconds)
  if (userId !== undefined) jwt.setSubject(userId).setAudience(audience)
  return { jwt: await jwt.sign(Buffer.from(jwtSecret, 'utf8')), expiresAt: new Date((now + ttlSeconds) * 1_000) }
}

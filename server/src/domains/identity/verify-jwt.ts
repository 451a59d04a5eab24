import { createSecretKey } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose'
import type { Clock } from '../../base/clock.ts'
import { anonymous, type Principal, type Role, userPrincipal } from '../../base/principal.ts'
import type { Verdict } from './verdict.ts'

/*
 * Three kinds of JWT, told apart by algorithm and issuer, each with the one set of keys that may have signed it:
 *
 *   HS256                     JWT_SECRET, as Supabase signs: anon, authenticated or service_role
 *   EdDSA, issuer PUBLIC_URL  our own keys (better-auth's jwt plugin): authenticated
 *   issuer AUTH_ISSUER        its published keys: authenticated, as a local user; never service_role
 *
 * A secret never verifies an asymmetric algorithm and a public key never verifies HS256, because each kind names its
 * algorithms before it looks at a key.
 */

export const audience = 'authenticated'
const clockToleranceSeconds = 30
/** A withdrawn key stops counting after this long. */
const rememberedMs = 60_000
const externalAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

interface ExternalIssuer {
  issuer: string
  audience: string
  keys: JWTVerifyGetKey
  /** The local user of its subject. */
  userOf(payload: JWTPayload): Promise<string>
}

export interface JwtTrust {
  jwtSecret: string | undefined
  own: { issuer: string; keys: JWTVerifyGetKey }
  external: ExternalIssuer | undefined
  clock: Clock
}

export function createJwtCheck({ jwtSecret, own, external, clock }: JwtTrust) {
  const secretKey = jwtSecret === undefined ? undefined : createSecretKey(Buffer.from(jwtSecret, 'utf8'))

  async function verify(text: string): Promise<{ principal: Principal; expires: number }> {
    const { alg } = decodeProtectedHeader(text)
    const options: JWTVerifyOptions = { clockTolerance: clockToleranceSeconds, currentDate: new Date(clock()), requiredClaims: ['exp'] }
    if (alg === 'HS256') {
      if (!secretKey) throw new Refusal('HS256 without a JWT_SECRET')
      const { payload } = await jwtVerify(text, secretKey, { ...options, algorithms: ['HS256'] })
      return { principal: ofProject(payload), expires: payload.exp ?? 0 }
    }
    // Only to choose whose keys must have signed it; jwtVerify compares the issuer again once the signature holds.
    const { iss } = decodeJwt(text)
    if (iss === own.issuer) {
      const { payload } = await jwtVerify(text, own.keys, { ...options, algorithms: ['EdDSA'], issuer: own.issuer, audience })
      if (payload.role !== 'authenticated') throw new Refusal('our own JWT with another role')
      return { principal: userPrincipal(requireUuid(payload.sub), payload), expires: payload.exp ?? 0 }
    }
    if (external && iss === external.issuer) {
      const rules = { ...options, algorithms: externalAlgorithms, issuer: external.issuer, audience: external.audience }
      const { payload } = await jwtVerify(text, external.keys, rules)
      return { principal: await ofExternal(external, payload), expires: payload.exp ?? 0 }
    }
    throw new Refusal('algorithm or issuer is none of ours')
  }

  return async (text: string): Promise<Verdict> => {
    const now = clock()
    try {
      const { principal, expires } = await verify(text)
      return { principal, untilMs: Math.min(now + rememberedMs, (expires + clockToleranceSeconds) * 1_000) }
    } catch (error) {
      // Not remembered: one that is not yet valid, or whose key is not yet known, may be right in a moment.
      if (error instanceof Refusal || error instanceof errors.JOSEError) return { refused: `JWT: ${error.message}`, untilMs: now }
      if (error instanceof TypeError) return { refused: 'JWT: malformed', untilMs: now } // how jose's decoders refuse
      throw error
    }
  }
}

class Refusal extends Error {}

function requireUuid(sub: unknown): string {
  if (typeof sub !== 'string' || !uuid.test(sub)) throw new Refusal('the subject is not the id of a user')
  return sub
}

function ofProject(payload: JWTPayload): Principal {
  const { sub, aud, ...claims } = payload
  // A project's keys have no audience, a person's token has this one.
  const audiences = aud === undefined ? [] : [aud].flat()
  if (audiences.length > 0 && !audiences.includes(audience)) throw new Refusal('another audience')
  switch (payload.role as Role | undefined) {
    case 'authenticated':
      return userPrincipal(requireUuid(sub), payload)
    case 'service_role':
      return { role: 'service_role', claims: { ...claims, role: 'service_role' } }
    case 'anon':
      return anonymous
    default:
      throw new Refusal('no role of ours')
  }
}

async function ofExternal(external: ExternalIssuer, payload: JWTPayload): Promise<Principal> {
  const { sub, role, email, email_verified } = payload
  // Their other roles mean something of their own; these two would mean something here.
  if (role === 'service_role' || role === 'anon') throw new Refusal('a role that an external issuer cannot give')
  if (typeof sub !== 'string' || sub === '' || sub.length > 255 || sub.includes('\0')) throw new Refusal('no usable subject')
  const userId = requireUuid(await external.userOf(payload))
  return userPrincipal(userId, {
    iss: external.issuer,
    ...(typeof email === 'string' ? { email, email_verified: email_verified === true } : {}),
  })
}

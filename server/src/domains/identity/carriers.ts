import type { IncomingHttpHeaders } from 'node:http'
import { tokenPrefix } from '../tokens/tokens.ts'
import { identityErrors } from './errors.ts'
import { readSessionValue } from './session-value.ts'

/*
 * Where a credential may stand, and what counts as one.
 *
 *   Authorization: Bearer …, x-api-key, api-key, x-goog-api-key   tokens, JWTs and sessions, with one and the same check
 *   the session cookie                                            from a page of ours or of CORS_ORIGINS
 *   apikey                                                        Supabase's project key; read only when it is alone
 *
 * The same value in two places is one credential. Two that differ are refused: choosing one would let whoever can add
 * a header choose who acts. SDKs send placeholders ("dummy", a provider's sk-…) where they must send something: what
 * has none of our forms is passed over where a credential of ours is there too, and refused where it is all there is.
 */

const longestCredential = 8_192

type Form = 'token' | 'jwt' | 'session'

export interface Credential {
  readonly form: Form
  readonly text: string
  /** It came as a project key, which cannot be a person. */
  readonly isProjectKey: boolean
}

export interface CarrierOptions {
  cookieName: string
  trustedOrigins: ReadonlySet<string>
}

/** The one credential of a request, or undefined where there is none. @throws unauthorized */
export function readCredential(headers: IncomingHttpHeaders, options: CarrierOptions): Credential | undefined {
  const found: Presented = { form: 'token', text: '', isProjectKey: false, differs: false, hasForeign: false }
  const authorization = headers.authorization
  if (authorization) present(found, bearerOf(authorization))
  for (const name of ['x-api-key', 'api-key', 'x-goog-api-key'] as const) {
    const value = headers[name]
    if (value) present(found, oneOf(value))
  }
  if (headers.cookie) presentCookies(found, headers, options)

  if (found.differs) throw identityErrors.unauthorized({ internal: 'two different credentials' })
  if (found.text !== '') return found
  if (found.hasForeign) throw identityErrors.unauthorized({ internal: 'no credential of ours' })
  return headers.apikey ? readProjectKey(headers.apikey) : undefined
}

/** What has been found so far: the first credential of ours, or an empty text. */
interface Presented {
  form: Form
  text: string
  readonly isProjectKey: false
  /** There is another one, and it is not the same. */
  differs: boolean
  hasForeign: boolean
}

function present(found: Presented, text: string | undefined) {
  if (text !== undefined && text.length > longestCredential) throw identityErrors.unauthorized({ internal: 'over-long credential' })
  const form = text === undefined ? undefined : formOf(text)
  if (form === undefined || text === undefined) found.hasForeign = true
  else note(found, form === 'session' ? (readSessionValue(text) ?? text) : text, form)
}

function note(found: Presented, text: string, form: Form) {
  if (found.text !== '' && found.text !== text) found.differs = true
  found.text = text
  found.form = form
}

/** Undefined for another scheme, and for a value that is none. What is over-long stays so, whatever it is. */
function bearerOf(authorization: string): string | undefined {
  const isLong = authorization.length > longestCredential
  if (isLong && authorization.length > longestCredential + 'Bearer '.length) return authorization
  return /^bearer +([^\s,]+) *$/i.exec(authorization)?.[1] ?? (isLong ? authorization : undefined)
}

/** Node joins repeated headers with commas; no form of ours has one. Repeated alike is one, with others beside it none. */
function oneOf(value: string | string[]): string {
  const text = Array.isArray(value) ? value.join(',') : value
  if (text.length > longestCredential || !text.includes(',')) return text
  const [first = '', ...others] = new Set(text.split(/, */))
  if (others.length === 0) return first
  if ([first, ...others].some(formOf)) throw identityErrors.unauthorized({ internal: 'a credential among others in one header' })
  return text
}

/** What begins like one of ours is ours, so that a damaged token is not taken for a placeholder. */
function formOf(text: string): Form | undefined {
  if (text.startsWith(tokenPrefix)) return 'token'
  if (text.startsWith('eyJ')) return 'jwt'
  return readSessionValue(text) === undefined ? undefined : 'session'
}

/** Several cookies of one name may come from several paths; they count like several headers. */
function presentCookies(found: Presented, headers: IncomingHttpHeaders, { cookieName, trustedOrigins }: CarrierOptions) {
  const start = `${cookieName}=`
  for (const part of (headers.cookie ?? '').split(';')) {
    const pair = part.trim()
    if (!pair.startsWith(start)) continue
    const text = pair.slice(start.length).replace(/^"(.*)"$/, '$1')
    if (text === '') continue
    const value = text.length > longestCredential ? undefined : readSessionValue(text)
    if (value === undefined) throw identityErrors.unauthorized({ internal: 'malformed session cookie' })
    // Sent on purpose as well, it needs no protection from pages that make a browser send it.
    if (found.text !== value) requireOwnPage(headers, trustedOrigins)
    note(found, value, 'session')
  }
}

/**
 * Browsers name the page behind every request that changes something and every request across origins. SameSite=Lax
 * keeps other sites out; this keeps out the neighbours on the same site too.
 */
function requireOwnPage({ origin, host }: IncomingHttpHeaders, trustedOrigins: ReadonlySet<string>) {
  if (origin === undefined || trustedOrigins.has(origin)) return
  if (host !== undefined && URL.parse(origin)?.host === host) return
  throw identityErrors.unauthorized({ internal: 'session cookie sent by a page of another origin' })
}

function readProjectKey(value: string | string[]): Credential {
  const text = String(value)
  if (text.length > longestCredential) throw identityErrors.unauthorized({ internal: 'over-long credential' })
  if (formOf(text) !== 'jwt') throw identityErrors.unauthorized({ internal: 'the project key is not a JWT' })
  return { form: 'jwt', text, isProjectKey: true }
}

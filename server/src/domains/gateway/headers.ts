import type { IncomingHttpHeaders } from 'node:http'
import type { Candidate } from './ports.ts'

/*
 * What passes, by name; everything else stays here. A client's credentials are never forwarded: they are ours, or
 * placeholders that would outrank the key. Nor is a Host, a cookie, or what belongs to one connection.
 */

/** From the client, as they stand, beside those of its dialect. */
const forwarded = ['accept', 'range', 'http-referer', 'x-title'] as const
/** Which account of the key's owner is meant: that is for whom owns the key to say. */
const forwardedWithOwnKey = ['openai-organization', 'openai-project'] as const

/** From the provider. */
const passed = new Set([
  'content-type',
  'content-encoding',
  'content-disposition',
  'content-range',
  'accept-ranges',
  'cache-control',
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'x-generation-id',
])
const passedPrefixes = ['x-ratelimit-', 'openai-', 'anthropic-ratelimit-']
/** Whose account the key belongs to: where it is not the caller's own, that is not theirs to know. */
const ofAccount = new Set(['openai-organization', 'openai-project', 'anthropic-organization-id'])

export const isOwnKey = ({ source }: Pick<Candidate, 'source'>) => source === 'user-key' || source === 'user-gateway'

export function requestHeaders(
  client: IncomingHttpHeaders,
  ofDialect: readonly string[],
  { contentType, lengthBytes }: { contentType?: string | undefined; lengthBytes?: number | undefined },
  candidate: Candidate,
  ofProvider: Readonly<Record<string, string>> | undefined,
  auth: Readonly<Record<string, string>>,
): Record<string, string> {
  // Usage is read from the answer on its way, so it must come unpacked.
  const headers: Record<string, string> = { 'user-agent': 'keyloft', 'accept-encoding': 'identity' }
  if (contentType !== undefined) headers['content-type'] = contentType
  if (lengthBytes !== undefined) headers['content-length'] = String(lengthBytes)
  Object.assign(headers, ofProvider)
  for (const name of forwarded) copy(client, name, headers)
  for (const name of ofDialect) copy(client, name, headers)
  if (isOwnKey(candidate)) for (const name of forwardedWithOwnKey) copy(client, name, headers)
  return Object.assign(headers, auth)
}

function copy(client: IncomingHttpHeaders, name: string, headers: Record<string, string>) {
  const value = client[name]
  if (typeof value === 'string') headers[name] = value
}

/** Names and values in turn, as writeHead takes them quickest. */
export function passOn(given: IncomingHttpHeaders, candidate: Candidate, secrets: readonly string[]): string[] {
  const headers: string[] = []
  const isOwn = isOwnKey(candidate)
  for (const name in given) {
    if (!passed.has(name) && !isOfPassedKind(name)) continue
    if (!isOwn && ofAccount.has(name)) continue
    const value = given[name]
    if (typeof value === 'string' && !tells(value, secrets)) headers.push(name, value)
  }
  return headers
}

function isOfPassedKind(name: string): boolean {
  for (const prefix of passedPrefixes) if (name.startsWith(prefix)) return true
  return false
}

function tells(value: string, secrets: readonly string[]): boolean {
  for (const secret of secrets) if (value.includes(secret)) return true
  return false
}

/** Whose key a call went out with. */
export function credentialTrace({ source, provider, keyId }: Candidate): string {
  return keyId === undefined ? `${source};provider=${provider}` : `${source};provider=${provider};key=${keyId}`
}

/** The headers of a key are the same object for as long as it is held open. */
const secretsOf = new WeakMap<Readonly<Record<string, string>>, readonly string[]>()

/** What of the credential must never come back. A short value would be found everywhere. */
export function secretsIn(headers: Readonly<Record<string, string>>): readonly string[] {
  const known = secretsOf.get(headers)
  if (known) return known
  const secrets = Object.values(headers)
    .map((value) => value.replace(/^Bearer /i, ''))
    .filter((value) => value.length >= 8)
  secretsOf.set(headers, secrets)
  return secrets
}

/*
 * Names that mean this machine or its network, whatever a resolver says of them:
 *   https://www.iana.org/assignments/special-use-domain-names
 *   .internal: set aside for private use by ICANN (2024); .corp, .home, .mail: never to be delegated (ICANN 2018)
 * Names that resolve inwards without saying so (localtest.me, 127.0.0.1.nip.io) fail by their address.
 */
const inward = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'mail',
  'home.arpa',
  'arpa',
  'test',
  'invalid',
  'example',
  'onion',
  'alt',
  'metadata.goog',
]

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Why a user may not name this host, or undefined. It is the lower-case ASCII form that URL gives. */
export function faultOfName(name: string, allowed: readonly string[] = []): string | undefined {
  const labels = name.split('.')
  if (name.length > 253 || !labels.every((part) => label.test(part))) return 'not a host name'
  if (allowed.includes(name)) return undefined
  if (labels.length < 2) return 'a single label'
  if (!/^[a-z]/.test(labels.at(-1) ?? '')) return 'no top level domain'
  const suffix = inward.find((ending) => name === ending || name.endsWith(`.${ending}`))
  return suffix && `ends in ${suffix}`
}

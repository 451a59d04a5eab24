import { randomBytes } from 'node:crypto'
import { defineErrors } from '../../base/errors.ts'
import { decodeCanonical, keyBytes, open, seal } from './aead.ts'

export const keyringErrors = defineErrors('keyring', {
  cannot_open: {
    status: 500,
    message: 'A sealed value could not be opened with the present root keys.',
    hint: 'Start with the root keys it was sealed under, retired ones included.',
  },
})

interface RootKey {
  version: string
  key: Buffer
}

/** Root keys, newest first: the newest seals, all of them open. */
export type Keyring = readonly RootKey[]

export const rootKeyExample = 'v1:$(openssl rand -base64 32)'

/** Reads `v2:base64,v1:base64`; 64 hexadecimal digits will do as well. Throws an Error whose message names the fault and never the key. */
export function parseKeyring(text: string): Keyring {
  const keys = text.trim().split(',').map(parseRootKey)
  const versions = keys.map(({ version }) => version)
  const twice = versions.find((version, index) => versions.indexOf(version) !== index)
  if (twice) throw new Error(`names version ${twice} twice`)
  const copy = keys.find(({ key }, index) => keys.findIndex((other) => other.key.equals(key)) < index)
  if (copy) throw new Error(`has the same key under two versions (one is ${copy.version})`)
  return keys
}

function parseRootKey(part: string, index: number): RootKey {
  const [, version, encoded] = /^\s*(v\d{1,9}):([A-Za-z0-9+/_-]+={0,2})\s*$/.exec(part) ?? []
  if (!version || !encoded) throw new Error(`has a part that is not of the form v1:base64 (part ${index + 1})`)
  const isHex = /^[0-9a-f]{64}$/i.test(encoded)
  const key = Buffer.from(encoded, isHex ? 'hex' : 'base64')
  if (key.length !== keyBytes) throw new Error(`has a key of ${key.length} bytes where ${keyBytes} are needed (version ${version})`)
  if (looksChosen(key)) throw new Error(`has a key that is not random (version ${version})`)
  return { version, key }
}

/** Typed words, repeated patterns, counted bytes. A random key is taken for one less often than once in 10^13. */
function looksChosen(key: Buffer): boolean {
  const printable = key.every((byte) => byte >= 0x20 && byte < 0x7f)
  const steps = key.subarray(1).map((byte, index) => byte - (key[index] ?? 0))
  return printable || new Set(key).size < 16 || new Set(steps).size < 4
}

export function generateRootKeys(): string {
  return `v1:${randomBytes(keyBytes).toString('base64')}`
}

/** Seals text under the newest root key, bound to what it is for. */
export function sealWithRootKey(keyring: Keyring, purpose: readonly string[], text: string): string {
  const newest = keyring[0]
  if (!newest) throw new Error('an empty keyring cannot seal')
  return `kr1.${newest.version}.${seal(newest.key, [...purpose, newest.version], text).toString('base64url')}`
}

export function openWithRootKey(keyring: Keyring, purpose: readonly string[], sealed: string): string {
  const [form, version, encoded = '', ...rest] = sealed.split('.')
  const bytes = form === 'kr1' && rest.length === 0 ? decodeCanonical(encoded) : undefined
  if (!bytes) throw keyringErrors.cannot_open({ internal: 'malformed' })
  const root = keyring.find((candidate) => candidate.version === version)
  if (!root) throw keyringErrors.cannot_open({ internal: `no root key of version ${version}` })
  try {
    return open(root.key, [...purpose, root.version], bytes)
  } catch (cause) {
    throw keyringErrors.cannot_open({ cause })
  }
}

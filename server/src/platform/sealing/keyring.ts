import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { defineErrors } from '../../base/errors.ts'

const keyringErrors = defineErrors('keyring', {
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

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

export const rootKeyExample = 'v1:$(openssl rand -base64 32)'

/** Reads `v2:base64,v1:base64`. Throws an Error whose message names the fault and never the key. */
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
  const key = Buffer.from(encoded, 'base64')
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
  if (!text.isWellFormed()) throw new Error('text with half a character cannot be sealed') // UTF-8 would put another one in its place
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', newest.key, nonce).setAAD(associatedData([...purpose, newest.version]))
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `kr1.${newest.version}.${sealed.toString('base64url')}`
}

export function openWithRootKey(keyring: Keyring, purpose: readonly string[], sealed: string): string {
  const [form, version, encoded = '', ...rest] = sealed.split('.')
  const root = keyring.find((candidate) => candidate.version === version)
  const bytes = Buffer.from(encoded, 'base64url')
  // Decoding forgives strange characters and spare bits; one sealed value must not have several spellings.
  const canonical = form === 'kr1' && rest.length === 0 && bytes.toString('base64url') === encoded
  if (!canonical || !root || bytes.length < nonceBytes + tagBytes) {
    throw keyringErrors.cannot_open({ internal: canonical && !root ? `no root key of version ${version}` : 'malformed' })
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', root.key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(associatedData([...purpose, root.version]))
      .setAuthTag(bytes.subarray(-tagBytes))
    return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch (cause) {
    throw keyringErrors.cannot_open({ cause })
  }
}

/** Each field goes in behind its length, so that ['ab','c'] and ['a','bc'] differ. */
function associatedData(fields: readonly string[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(field, 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

import { createDecipheriv, createHash } from 'node:crypto'

/*
 * What other systems wrote before: `ivHex:cipherHex` of AES-256-CBC, under a key of 64 hexadecimal digits or under the
 * SHA-256 of a secret. It can be read, for import, and is never written: nothing tells whether such a text was changed.
 */

export interface LegacyKeys {
  /** As ENCRYPTION_KEY or API_KEY_ENCRYPTION_KEY held it. */
  readonly hex: readonly string[]
  /** As INTEGRATION_ENCRYPTION_SECRET held it. */
  readonly secrets: readonly string[]
}

const form = /^([0-9a-f]{32}):((?:[0-9a-f]{32})+)$/i

export const isLegacyText = (text: string) => form.test(text)

/** @returns undefined where none of the keys opens it. A wrong key passes for the right one once in some 2^16 texts, hence the last check. */
export function openLegacy(text: string, { hex, secrets }: LegacyKeys): string | undefined {
  const [, iv = '', cipher = ''] = form.exec(text) ?? []
  const keys = [
    ...hex.map((digits) => Buffer.from(digits, 'hex')),
    ...secrets.map((secret) => createHash('sha256').update(secret).digest()),
  ]
  for (const key of keys) {
    try {
      const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(iv, 'hex'))
      const opened = Buffer.concat([decipher.update(Buffer.from(cipher, 'hex')), decipher.final()])
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(opened)
    } catch {
      // the padding or the text is none: another key
    }
  }
  return undefined
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/*
 * AES-256-GCM with a random 96-bit nonce: nonce | ciphertext | tag. What a sealed value is for goes in as associated
 * data, so that it opens nowhere else. One key may seal 2^32 values (NIST SP 800-38D, 8.3); a person's data key is far
 * from that.
 */

export const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

export function seal(key: Buffer, purpose: readonly string[], text: string): Buffer {
  if (!text.isWellFormed()) throw new Error('text with half a character cannot be sealed') // UTF-8 would put another one in its place
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData(purpose))
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** @throws where anything at all is not as it was sealed */
export function open(key: Buffer, purpose: readonly string[], sealed: Buffer): string {
  if (sealed.length < nonceBytes + tagBytes) throw new Error('too short')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(associatedData(purpose))
    .setAuthTag(sealed.subarray(-tagBytes))
  // Nothing is returned before final() has checked the tag.
  const text = decipher.update(sealed.subarray(nonceBytes, -tagBytes))
  decipher.final()
  return text.toString('utf8')
}

/** Each field goes in behind its length, so that ['ab','c'] and ['a','bc'] differ. */
function associatedData(fields: readonly string[]): Buffer {
  let size = 0
  for (const field of fields) size += 4 + Buffer.byteLength(field)
  const data = Buffer.allocUnsafe(size)
  let at = 0
  for (const field of fields) {
    const length = data.write(field, at + 4)
    data.writeUInt32BE(length, at)
    at += 4 + length
  }
  return data
}

/** Decoding forgives strange characters and spare bits; one sealed value must not have several spellings. */
export function decodeCanonical(encoded: string): Buffer | undefined {
  const bytes = Buffer.from(encoded, 'base64url')
  return bytes.toString('base64url') === encoded ? bytes : undefined
}

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashToken, makeToken, readPublicId } from './token-format.ts'

describe('an API token', () => {
  it('has a prefix, a public id, a secret and a checksum, and is never made twice', () => {
    const made = Array.from({ length: 2_000 }, makeToken)
    for (const { token, publicId, prefix, secretHash } of made) {
      expect(token).toMatch(/^klt_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/)
      expect(token.startsWith(`${prefix}_`)).toBe(true)
      expect(prefix).toBe(`klt_${publicId}`)
      expect(readPublicId(token)).toBe(publicId)
      expect(secretHash).toEqual(createHash('sha256').update(token).digest())
      expect(hashToken(token)).toEqual(secretHash)
    }
    expect(new Set(made.map(({ publicId }) => publicId)).size).toBe(2_000)
  })

  it('is known by its checksum, as others can compute it', () => {
    // CRC-32 of "klt_AAAAAAAAAAAA_" and 32 zeroes, in base62 (0-9A-Za-z) of six places.
    const body = `klt_AAAAAAAAAAAA_${'0'.repeat(32)}`
    expect(readPublicId(`${body}${independentChecksum(body)}`)).toBe('AAAAAAAAAAAA')
  })

  it('is not known after any change of one character, or when it is cut or lengthened', () => {
    const { token } = makeToken()
    for (let at = 0; at < token.length; at++) {
      for (const other of ['0', 'z', '_', "'", ' ', '\n', 'é']) {
        const changed = token.slice(0, at) + other + token.slice(at + 1)
        if (changed !== token) expect(readPublicId(changed)).toBeUndefined()
      }
      expect(readPublicId(token.slice(0, at))).toBeUndefined()
    }
    for (const changed of [`${token}0`, ` ${token}`, `${token}\n`, token.toLowerCase().replace('klt', 'KLT'), '', 'klt_']) {
      expect(readPublicId(changed)).toBeUndefined()
    }
  })
})

/** Bit by bit, without a table and without zlib. */
function independentChecksum(text: string): string {
  let crc = 0xffffffff
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  let rest = BigInt((crc ^ 0xffffffff) >>> 0)
  let digits = ''
  for (let place = 0; place < 6; place++) {
    digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'[Number(rest % 62n)] + digits
    rest /= 62n
  }
  return digits
}

import { createHash, createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashToken, isWellFormed, makeToken, readPublicId } from './token-format.ts'

describe('an API token', () => {
  const key = randomBytes(32)

  it('has a prefix, a public id, a secret, a mark and a checksum, and is never made twice', () => {
    const made = Array.from({ length: 2_000 }, () => makeToken(key))
    for (const { token, publicId, prefix, secretHash } of made) {
      expect(token).toMatch(/^klt_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}$/)
      expect(token.startsWith(`${prefix}_`)).toBe(true)
      expect(prefix).toBe(`klt_${publicId}`)
      expect(readPublicId(token, key)).toBe(publicId)
      expect(secretHash).toEqual(createHash('sha256').update(token).digest())
      expect(hashToken(token)).toEqual(secretHash)
    }
    expect(new Set(made.map(({ publicId }) => publicId)).size).toBe(2_000)
  })

  it('has a checksum that anybody can compute, and a mark that only its issuer can', () => {
    const body = `klt_AAAAAAAAAAAA_${'0'.repeat(32)}`
    const mark = inBase62(BigInt(`0x${createHmac('sha256', key).update(body).digest('hex').slice(0, 12)}`), 8)
    const token = `${body}${mark}${independentChecksum(body + mark)}`
    expect(readPublicId(token, key)).toBe('AAAAAAAAAAAA')
    expect(readPublicId(token, randomBytes(32))).toBeUndefined()
    expect(isWellFormed(token)).toBe(true)
  })

  it('is not known when somebody invented it, however right its checksum', () => {
    for (let round = 0; round < 5_000; round++) {
      const invented = makeToken(randomBytes(32)).token
      expect(isWellFormed(invented)).toBe(true)
      expect(readPublicId(invented, key)).toBeUndefined()
    }
  })

  it('is not known after any change of one character, or when it is cut or lengthened', () => {
    const { token } = makeToken(key)
    for (let at = 0; at < token.length; at++) {
      for (const other of ['0', 'z', '_', "'", ' ', '\n', 'é']) {
        const changed = token.slice(0, at) + other + token.slice(at + 1)
        if (changed !== token) expect(isWellFormed(changed)).toBe(false)
      }
      expect(isWellFormed(token.slice(0, at))).toBe(false)
    }
    for (const changed of [`${token}0`, ` ${token}`, `${token}\n`, token.toLowerCase().replace('klt', 'KLT'), '', 'klt_']) {
      expect(readPublicId(changed, key)).toBeUndefined()
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
  return inBase62(BigInt((crc ^ 0xffffffff) >>> 0), 6)
}

function inBase62(number: bigint, places: number): string {
  let rest = number
  let digits = ''
  for (let place = 0; place < places; place++) {
    digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'[Number(rest % 62n)] + digits
    rest /= 62n
  }
  return digits
}

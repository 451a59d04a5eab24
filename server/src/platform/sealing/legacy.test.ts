import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isLegacyText, openLegacy } from './legacy.ts'

function write(key: Buffer, text: string): string {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  return `${iv.toString('hex')}:${Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('hex')}`
}

describe('what other systems sealed', () => {
  const hex = randomBytes(32).toString('hex')
  const secret = 'the integration secret of that time'
  const keys = { hex: [randomBytes(32).toString('hex'), hex], secrets: [secret] }

  it('is read under a key of 64 digits, and under the hash of a secret', () => {
    for (const key of [Buffer.from(hex, 'hex'), createHash('sha256').update(secret).digest()]) {
      for (const text of ['sk-proj-0123', 'schlüssel 🔑', 'x'.repeat(5_000)]) {
        const sealed = write(key, text)
        expect(isLegacyText(sealed)).toBe(true)
        expect(openLegacy(sealed, keys)).toBe(text)
        expect(openLegacy(sealed.toUpperCase(), keys)).toBe(text)
      }
    }
  })

  it('is not read under another key', () => {
    const wrong = Array.from({ length: 200 }, () => openLegacy(write(randomBytes(32), 'sk-proj-0123'), keys))
    expect(wrong.filter((text) => text === 'sk-proj-0123')).toEqual([])
    expect(openLegacy(write(Buffer.from(hex, 'hex'), 'x'), { hex: [], secrets: [] })).toBeUndefined()
  })

  it.each(['', ':', 'plain text', 'aa:bb', `${'0'.repeat(32)}:${'0'.repeat(31)}`, `${'g'.repeat(32)}:${'0'.repeat(32)}`, 'kl1.a.1.b'])(
    'is not what looks otherwise (%j)',
    (text) => {
      expect(isLegacyText(text)).toBe(false)
      expect(openLegacy(text, keys)).toBeUndefined()
    },
  )
})

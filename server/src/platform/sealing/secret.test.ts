import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../base/errors.ts'
import { openSecret, type SealedSecret, sealSecret } from './secret.ts'

const text = 'sk-of-ada'
const dataKey = { version: 1, key: randomBytes(32) }
const purpose = { userId: randomUUID(), kind: 'provider key', provider: 'openai', host: 'api.openai.com' }
const row = sealSecret(dataKey, purpose, text)

function expectClosed(changed: Partial<Record<keyof SealedSecret, unknown>>, key = dataKey.key) {
  const tampered = { ...row, ...changed } as SealedSecret
  // For whoever takes it for what it was, and for whoever takes it for what it says it is now.
  for (const expected of [purpose, { userId: tampered.user_id, kind: tampered.kind, provider: tampered.provider }]) {
    let opened: string | undefined
    try {
      opened = openSecret(key, tampered, expected)
    } catch (error) {
      expect(error).toBeInstanceOf(AppError)
      expect(error).toMatchObject({ code: 'secret.cannot_open', status: 500 })
      expect(`${(error as AppError).message}${(error as AppError).internal}${(error as Error).cause}`).not.toContain(text)
      continue
    }
    expect.unreachable(`${JSON.stringify(changed)} was opened as ${opened}`)
  }
}

function turned(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

describe('a secret’s row', () => {
  const head = row.sealed.slice(0, row.sealed.lastIndexOf('.') + 1)
  const encoded = row.sealed.slice(head.length)

  it('opens as it was sealed, whatever the text', () => {
    expect(openSecret(dataKey.key, row, purpose)).toBe(text)
    for (const other of ['', '\0', '👩‍👩‍👧', 'x'.repeat(70_000)]) {
      expect(openSecret(dataKey.key, sealSecret(dataKey, purpose, other), purpose)).toBe(other)
    }
  })

  it('stays closed after any single bit of its text was turned', () => {
    const bytes = Buffer.from(row.sealed, 'latin1')
    for (let bit = 0; bit < bytes.length * 8; bit++) expectClosed({ sealed: turned(bytes, bit).toString('latin1') })
  })

  it('stays closed after any single bit of what is encoded in it was turned', () => {
    const bytes = Buffer.from(encoded, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) expectClosed({ sealed: head + turned(bytes, bit).toString('base64url') })
  })

  it('stays closed cut short or made longer anywhere', () => {
    for (let at = 0; at < row.sealed.length; at++) expectClosed({ sealed: row.sealed.slice(0, at) })
    for (let at = 0; at <= row.sealed.length; at++) expectClosed({ sealed: `${row.sealed.slice(0, at)}A${row.sealed.slice(at)}` })
  })

  it('has one spelling', () => {
    const others = ['=', '==', '\n', ' ', '\0', '.', '%'].flatMap((end) => [row.sealed + end, end + row.sealed, head + end + encoded])
    for (const sealed of [...others, row.sealed.toUpperCase(), `kl1.${row.id.toUpperCase()}.1.${encoded}`, `kl1.${row.id}.01.${encoded}`]) {
      expectClosed({ sealed })
    }
  })

  it.each<[string, unknown[]]>([
    ['id', [randomUUID(), row.id.toUpperCase(), '', null]],
    ['user_id', [randomUUID(), null, '', purpose.userId.toUpperCase()]],
    ['kind', ['oauth token', 'provider keyo', '', null]],
    ['provider', ['anthropic', '', 'openaiapi.openai.com', null]],
    ['host', ['api.anthropic.com', '', 'api.openai.com.', null]],
    ['version', [2, 0, '1 ', null]],
    ['sealed', [sealSecret(dataKey, purpose, text).sealed, '', null, undefined, 7]],
  ])('stays closed with another %s', (column, values) => {
    for (const value of values) expectClosed({ [column]: value })
  })

  it('stays closed when what is in one field moves into the next', () => {
    const { kind, provider, host } = row
    expectClosed({ kind: kind + provider, provider: '' })
    expectClosed({ provider: '', host: provider + host })
    expectClosed({ provider: provider + host, host: '' })
  })

  it('stays closed under another key', () => {
    for (const key of [randomBytes(32), Buffer.alloc(32), randomBytes(16), Buffer.alloc(0)]) expectClosed({}, key)
  })

  it('stays closed for whoever takes it for another’s or another thing', () => {
    for (const other of [{ userId: randomUUID() }, { userId: null }, { kind: 'oauth token' }, { provider: 'anthropic' }]) {
      expect(() => openSecret(dataKey.key, row, { ...purpose, ...other })).toThrow(expect.objectContaining({ code: 'secret.cannot_open' }))
    }
  })
})

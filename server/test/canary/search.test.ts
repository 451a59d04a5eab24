import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { needlesFor } from './needles.ts'
import { search } from './search.ts'

const mark = 'k3Qz8VbN5xWmT7rYc2HsJ9Lp'
const secret = `sk-proj-${mark}-x"1\\`
const needles = needlesFor(mark)
const formsIn = (bytes: Buffer | string) => [...new Set(search(Buffer.from(bytes), needles).map(({ form }) => form))]

describe('the search', () => {
  const percentEncoded = [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join('')
  const utf16 = Buffer.from(`x${secret}`, 'utf16le')
  it.each<[string, Buffer | string]>([
    ['raw', `{"a":"${secret}"}`],
    ['raw', JSON.stringify({ a: JSON.stringify({ secret }) })],
    ['raw', encodeURIComponent(secret)],
    ['raw', `cut off after ${secret.slice(0, 8 + 12)}…`],
    ['raw', `cut off before …${mark.slice(12)}`],
    ['raw, in small letters', secret.toLowerCase()],
    ['raw, in capitals', secret.toUpperCase()],
    ['hex', `\\x${Buffer.from(secret).toString('hex')}`],
    ['hex, in capitals', Buffer.from(secret).toString('hex').toUpperCase()],
    ['percent-encoded', percentEncoded],
    ['percent-encoded, in capitals', percentEncoded.toUpperCase()],
    ['escaped as JSON', [...secret].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')],
    ['bytes in decimal', JSON.stringify(Buffer.from(secret))],
    ['UTF-16', utf16],
    ['UTF-16, big end first', Buffer.from(utf16).swap16()],
    ...['', 'a', 'ab'].flatMap((before) =>
      (['base64', 'base64url'] as const).map((encoding): [string, string] => ['base64', Buffer.from(before + secret).toString(encoding)]),
    ),
    ['raw, in gzip', Buffer.concat([randomBytes(40), gzipSync(secret), randomBytes(40)])],
    ['raw, in gzip', gzipSync(`${secret}${randomBytes(900).toString('hex')}`).subarray(0, -200)],
    ['raw, in zlib', Buffer.concat([randomBytes(40), deflateSync(secret)])],
    ['raw, in zlib', Buffer.concat([Buffer.from('x'), deflateSync(secret, { level: 9 }), Buffer.from('x')])],
    ['raw, in deflate', deflateRawSync(secret)],
    ['raw, in brotli', brotliCompressSync(secret)],
    ['base64, in gzip', gzipSync(Buffer.from(secret).toString('base64'))],
    ['raw, in gzip, in gzip', gzipSync(gzipSync(secret))],
  ])('finds it as %s (%#)', (form, bytes) => expect(formsIn(bytes)).toContain(form))

  it('says where', () => expect(search(Buffer.from(`before ${secret}`), needles)[0]?.around).toContain(`before ${secret}`))

  it('takes nothing else for it', () => {
    const others = Array.from({ length: 200 }, () => randomBytes(24).toString('base64'))
    expect(formsIn([...others, mark.slice(0, 11), mark.slice(13), [...mark].reverse().join('')].join('\n'))).toEqual([])
    expect(formsIn(randomBytes(3_000_000))).toEqual([])
    expect(formsIn(gzipSync(randomBytes(3_000)))).toEqual([])
  })
})

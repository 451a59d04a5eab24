import { randomBytes } from 'node:crypto'

/*
 * How a secret looks in whatever it may have been turned into. Searched for is not the whole of it but each half of its
 * mark: what was cut off in the middle is found too, and twelve random characters occur nowhere by chance.
 */
export interface Needle {
  /** As what it was found: `hex`, `base64` … */
  form: string
  bytes: Buffer
}

const windowLength = 12

/** Letters and digits, so that most ways of escaping leave it as it is. */
export const newMark = () => randomBytes(64).toString('base64').replaceAll(/[+/=]/g, '').slice(0, 24)

export function needlesFor(mark: string): Needle[] {
  const needles: Needle[] = []
  for (let at = 0; at + windowLength <= mark.length; at += windowLength) needles.push(...formsOf(mark.slice(at, at + windowLength)))
  return needles
}

function formsOf(text: string): Needle[] {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  const each = (write: (code: string) => string) => [...hex.matchAll(/../g)].map(([code]) => write(code)).join('')
  const texts: [string, string][] = [
    ['raw', text],
    ['raw, in small letters', text.toLowerCase()],
    ['raw, in capitals', text.toUpperCase()],
    ['hex', hex],
    ['hex, in capitals', hex.toUpperCase()],
    ['percent-encoded', each((code) => `%${code}`)],
    ['percent-encoded, in capitals', each((code) => `%${code.toUpperCase()}`)],
    ['escaped as JSON', each((code) => `\\u00${code}`)],
    ['escaped as JSON, in capitals', each((code) => `\\u00${code.toUpperCase()}`)],
    ['bytes in decimal', bytes.join(',')],
    ...[0, 1, 2].map((before): [string, string] => ['base64', inBase64(bytes, before)]),
  ]
  const utf16 = Buffer.from(text, 'utf16le')
  return [
    ...texts.map(([form, spelled]) => ({ form, bytes: Buffer.from(spelled) })),
    { form: 'UTF-16', bytes: utf16 },
    { form: 'UTF-16, big end first', bytes: Buffer.from(utf16).swap16() },
  ]
}

/** The characters that stand for these bytes alone, when so many bytes stand before them in the same group of three. */
function inBase64(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes, Buffer.alloc(3)]).toString('base64')
  return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
}

import { randomFillSync } from 'node:crypto'

/*
 * Every call takes two ids. node's own randomUUID builds its text out of twenty pieces; here the digits are written into
 * one buffer and read as one text, and the random bytes are drawn for some hundred ids at once.
 */

const random = Buffer.allocUnsafe(4_096)
let used = random.length
/** The time that stands in the text. */
let writtenMs: number | undefined
const text = Buffer.from('00000000-0000-0000-0000-000000000000')
const digits = Buffer.from('0123456789abcdef')
const hyphen = '-'.charCodeAt(0)

/** A random UUIDv4. */
export function randomId(): string {
  writtenMs = undefined
  writeRandom(0)
  return finish('4')
}

/** A UUIDv7 (RFC 9562): begins with the time, so that rows made after one another lie beside each other. */
export function uuidV7(atMs: number): string {
  if (atMs !== writtenMs) writeTime(atMs)
  writeRandom(14)
  return finish('7')
}

/** Many ids are made in one millisecond. */
function writeTime(atMs: number) {
  let rest = atMs
  for (let at = 12; at >= 0; at--) {
    if (text[at] === hyphen) continue
    const digit = rest % 16
    text[at] = digits[digit] as number
    rest = (rest - digit) / 16
  }
  writtenMs = atMs
}

function writeRandom(from: number) {
  if (used + text.length > random.length) {
    randomFillSync(random)
    used = 0
  }
  for (let at = from; at < text.length; at++) {
    if (text[at] !== hyphen) text[at] = digits[(random[used++] as number) & 15] as number
  }
}

function finish(version: '4' | '7'): string {
  text[14] = version.charCodeAt(0)
  text[19] = digits[8 + ((random[used++] as number) & 3)] as number
  return text.toString('latin1')
}

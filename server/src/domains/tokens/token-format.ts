import { createHash, createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

/*
 * klt_<public id>_<secret><mark><checksum>
 *
 * The prefix is registered, so that scanners find tokens that were published by mistake; the public id finds the row
 * and is no secret; the secret has 190 bits. The checksum (CRC-32 of all before it, as GitHub does) lets anybody tell a
 * mistyped token. The mark is ours alone: a keyed hash of what stands before it, so that a token nobody issued costs no
 * question to the database, however many are invented. It lets nobody in: the hash of the whole does that.
 * See docs/decisions/0023.
 */

export const tokenPrefix = 'klt_'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const publicIdLength = 12
const secretLength = 32
/** 47 bits: of 10^14 invented tokens one reaches the database. */
const markLength = 8
const checksumLength = 6
const form = new RegExp(`^${tokenPrefix}([0-9A-Za-z]{${publicIdLength}})_[0-9A-Za-z]{${secretLength + markLength + checksumLength}}$`)

export interface NewToken {
  /** Shown once, kept nowhere. */
  token: string
  publicId: string
  secretHash: Buffer
  /** How people recognise it. */
  prefix: string
}

export function makeToken(markKey: Buffer, publicId = randomText(publicIdLength)): NewToken {
  const body = `${tokenPrefix}${publicId}_${randomText(secretLength)}`
  const marked = body + markOf(body, markKey)
  const token = marked + checksum(marked)
  return { token, publicId, secretHash: hashToken(token), prefix: tokenPrefix + publicId }
}

/** Whether a text has the form and the checksum of a token. */
export function isWellFormed(text: string): boolean {
  return form.test(text) && checksum(text.slice(0, -checksumLength)) === text.slice(-checksumLength)
}

/** The public id of a token that was issued under this key, and nothing of any other text. */
export function readPublicId(text: string, markKey: Buffer): string | undefined {
  if (!isWellFormed(text)) return undefined
  const marked = text.slice(0, -checksumLength)
  const right = Buffer.from(markOf(marked.slice(0, -markLength), markKey))
  if (!timingSafeEqual(Buffer.from(marked.slice(-markLength)), right)) return undefined
  return text.slice(tokenPrefix.length, tokenPrefix.length + publicIdLength)
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function markOf(body: string, key: Buffer): string {
  const bytes = createHmac('sha256', key).update(body).digest()
  return inDigits(bytes.readUIntBE(0, 6), markLength) // 48 bits, a little more than eight digits hold
}

function checksum(body: string): string {
  return inDigits(crc32(body), checksumLength)
}

/** The lowest places of a number in base 62. */
function inDigits(number: number, places: number): string {
  let rest = number
  let digits = ''
  for (let place = 0; place < places; place++) {
    digits = alphabet.charAt(rest % alphabet.length) + digits
    rest = Math.floor(rest / alphabet.length)
  }
  return digits
}

function randomText(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}

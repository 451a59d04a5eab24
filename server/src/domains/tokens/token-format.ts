import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

/*
 * klt_<public id>_<secret><checksum>
 *
 * The prefix is registered, so that scanners find tokens that were published by mistake; the public id finds the row
 * and is no secret; the secret has 190 bits; the checksum (CRC-32 of all before it, as GitHub does) tells a mistyped
 * or invented token without a question to the database. It keeps nobody out who knows this page: the hash does that.
 */

export const tokenPrefix = 'klt_'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const publicIdLength = 12
const secretLength = 32
const checksumLength = 6
const form = new RegExp(`^${tokenPrefix}([0-9A-Za-z]{${publicIdLength}})_[0-9A-Za-z]{${secretLength + checksumLength}}$`)

export interface NewToken {
  /** Shown once, kept nowhere. */
  token: string
  publicId: string
  secretHash: Buffer
  /** How people recognise it. */
  prefix: string
}

export function makeToken(publicId = randomText(publicIdLength)): NewToken {
  const body = `${tokenPrefix}${publicId}_${randomText(secretLength)}`
  const token = body + checksum(body)
  return { token, publicId, secretHash: hashToken(token), prefix: tokenPrefix + publicId }
}

/** The public id of a text that has the form and checksum of a token, and nothing of any other. */
export function readPublicId(text: string): string | undefined {
  const publicId = form.exec(text)?.[1]
  return publicId !== undefined && checksum(text.slice(0, -checksumLength)) === text.slice(-checksumLength) ? publicId : undefined
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function checksum(body: string): string {
  let rest = crc32(body)
  let digits = ''
  for (let place = 0; place < checksumLength; place++) {
    digits = alphabet.charAt(rest % alphabet.length) + digits
    rest = Math.floor(rest / alphabet.length)
  }
  return digits
}

function randomText(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}

import { createHmac, timingSafeEqual } from 'node:crypto'

/*
 * What a browser holds in the session cookie, and what better-auth's bearer plugin takes: `<token>.<signature>`, the
 * signature an HMAC-SHA256 of the token in base64, both percent-encoded or not. The signature is checked before the
 * token is looked up: an invented one costs no query, and a stolen row of auth.sessions signs nobody in.
 */

const form = /^[0-9A-Za-z]{32}\.[0-9A-Za-z+/]{43}=$/
const encodedForm = /^[0-9A-Za-z]{32}\.[0-9A-Za-z%]{43,160}(?:=|%3D)$/i

/** In its one plain spelling; undefined for a text of another form. */
export function readSessionValue(text: string): string | undefined {
  if (form.test(text)) return text
  if (!text.includes('%') || !encodedForm.test(text.replaceAll(/[+/]/g, 'a'))) return undefined
  try {
    const plain = decodeURIComponent(text)
    return form.test(plain) ? plain : undefined
  } catch {
    return undefined
  }
}

export function signSessionToken(token: string, secret: string): string {
  return `${token}.${createHmac('sha256', secret).update(token).digest('base64')}`
}

/** The token of a value whose signature holds. */
export function openSessionValue(value: string, secret: string): string | undefined {
  const [token = ''] = value.split('.')
  const right = Buffer.from(signSessionToken(token, secret))
  const given = Buffer.from(value)
  return given.length === right.length && timingSafeEqual(given, right) ? token : undefined
}

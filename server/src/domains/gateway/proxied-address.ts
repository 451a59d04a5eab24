import { httpErrors } from '../../platform/http/errors.ts'
import { gatewayErrors } from './errors.ts'

/** What Google takes as a credential in a query; a client's is ours and goes nowhere. */
const credentials = new Set(['key', 'access_token', 'oauth_token'])

/** By which Google is asked for a part of an answer, and the usage may not be in it. */
const selections = new Set(['fields', '$fields'])

/** The query of a request as it stands, but for credentials; with its question mark. */
export function passedQuery(url: string, { isMetered = false } = {}): string {
  const at = url.indexOf('?')
  if (at < 0) return ''
  const kept = url
    .slice(at + 1)
    .split('&')
    .filter((pair) => pair !== '' && !credentials.has(nameOf(pair)))
  if (isMetered && kept.some((pair) => selections.has(nameOf(pair))))
    throw httpErrors.invalid({ message: 'A selection of fields could leave out the usage.', hint: 'Ask without `fields`.' })
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

function nameOf(pair: string): string {
  try {
    return decodeURIComponent((pair.split('=')[0] ?? '').replaceAll('+', ' ')).toLowerCase()
  } catch (cause) {
    throw httpErrors.bad_request({ cause })
  }
}

const ambiguous = /%2f|%5c|%2e|%25|%00|\\|\/\/|\/\.{1,2}(?:[/;]|$)/i

/** What stands behind the provider in the address, as it was sent: nothing that another reader could take for elsewhere. */
export function proxiedPath(url: string): string {
  const [, path = ''] = /^\/proxy\/[^/?]+(\/[^?]*)/.exec(url) ?? []
  if (path === '' || path === '/' || ambiguous.test(path)) throw gatewayErrors.path_refused()
  return path
}

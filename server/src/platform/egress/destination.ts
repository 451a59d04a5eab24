import { type Address, faultOf, type Network, parseAddress, parseNetwork } from './addresses.ts'
import { egressErrors } from './errors.ts'
import { faultOfName } from './names.ts'

/** What users may name beyond https on port 443 of the public internet. The operator's choice. */
export interface Allowances {
  /** http as well; its port must be allowed too. */
  readonly plainHttp: boolean
  readonly ports: readonly number[]
  /** Such as 10.20.0.0/16: addresses of the operator's own network. */
  readonly networks: readonly string[]
  /** Such as llm.corp.internal: full names that would be refused for how they end. */
  readonly names: readonly string[]
}

/** A host that was checked, or that the operator vouches for, and a path on it. Made by the door alone. */
export interface Destination {
  readonly namedBy: 'user' | 'operator'
  /** `https://host[:port]`, in the one spelling that is dialled. */
  readonly origin: string
  readonly hostname: string
  /** With its query, as it goes over the wire. */
  readonly path: string
  /** A place beneath this one: of https://host/v1, at('/models') is https://host/v1/models. A query stays behind. */
  at(path: string): Destination
}

export interface Rules {
  readonly schemes: readonly string[]
  readonly ports: readonly number[]
  readonly networks: readonly Network[]
  readonly names: readonly string[]
}

export function rulesFrom(allow: Partial<Allowances> = {}): Rules {
  return {
    schemes: allow.plainHttp ? ['https:', 'http:'] : ['https:'],
    ports: allow.ports ?? [443],
    networks: (allow.networks ?? []).map(parseNetwork),
    names: (allow.names ?? []).map((name) => name.toLowerCase()),
  }
}

const longestUrl = 2_048
/** Blanks, control characters and backslashes: URL would mend them in silence, and another program read them differently. */
const mended = /[\0-\x20\x7f\\]/

/** The one reading of an address. Of the text itself only the outer form is looked at. */
export function readUrl(text: string): URL {
  const url = text.length > longestUrl || mended.test(text) ? null : URL.parse(text)
  if (!url) throw egressErrors.url_invalid()
  if (!/^https?:$/.test(url.protocol)) throw egressErrors.scheme_refused()
  if (url.username || url.password || /^\w+:\/*[^/?#]*@/.test(text)) throw egressErrors.credentials_refused()
  return url
}

/**
 * Checks what can be checked without asking a resolver. Run on the URL when it is named, and again by the connector
 * on what is about to be dialled.
 * @returns the address where the host is one
 */
export function checkTarget(
  { protocol, hostname, port }: { protocol: string; hostname: string; port: string },
  rules: Rules,
): Address | undefined {
  if (!rules.schemes.includes(protocol)) throw egressErrors.scheme_refused({ internal: protocol })
  if (!rules.ports.includes(Number(port || (protocol === 'https:' ? 443 : 80)))) throw egressErrors.port_refused({ internal: port })
  const address = parseAddress(hostname.replace(/^\[(.*)\]$/, '$1'))
  const fault = address ? faultOf(address, rules.networks) : faultOfName(hostname, rules.names)
  if (fault) throw egressErrors.host_refused({ internal: `${hostname}: ${fault}` })
  return address
}

/** `register` is how the door knows its own destinations from forged ones. */
export function makeDestination(namedBy: Destination['namedBy'], url: URL, register: (made: Destination) => void): Destination {
  const made: Destination = Object.freeze({
    namedBy,
    origin: url.origin,
    hostname: url.hostname,
    path: url.pathname + url.search,
    at(path: string) {
      const folder = url.pathname.replace(/\/+$/, '')
      const below = path.startsWith('/') && !mended.test(path) ? URL.parse(url.origin + folder + path) : null
      // URL resolves `..`, spelt in whichever way.
      if (below?.origin !== url.origin || !below.pathname.startsWith(`${folder}/`))
        throw egressErrors.url_invalid({ internal: 'leaves its base' })
      return makeDestination(namedBy, below, register)
    },
  })
  register(made)
  return made
}

import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/*
 * Which addresses a stranger may send us to. The registries:
 *   https://www.iana.org/assignments/iana-ipv4-special-registry
 *   https://www.iana.org/assignments/iana-ipv6-special-registry
 *   https://www.iana.org/assignments/ipv6-address-space            (only 2000::/3 is given out)
 * What they call "globally reachable" inside a special block (anycast relays, AS112, ORCHID) is refused with the
 * block: no provider lives there. addresses.test.ts holds the registries' rows, so that a library that loses one fails.
 */
export type Address = ipaddr.IPv4 | ipaddr.IPv6
export type Network = readonly [Address, number]

/** Reads the plain forms alone: no zone, no octal, no short form. A name or anything odd is undefined. */
export function parseAddress(text: string): Address | undefined {
  return isIP(text) === 0 || text.includes('%') ? undefined : ipaddr.parse(text)
}

/** Throws an Error that names the text: it comes from the operator. */
export function parseNetwork(text: string): Network {
  const [, address = '', bits] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? []
  const parsed = parseAddress(address)
  if (!parsed || Number(bits) > (parsed.kind() === 'ipv4' ? 32 : 128)) throw new Error(`${text} is not a network such as 10.0.0.0/8`)
  return [parsed, Number(bits)]
}

const contains = ([base, bits]: Network, address: Address) => base.kind() === address.kind() && address.match(base, bits)

const givenOut = parseNetwork('2000::/3')
/** Of the platform a machine runs on, though the address looks public: Azure's agent endpoint. */
const platform = parseNetwork('168.63.129.16/32')

const part = (high = 0, low = 0): Address => new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255])
const last = (parts: number[]) => [part(parts[6], parts[7])]

/** Where an IPv6 address carries IPv4 ones. Each of these blocks is refused already; this binds those an operator allows. */
const carriers: [Network, (parts: number[]) => Address[]][] = [
  [parseNetwork('::ffff:0:0/96'), last], // IPv4-mapped, RFC 4291
  [parseNetwork('::ffff:0:0:0/96'), last], // IPv4-translated, RFC 2765
  [parseNetwork('64:ff9b::/96'), last], // NAT64, RFC 6052
  [parseNetwork('64:ff9b:1::/48'), last], // NAT64 for local use, RFC 8215
  [parseNetwork('2002::/16'), (parts) => [part(parts[1], parts[2])]], // 6to4, RFC 3056
  [
    parseNetwork('2001::/32'), // Teredo, RFC 4380: the server, and the client with every bit turned
    (parts) => [part(parts[2], parts[3]), part((parts[6] ?? 0) ^ 0xffff, (parts[7] ?? 0) ^ 0xffff)],
  ],
]

/** Why this address is not dialled for a user, or undefined. Every address that it may come to mean must pass. */
export function faultOf(address: Address, allowed: readonly Network[] = []): string | undefined {
  const meanings = [
    address,
    ...('parts' in address ? carriers.flatMap(([block, read]) => (contains(block, address) ? read(address.parts) : [])) : []),
  ]
  for (const meaning of meanings) {
    const fault = allowed.some((network) => contains(network, meaning)) ? undefined : specialUse(meaning)
    if (fault) return meaning === address ? fault : `carries ${meaning}, ${fault}`
  }
  return undefined
}

function specialUse(address: Address): string | undefined {
  if (contains(platform, address)) return 'platform'
  if ('parts' in address) {
    if (address.zoneId !== undefined) return 'zone'
    if (!contains(givenOut, address)) return `not given out (${address.range()})`
    if (((address.parts[4] ?? 0) & 0xfdff) === 0 && address.parts[5] === 0x5efe) return 'isatap' // RFC 5214
  }
  const range = address.range()
  return range === 'unicast' ? undefined : range
}

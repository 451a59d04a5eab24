import { describe, expect, it } from 'vitest'
import { faultOf, parseAddress, parseNetwork } from './addresses.ts'

const faultAt = (text: string, allowed: string[] = []) => {
  const address = parseAddress(text)
  if (!address) throw new Error(`${text} is not an address`)
  return faultOf(address, allowed.map(parseNetwork))
}

/** The rows of IANA's special-purpose registries and of the multicast ones: block, first and last address. */
const registry: [string, string, string][] = [
  ['"this network", RFC 791', '0.0.0.0', '0.255.255.255'],
  ['private use, RFC 1918', '10.0.0.0', '10.255.255.255'],
  ['shared address space, RFC 6598', '100.64.0.0', '100.127.255.255'],
  ['loopback, RFC 1122', '127.0.0.0', '127.255.255.255'],
  ['link local, RFC 3927', '169.254.0.0', '169.254.255.255'],
  ['private use, RFC 1918', '172.16.0.0', '172.31.255.255'],
  ['IETF protocol assignments, RFC 6890', '192.0.0.0', '192.0.0.255'],
  ['TEST-NET-1, RFC 5737', '192.0.2.0', '192.0.2.255'],
  ['AS112-v4, RFC 7535', '192.31.196.0', '192.31.196.255'],
  ['AMT, RFC 7450', '192.52.193.0', '192.52.193.255'],
  ['6to4 relay anycast, RFC 7526', '192.88.99.0', '192.88.99.255'],
  ['private use, RFC 1918', '192.168.0.0', '192.168.255.255'],
  ['direct delegation AS112, RFC 7534', '192.175.48.0', '192.175.48.255'],
  ['benchmarking, RFC 2544', '198.18.0.0', '198.19.255.255'],
  ['TEST-NET-2, RFC 5737', '198.51.100.0', '198.51.100.255'],
  ['TEST-NET-3, RFC 5737', '203.0.113.0', '203.0.113.255'],
  ['multicast, RFC 5771', '224.0.0.0', '239.255.255.255'],
  ['reserved, RFC 1112', '240.0.0.0', '255.255.255.254'],
  ['limited broadcast, RFC 8190', '255.255.255.255', '255.255.255.255'],
  ['loopback, RFC 4291', '::1', '::1'],
  ['unspecified, RFC 4291', '::', '::'],
  ['IPv4-compatible, RFC 4291', '::0.0.0.2', '::255.255.255.255'],
  ['IPv4-mapped, RFC 4291', '::ffff:0.0.0.0', '::ffff:255.255.255.255'],
  ['IPv4-translated, RFC 2765', '::ffff:0:0.0.0.0', '::ffff:0:255.255.255.255'],
  ['NAT64, RFC 6052', '64:ff9b::', '64:ff9b::ffff:ffff'],
  ['NAT64 for local use, RFC 8215', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['discard only, RFC 6666', '100::', '100::ffff:ffff:ffff:ffff'],
  ['dummy prefix, RFC 9780', '100:0:0:1::', '100:0:0:1:ffff:ffff:ffff:ffff'],
  ['IETF protocol assignments, RFC 2928', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['Teredo, RFC 4380', '2001:0:0:0:0:0:0:0', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['port control anycast, RFC 7723', '2001:1::1', '2001:1::3'],
  ['benchmarking, RFC 5180', '2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff'],
  ['AMT, RFC 7450', '2001:3::', '2001:3:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['AS112-v6, RFC 7535', '2001:4:112::', '2001:4:112:ffff:ffff:ffff:ffff:ffff'],
  ['ORCHID, RFC 4843', '2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ORCHIDv2, RFC 7343', '2001:20::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['drone identities, RFC 9374', '2001:30::', '2001:3f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['documentation, RFC 3849', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['6to4, RFC 3056', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['direct delegation AS112, RFC 7534', '2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff'],
  ['documentation, RFC 9637', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['segment routing, RFC 9602', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['unique local, RFC 4193', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['link local, RFC 4291', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['site local, RFC 3879', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['multicast, RFC 4291', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['never given out', '200::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['never given out', '4000::', '5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
]

describe('an address', () => {
  it.each(registry)('of %s is refused, %s to %s', (_, first, last) => {
    expect(faultAt(first)).toBeDefined()
    expect(faultAt(last)).toBeDefined()
  })

  it.each(
    [
      [
        '1.0.0.0',
        '9.255.255.255',
        '11.0.0.0',
        '100.63.255.255',
        '100.128.0.0',
        '126.255.255.255',
        '128.0.0.0',
        '169.253.255.255',
        '169.255.0.0',
      ],
      ['172.15.255.255', '172.32.0.0', '191.255.255.255', '192.0.1.0', '192.0.3.0', '192.31.195.255', '192.88.98.255', '192.88.100.0'],
      [
        '192.167.255.255',
        '192.169.0.0',
        '198.17.255.255',
        '198.20.0.0',
        '198.51.99.255',
        '203.0.112.255',
        '203.0.114.0',
        '223.255.255.255',
      ],
      [
        '168.63.129.15',
        '168.63.129.17',
        '2001:200::',
        '2001:db7:ffff::',
        '2001:db9::',
        '2003::',
        '2620:4f:7fff::',
        '2620:4f:8001::',
        '3fff:1000::',
      ],
      ['2600::', '2606:4700:4700::1111', '2a00:1450:4001:830::200e', '2c0f:fb50::1'],
    ].flat(),
  )('just beside such a block passes: %s', (text) => {
    expect(faultAt(text)).toBeUndefined()
  })

  it('of the platform beneath is refused, although it looks public', () => {
    expect(faultAt('168.63.129.16')).toBe('platform')
  })

  it('with an IPv4 address in its interface identifier is refused (ISATAP)', () => {
    expect(faultAt('2600::5efe:127.0.0.1')).toBe('isatap')
    expect(faultAt('2600::200:5efe:7f00:1')).toBe('isatap')
  })

  it('is read in its plain form alone', () => {
    for (const odd of [
      '0177.0.0.1',
      '0x7f000001',
      '2130706433',
      '127.1',
      'fe80::1%eth0',
      '[::1]',
      '::1/128',
      ' 8.8.8.8',
      '8.8.8.8.',
      '',
      'localhost',
    ]) {
      expect(parseAddress(odd), odd).toBeUndefined()
    }
  })

  it.each([
    ['NAT64', '64:ff9b::/96', '64:ff9b::8.8.8.8', '64:ff9b::169.254.169.254'],
    ['NAT64 for local use', '64:ff9b:1::/48', '64:ff9b:1::8.8.8.8', '64:ff9b:1::10.0.0.1'],
    ['IPv4-mapped', '::ffff:0:0/96', '::ffff:8.8.8.8', '::ffff:127.0.0.1'],
    ['6to4', '2002::/16', '2002:808:808::1', '2002:7f00:1::1'],
    ['Teredo, by its server', '2001::/32', '2001:0:808:808::f7f7:f7f7', '2001:0:a00:1::f7f7:f7f7'],
    ['Teredo, by its client', '2001::/32', '2001:0:808:808::f7f7:f7f7', '2001:0:808:808::80ff:fffe'],
  ])('of a network the operator allows is still bound by the IPv4 address it carries: %s', (_, network, outward, inward) => {
    expect(faultAt(outward)).toBeDefined()
    expect(faultAt(outward, [network])).toBeUndefined()
    expect(faultAt(inward, [network])).toMatch(/^carries/)
  })

  it('of a network the operator allows passes, and its neighbours do not', () => {
    expect(faultAt('10.20.255.255', ['10.20.0.0/16'])).toBeUndefined()
    expect(faultAt('10.21.0.0', ['10.20.0.0/16'])).toBeDefined()
    expect(faultAt('fd00::5', ['fd00::/64', '10.20.0.0/16'])).toBeUndefined()
  })

  it('and a network that the operator misspells stops the start by name', () => {
    for (const odd of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.1/16', 'localhost/8', '0x0a.0.0.0/8', '']) {
      expect(() => parseNetwork(odd), odd).toThrow(`${odd} is not a network`)
    }
  })
})

import { randomBytes, randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../base/errors.ts'
import { generateRootKeys, type Keyring, openWithRootKey, parseKeyring, rootKeyExample, sealWithRootKey } from './keyring.ts'

const newKeyring = (...versions: string[]): Keyring => versions.map((version) => ({ version, key: randomBytes(32) }))
const keyring = newKeyring('v1')
const purpose = ['login', 'keyloft_user']

/** The one thing that may happen to a value that is not as it was sealed: the same error, without a word of the text. */
function expectClosed(ring: Keyring, boundTo: readonly string[], sealed: string, secret = '\0') {
  let opened: string | undefined
  try {
    opened = openWithRootKey(ring, boundTo, sealed)
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ code: 'keyring.cannot_open', status: 500 })
    expect(`${(error as AppError).message}${(error as AppError).internal}${JSON.stringify(error)}`).not.toContain(secret)
    return
  }
  expect.unreachable(`${sealed} was opened as ${opened}`)
}

/** Any text a JavaScript string can hold without half characters, of every plane. */
function randomText(): string {
  const ranges: [number, number][] = [
    [0, 0x80],
    [0x80, 0x800],
    [0x800, 0xd800],
    [0xe000, 0x10000],
    [0x10000, 0x110000],
  ]
  const length = randomInt(0, 200)
  return Array.from({ length }, () => String.fromCodePoint(randomInt(...(ranges[randomInt(ranges.length)] ?? [0, 1])))).join('')
}

describe('a sealed value', () => {
  it('opens to the same text, whatever the text', () => {
    const texts = ['', '\0', 'a.b.c', 'é', 'e\u0301', '👩‍👩‍👧', '\uFEFFx', 'x'.repeat(100_000), ...Array.from({ length: 600 }, randomText)]
    for (const text of texts) expect(openWithRootKey(keyring, purpose, sealWithRootKey(keyring, purpose, text))).toBe(text)
  })

  it('says form and version, hides the text, and never looks the same twice', () => {
    const sealed = Array.from({ length: 500 }, () => sealWithRootKey(keyring, purpose, 'sk-secret'))
    for (const one of sealed) expect(one).toMatch(/^kr1\.v1\.[A-Za-z0-9_-]+$/)
    const nonces = sealed.map((one) =>
      Buffer.from(one.split('.')[2] ?? '', 'base64url')
        .subarray(0, 12)
        .toString('hex'),
    )
    expect(new Set(nonces).size).toBe(500)
    expect(Buffer.from(sealed[0]?.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('sk-secret')
  })

  it.each(['a secret', 'a secret!', 'a secret!!'])('stays closed after any single bit of it (%s) was turned', (text) => {
    const sealed = sealWithRootKey(keyring, purpose, text)
    const bytes = Buffer.from(sealed, 'latin1')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const turned = Buffer.from(bytes)
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expectClosed(keyring, purpose, turned.toString('latin1'), text)
    }
  })

  it('stays closed after any single bit of what was encoded was turned', () => {
    const [form, version, encoded = ''] = sealWithRootKey(keyring, purpose, 'a secret').split('.')
    const bytes = Buffer.from(encoded, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const turned = Buffer.from(bytes)
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expectClosed(keyring, purpose, `${form}.${version}.${turned.toString('base64url')}`, 'a secret')
    }
  })

  it('stays closed when it is cut short anywhere', () => {
    const sealed = sealWithRootKey(keyring, purpose, 'a secret')
    for (let length = 0; length < sealed.length; length++) expectClosed(keyring, purpose, sealed.slice(0, length))
  })

  it('has one spelling', () => {
    const sealed = sealWithRootKey(keyring, purpose, 'a secret')
    for (const other of [
      `${sealed}.`,
      `${sealed}.x`,
      `${sealed}=`,
      `${sealed}\n`,
      ` ${sealed}`,
      `${sealed.slice(0, -4)} ${sealed.slice(-4)}`,
    ]) {
      expectClosed(keyring, purpose, other)
    }
    const standard = Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('base64')
    if (/[+/=]/.test(standard)) expectClosed(keyring, purpose, `kr1.v1.${standard}`)
  })

  it('stays closed for another purpose, also one that reads the same when run together', () => {
    const sealed = sealWithRootKey(keyring, ['ab', 'c'], 'a secret')
    for (const other of [['a', 'bc'], ['abc'], ['ab', 'c', ''], ['', 'ab', 'c'], ['ab'], ['c', 'ab'], ['ab', 'C'], [], ['ab', 'c', 'v1']]) {
      expectClosed(keyring, other, sealed)
    }
  })

  it('stays closed under another key of the same version, and under the same key called another version', () => {
    const sealed = sealWithRootKey(keyring, purpose, 'a secret')
    expectClosed(newKeyring('v1'), purpose, sealed)
    const renamed = keyring.map(({ key }) => ({ version: 'v2', key }))
    expectClosed(renamed, purpose, sealed)
    expectClosed(renamed, purpose, sealed.replace('.v1.', '.v2.'))
    expectClosed([], purpose, sealed)
  })

  it.each(['', 'kr1', 'kr1.v1', 'kr1.v1.', 'kr1..', 'kr2.v1.AAAA', 'sk-plain-text', `kr1.v1.${'A'.repeat(37)}`, 'kr1.__proto__.AAAA'])(
    'that never was one (%j) stays closed',
    (text) => expectClosed(keyring, purpose, text),
  )

  it('tells the operator which root key is missing', () => {
    const sealed = sealWithRootKey(newKeyring('v7'), purpose, 'a secret')
    try {
      openWithRootKey(keyring, purpose, sealed)
      expect.unreachable()
    } catch (error) {
      expect((error as AppError).internal).toBe('no root key of version v7')
      expect((error as AppError).message).not.toContain('v7')
    }
  })
})

describe('sealing', () => {
  it('uses the newest root key, and every older one still opens', () => {
    const [old] = newKeyring('v1')
    const [next] = newKeyring('v2')
    if (!old || !next) return expect.unreachable()
    const before = sealWithRootKey([old], purpose, 'before')
    const rotated = [next, old]
    const after = sealWithRootKey(rotated, purpose, 'after')
    expect(after).toMatch(/^kr1\.v2\./)
    expect(openWithRootKey(rotated, purpose, before)).toBe('before')
    expect(openWithRootKey(rotated, purpose, after)).toBe('after')
    expectClosed([next], purpose, before)
    expectClosed([old], purpose, after)
  })

  it('refuses to work without a key, and to change a text that holds half a character', () => {
    expect(() => sealWithRootKey([], purpose, 'x')).toThrow('an empty keyring cannot seal')
    expect(() => sealWithRootKey(keyring, purpose, 'x\ud800')).toThrow('half a character')
  })
})

describe('root keys', () => {
  const encode = (bytes: Buffer, version = 'v1') => `${version}:${bytes.toString('base64')}`

  it('are read newest first, in either base64 alphabet, padded or not, with spaces between', () => {
    const bytes = [randomBytes(32), randomBytes(32), Buffer.concat([Buffer.from([0xfb, 0xff, 0xfe]), randomBytes(29)])]
    const [a, b, c] = bytes as [Buffer, Buffer, Buffer]
    const text = ` ${encode(a, 'v10')} , v2:${b.toString('base64url')},${encode(c)}\n`
    expect(parseKeyring(text)).toEqual([
      { version: 'v10', key: a },
      { version: 'v2', key: b },
      { version: 'v1', key: c },
    ])
    expect(parseKeyring(`v1:${c.toString('base64url')}`)).toEqual([{ version: 'v1', key: c }])
  })

  it('are read as 64 hexadecimal digits too', () => {
    const key = randomBytes(32)
    expect(parseKeyring(`v1:${key.toString('hex')}`)).toEqual([{ version: 'v1', key }])
    expect(parseKeyring(`v1:${key.toString('hex').toUpperCase()}`)).toEqual([{ version: 'v1', key }])
  })

  it('that we make are accepted and differ', () => {
    const made = Array.from({ length: 1_000 }, generateRootKeys)
    for (const text of made) expect(parseKeyring(text)).toHaveLength(1)
    expect(new Set(made).size).toBe(1_000)
  })

  it.each([
    ['words', Buffer.from('correct horse battery staple 123')],
    ['hexadecimal digits', Buffer.from(randomBytes(16).toString('hex'))],
    ['zeroes', Buffer.alloc(32)],
    ['one byte over and over', Buffer.alloc(32, 0xa7)],
    ['a short pattern over and over', Buffer.alloc(32, randomBytes(8))],
    ['a pattern of fifteen bytes', Buffer.alloc(32, randomBytes(15))],
    ['bytes counted upwards', Buffer.from(Array.from({ length: 32 }, (_, index) => index))],
    ['bytes counted downwards', Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index * 3))],
  ])('that were chosen and not drawn (%s) are refused', (_, bytes) => {
    expect(() => parseKeyring(encode(bytes))).toThrow('has a key that is not random (version v1)')
  })

  it.each([
    ['', /part 1/],
    ['v1', /part 1/],
    ['v1:', /part 1/],
    [`1:${randomBytes(32).toString('base64')}`, /part 1/],
    [`vv1:${randomBytes(32).toString('base64')}`, /part 1/],
    [`v1:${randomBytes(31).toString('hex')}`, /46 bytes where 32/],
    [`v1:${randomBytes(31).toString('base64')}`, /31 bytes where 32/],
    [`v1:${randomBytes(33).toString('base64')}`, /33 bytes where 32/],
    [`${generateRootKeys()},`, /part 2/],
    [`${generateRootKeys()} ${generateRootKeys()}`, /part 1/],
    [`${generateRootKeys()},${generateRootKeys()}`, /version v1 twice/],
    [rootKeyExample, /part 1/],
  ])('of another form are refused, and the key is not repeated', (text, fault) => {
    let message = ''
    try {
      parseKeyring(text)
    } catch (error) {
      message = (error as Error).message
    }
    expect(message).toMatch(fault)
    const longest = text.split(/[:, ]/).sort((a, b) => b.length - a.length)[0] ?? ''
    if (longest.length > 8) expect(message).not.toContain(longest.slice(0, 8))
  })

  it('that are the same under two versions are refused: that is no rotation', () => {
    const key = randomBytes(32)
    expect(() => parseKeyring(`${encode(key, 'v2')},${encode(key, 'v1')}`)).toThrow(/same key under two versions/)
  })
})

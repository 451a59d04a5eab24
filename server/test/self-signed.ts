import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A certificate for tests, made when they run: no private key lies in the repository. Node can read X.509, not write it. */
export interface Certificate {
  key: string
  cert: string
}

export function makeCertificate(...names: string[]): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid('2a8648ce3d040302')) // ecdsa-with-SHA256
  const name = sequence(set(sequence(oid('550403'), tlv(0x0c, Buffer.from('keyloft test')))))
  const day = (offset: number) =>
    tlv(0x17, Buffer.from(`${new Date(Date.now() + offset * 86_400_000).toISOString().replace(/^..|[-:T]|\..*$/g, '')}Z`))
  const extension = (id: string, value: Buffer) => sequence(oid(id), tlv(0x04, value))
  const extensions = sequence(
    extension('551d13', sequence(tlv(0x01, Buffer.from([0xff])))), // basicConstraints: an authority, to be trusted by itself
    extension('551d11', sequence(...names.map(alternativeName))),
  )
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(day(-1), day(1)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, extensions),
  )
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]))
  const lines = sequence(body, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

const alternativeName = (name: string) =>
  /^[\d.]+$/.test(name) ? tlv(0x87, Buffer.from(name.split('.').map(Number))) : tlv(0x82, Buffer.from(name))

function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}

const sequence = (...parts: Buffer[]) => tlv(0x30, Buffer.concat(parts))
const set = (...parts: Buffer[]) => tlv(0x31, Buffer.concat(parts))
const oid = (hex: string) => tlv(0x06, Buffer.from(hex, 'hex'))
const integer = (bytes: Buffer) => tlv(0x02, bytes)

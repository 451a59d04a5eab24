import { brotliDecompressSync, constants, inflateRawSync } from 'node:zlib'
import type { Needle } from './needles.ts'

export interface Hit {
  form: string
  /** Where, with what stands around it; the secrets are a test's own. */
  around: string
}

/** Packed in packed in packed, and no further. */
const deepest = 3

/** Every form of the secrets in these bytes, and in whatever is packed in them. */
export function search(bytes: Buffer, needles: readonly Needle[], depth = 0): Hit[] {
  const hits = needles.flatMap(({ form, bytes: needle }) => {
    const at = bytes.indexOf(needle)
    return at < 0 ? [] : [{ form, around: excerpt(bytes, at, needle.length) }]
  })
  if (depth === deepest) return hits
  for (const { how, unpacked } of unpack(bytes)) {
    hits.push(...search(unpacked, needles, depth + 1).map(({ form, around }) => ({ form: `${form}, in ${how}`, around })))
  }
  return hits
}

const excerpt = (bytes: Buffer, at: number, length: number) =>
  bytes
    .subarray(Math.max(0, at - 60), at + length + 60)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]+/g, '·')

/** A stream may be cut off, or followed by something else: what can be read of it is read. */
const leniently = { finishFlush: constants.Z_SYNC_FLUSH }
const gzipStart = Buffer.from([0x1f, 0x8b, 0x08])
const zlibStarts = [0x01, 0x5e, 0x9c, 0xda].map((flags) => Buffer.from([0x78, flags]))

function* unpack(bytes: Buffer): Generator<{ how: string; unpacked: Buffer }> {
  const inflateAt = (at: number) => () => inflateRawSync(bytes.subarray(at), leniently)
  for (const at of occurrences(bytes, gzipStart)) yield* attempt('gzip', inflateAt(endOfGzipHead(bytes, at)))
  for (const start of zlibStarts) {
    for (const at of occurrences(bytes, start)) yield* attempt('zlib', inflateAt(at + start.length))
  }
  // These two have no mark of their own, so they are found as a whole only.
  yield* attempt('deflate', inflateAt(0))
  yield* attempt('brotli', () => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }))
}

/** RFC 1952: ten bytes, and what its flags announce. */
function endOfGzipHead(bytes: Buffer, start: number): number {
  const flags = bytes[start + 3] ?? 0
  let at = start + 10
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  for (const flag of [8, 16]) if (flags & flag) at = bytes.indexOf(0, at) + 1
  return flags & 2 ? at + 2 : at
}

function* occurrences(bytes: Buffer, start: Buffer): Generator<number> {
  for (let at = bytes.indexOf(start); at >= 0; at = bytes.indexOf(start, at + 1)) yield at
}

function* attempt(how: string, read: () => Buffer): Generator<{ how: string; unpacked: Buffer }> {
  try {
    const unpacked = read()
    if (unpacked.length > 0) yield { how, unpacked }
  } catch {
    // it only looked like one
  }
}

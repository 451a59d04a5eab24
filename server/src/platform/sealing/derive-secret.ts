import { hkdfSync } from 'node:crypto'
import type { Keyring } from './keyring.ts'

/** A secret of its own for one purpose, from the newest root key: the same in every process, and known to nobody. */
export function deriveSecret(keyring: Keyring, purpose: string): Buffer {
  const newest = keyring[0]
  if (!newest) throw new Error('an empty keyring has nothing to derive from')
  return Buffer.from(hkdfSync('sha256', newest.key, '', `keyloft: ${purpose}`, 32))
}

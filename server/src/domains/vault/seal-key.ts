import { createHmac } from 'node:crypto'
import type { SealedSecret, Secrets } from '../../platform/secrets/secrets.ts'
import { vaultErrors } from './errors.ts'

const kind = 'provider key'
const shortestKey = 8
/** Of a shorter key four characters are too much to show. */
const shortestHinted = 16

export interface SealedKey {
  secret: SealedSecret
  hint: string
  fingerprint: string
}

/** What may be stored of a key: sealed for this person, provider and host, and by what people recognise it. */
export async function sealKey(
  secrets: Secrets,
  { userId, provider, host }: { userId: string; provider: string; host: string },
  typed: string,
): Promise<SealedKey> {
  const key = typed.trim()
  // It goes into a header, so it must not be able to end one.
  if (key.length < shortestKey || !/^[\x21-\x7e]{1,2048}$/.test(key)) throw vaultErrors.key_malformed()
  const printKey = await secrets.installationKey('fingerprint key')
  return {
    secret: await secrets.seal({ userId, kind, provider, host }, key),
    hint: key.length < shortestHinted ? '' : key.slice(-4),
    fingerprint: createHmac('sha256', printKey).update(key).digest('hex').slice(0, 16),
  }
}

export function openKey(secrets: Secrets, secret: SealedSecret, { userId, provider }: { userId: string; provider: string }) {
  return secrets.open(secret, { userId, kind, provider })
}

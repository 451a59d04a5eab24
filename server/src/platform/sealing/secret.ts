import { randomUUID } from 'node:crypto'
import { defineErrors } from '../../base/errors.ts'
import { decodeCanonical, open, seal } from './aead.ts'

export const sealingErrors = defineErrors('secret', {
  cannot_open: {
    status: 500,
    message: 'A stored secret could not be opened.',
    hint: 'Enter it again. If that does not help, tell the operator the request id.',
  },
})

/** What a secret is, whose, and where it may be sent. All of it is bound into the ciphertext. */
export interface SecretPurpose {
  /** Null: the installation's own. */
  readonly userId: string | null
  readonly kind: string
  readonly provider?: string
  readonly host?: string
}

/** A row of keyloft.secrets. */
export interface SealedSecret {
  readonly id: string
  readonly user_id: string | null
  readonly kind: string
  readonly provider: string
  readonly host: string
  readonly version: number
  /** `kl1.<secret id>.<data key version>.<base64url>` */
  readonly sealed: string
}

export interface DataKey {
  readonly version: number
  readonly key: Buffer
}

/** Seals under a new id, always: an id stands for one ciphertext. */
export function sealSecret(
  { version, key }: DataKey,
  { userId, kind, provider = '', host = '' }: SecretPurpose,
  text: string,
): SealedSecret {
  const row = { id: randomUUID(), user_id: userId, kind, provider, host, version }
  return { ...row, sealed: `kl1.${row.id}.${version}.${seal(key, boundTo(row), text).toString('base64url')}` }
}

/** What whoever asks takes a secret for. Where it may be sent the row says, and it is bound to that too. */
export type ExpectedSecret = Pick<SecretPurpose, 'userId' | 'kind' | 'provider'>

/**
 * Opens what is as it was sealed, and is what it is taken for: somebody who can write to the database can let one thing
 * refer to another's secret, all of whose row is in order.
 */
export function openSecret(key: Buffer, row: SealedSecret, { userId, kind, provider = '' }: ExpectedSecret): string {
  try {
    if (row.user_id !== userId || row.kind !== kind || row.provider !== provider) throw new Error('it is another’s, or another thing')
    const head = `kl1.${row.id}.${row.version}.`
    const bytes = row.sealed.startsWith(head) ? decodeCanonical(row.sealed.slice(head.length)) : undefined
    if (!bytes) throw new Error('its text is another’s, or malformed')
    return open(key, boundTo(row), bytes)
  } catch (cause) {
    throw sealingErrors.cannot_open({ cause, internal: `secret ${row.id}` })
  }
}

function boundTo({ id, user_id, kind, provider, host, version }: Omit<SealedSecret, 'sealed'>): string[] {
  return ['secret', user_id ?? '', id, kind, provider, host, String(version)]
}

import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '../database/database.ts'
import { type ExpectedSecret, openSecret, type SealedSecret, type SecretPurpose, sealSecret } from '../sealing/secret.ts'
import { createDataKeys, type DataKeysOptions } from './data-keys.ts'

export type { SealedSecret } from '../sealing/secret.ts'

/** Sealing for people: every secret of every domain goes through here, and lies in keyloft.secrets. */
export interface Secrets {
  /** Not stored yet: `keepSecret` does that, in the transaction of whatever refers to it. */
  seal(purpose: SecretPurpose, text: string): Promise<SealedSecret>
  /** If it is what it is expected to be. With the person's data key in memory this asks no database. */
  open(secret: SealedSecret, expected: ExpectedSecret): string | Promise<string>
  /** 32 random bytes of the installation's own, made at first need and the same ever after, root keys rotated or not. */
  installationKey(kind: string): Promise<Buffer>
  /** Wipes unwrapped keys from memory: of one person, or all. */
  forget(userId?: string): void
}

export function createSecrets(options: DataKeysOptions): Secrets {
  const { database } = options
  const dataKeys = createDataKeys(options)
  const installationKeys = new Map<string, Promise<Buffer>>()

  const seal: Secrets['seal'] = async (purpose, text) => dataKeys.use(purpose.userId, 'newest', (key) => sealSecret(key, purpose, text))

  const open: Secrets['open'] = (secret, expected) =>
    dataKeys.use(expected.userId, secret.version, ({ key }) => openSecret(key, secret, expected))

  async function makeInstallationKey(kind: string): Promise<Buffer> {
    const made = await seal({ userId: null, kind }, randomBytes(32).toString('base64'))
    const kept = await database.system('installation keys', async (tx) => {
      // One at a time, so that the first one's counts for all.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`keyloft: ${kind}`}, 0))`.execute(tx)
      const { rows } = await sql<SealedSecret>`select * from keyloft.installation_secret(in_kind => ${kind})`.execute(tx)
      if (rows[0]) return rows[0]
      await keepSecret(tx, made)
      return made
    })
    return Buffer.from(await open(kept, { userId: null, kind }), 'base64')
  }

  return {
    seal,
    open,
    installationKey(kind) {
      let key = installationKeys.get(kind)
      if (!key) {
        key = makeInstallationKey(kind)
        key.catch(() => installationKeys.delete(kind))
        installationKeys.set(kind, key)
      }
      return key
    },
    forget: (userId) => dataKeys.forget(userId),
  }
}

export async function keepSecret(tx: Tx, { id, user_id, kind, provider, host, version, sealed }: SealedSecret): Promise<void> {
  await sql`select keyloft.put_secret(
    in_id => ${id}, in_user_id => ${user_id}, in_kind => ${kind}, in_provider => ${provider}, in_host => ${host},
    in_version => ${version}, in_sealed => ${sealed})`.execute(tx)
}

export async function findSecret(tx: Tx, userId: string | null, id: string): Promise<SealedSecret | undefined> {
  const { rows } = await sql<SealedSecret>`select * from keyloft.find_secret(in_user_id => ${userId}, in_id => ${id})`.execute(tx)
  return rows[0]
}

export async function forgetSecret(tx: Tx, userId: string | null, id: string): Promise<void> {
  await sql`select keyloft.forget_secret(in_user_id => ${userId}, in_id => ${id})`.execute(tx)
}

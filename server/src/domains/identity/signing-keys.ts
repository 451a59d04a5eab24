import { createHash, randomUUID } from 'node:crypto'
import type { Jwk } from 'better-auth/plugins'
import type { JSONWebKeySet } from 'jose'
import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Clock } from '../../base/clock.ts'
import type { Database, Tx } from '../../platform/database/database.ts'
import { translateSqlError } from '../../platform/database/sql-errors.ts'
import { type Keyring, openWithRootKey } from '../../platform/sealing/keyring.ts'
import { keepSecret, type SealedSecret, type Secrets } from '../../platform/secrets/secrets.ts'

/*
 * The key pairs behind our own JWTs, in auth.jwks. The private half is a secret of the installation, bound to the key's
 * id and to its public half.
 */

export const rotationSeconds = 90 * 24 * 3_600
/** For so long after its last signature a key is still published; our JWTs live far shorter. */
export const graceSeconds = 24 * 3_600

interface PublicRow {
  id: string
  public_key: string
  alg: string | null
  expires_at: Date | null
}

interface Row extends PublicRow {
  private_key: string
  crv: string | null
  created_at: Date
  secret: SealedSecret | null
}

const kind = 'signing key'

/** What stands for the pair where a person's secret names its provider. */
const nameOf = (id: string, publicKey: string) => `${id}.${createHash('sha256').update(publicKey).digest('base64url')}`

export interface SigningKeysOptions {
  database: Pick<Database, 'system'>
  secrets: Pick<Secrets, 'seal' | 'open'>
  /** Public halves are read over it, with every first use of a JWT. */
  pool: Pool
  keyring: Keyring
  clock: Clock
}

export function createSigningKeys({ database, secrets, pool, keyring, clock }: SigningKeysOptions) {
  async function toJwk(row: Row): Promise<Jwk> {
    const { id, public_key, alg, crv, created_at, expires_at } = row
    return {
      id,
      publicKey: public_key,
      privateKey: await openPrivateKey(row),
      createdAt: created_at,
      ...(expires_at ? { expiresAt: expires_at } : {}),
      ...(alg ? { alg } : {}),
      ...(crv ? { crv } : {}),
    } as Jwk
  }

  function openPrivateKey({ id, public_key, private_key, secret }: Row): string | Promise<string> {
    if (secret) return secrets.open(secret, { userId: null, kind, provider: nameOf(id, public_key) })
    return openWithRootKey(keyring, [kind, id, public_key], private_key) // how they were kept at first; the last of them ends within 90 days
  }

  const isLive = ({ expires_at }: Row) => expires_at === null || expires_at.getTime() > clock()

  return {
    /** What the jwt plugin calls instead of writing keys itself. */
    storage: {
      getJwks: async (): Promise<Jwk[]> => Promise.all((await database.system('read signing keys', readKeys)).map(toJwk)),

      /** One key at a time, however many processes find none at once: the first one's counts. */
      async createJwk(made: Omit<Jwk, 'id'>): Promise<Jwk> {
        const id = randomUUID()
        const secret = await secrets.seal({ userId: null, kind, provider: nameOf(id, made.publicKey) }, made.privateKey)
        const live = await database.system('keep a signing key', async (tx) => {
          await sql`select pg_advisory_xact_lock(hashtextextended('keyloft: signing keys', 0))`.execute(tx)
          const found = (await readKeys(tx)).find(isLive)
          if (found) return found
          await keepSecret(tx, secret)
          await sql`select keyloft.add_signing_key(
            in_id => ${id}, in_public_key => ${made.publicKey}, in_secret_id => ${secret.id}, in_alg => ${made.alg ?? null},
            in_crv => ${made.crv ?? null}, in_created_at => ${made.createdAt}, in_expires_at => ${made.expiresAt ?? null})`.execute(tx)
          return undefined
        })
        return live ? toJwk(live) : { ...made, id }
      },
    },

    async publicKeys(): Promise<JSONWebKeySet> {
      const publishedUntil = (row: PublicRow) => (row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY) + graceSeconds * 1_000
      const rows = (await readPublicKeys(pool)).filter((row) => publishedUntil(row) > clock())
      return { keys: rows.map(({ id, public_key, alg }) => ({ ...JSON.parse(public_key), kid: id, alg: alg ?? 'EdDSA' })) }
    },
  }
}

async function readKeys(tx: Tx): Promise<Row[]> {
  const { rows } = await sql<Row>`select * from keyloft.signing_keys()`.execute(tx)
  return rows
}

async function readPublicKeys(pool: Pool): Promise<PublicRow[]> {
  try {
    const { rows } = await pool.query<PublicRow>({
      name: 'signing keys',
      text: 'select id, public_key, alg, expires_at from auth.jwks order by created_at desc limit 100',
    })
    return rows
  } catch (error) {
    throw translateSqlError(error)
  }
}

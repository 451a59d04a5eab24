import { randomUUID } from 'node:crypto'
import type { Jwk } from 'better-auth/plugins'
import type { JSONWebKeySet } from 'jose'
import type { Pool } from 'pg'
import type { Clock } from '../../base/clock.ts'
import { translateSqlError } from '../../platform/database/sql-errors.ts'
import { type Keyring, openWithRootKey, sealWithRootKey } from '../../platform/sealing/keyring.ts'

/*
 * The key pairs behind our own JWTs, in auth.jwks. The private half is sealed under the root key and bound to its id
 * and its public half; it moves to keyloft.secrets when there is a vault.
 */

export const rotationSeconds = 90 * 24 * 3_600
/** For so long after its last signature a key is still published; our JWTs live far shorter. */
export const graceSeconds = 24 * 3_600

interface Row {
  id: string
  public_key: string
  private_key: string
  alg: string | null
  crv: string | null
  created_at: Date
  expires_at: Date | null
}

const purposeOf = (id: string, publicKey: string) => ['signing key', id, publicKey]

export function createSigningKeys({ pool, keyring, clock }: { pool: Pool; keyring: Keyring; clock: Clock }) {
  const toJwk = ({ id, public_key, private_key, alg, crv, created_at, expires_at }: Row) =>
    ({
      id,
      publicKey: public_key,
      privateKey: openWithRootKey(keyring, purposeOf(id, public_key), private_key),
      createdAt: created_at,
      ...(expires_at ? { expiresAt: expires_at } : {}),
      ...(alg ? { alg } : {}),
      ...(crv ? { crv } : {}),
    }) as Jwk

  return {
    /** What the jwt plugin calls instead of writing keys itself. */
    storage: {
      getJwks: async (): Promise<Jwk[]> => (await readKeys(pool)).map(toJwk),

      /** One key at a time, however many processes find none at once: the first one's counts. */
      async createJwk(made: Omit<Jwk, 'id'>): Promise<Jwk> {
        const id = randomUUID()
        const sealed = sealWithRootKey(keyring, purposeOf(id, made.publicKey), made.privateKey)
        const values = [id, made.publicKey, sealed, made.alg ?? null, made.crv ?? null, made.createdAt, made.expiresAt ?? null]
        const client = await pool.connect()
        try {
          await client.query('begin')
          await client.query(`select pg_advisory_xact_lock(hashtextextended('keyloft: signing keys', 0))`)
          const { rows: live } = await client.query<Row>(
            'select * from auth.jwks where expires_at is null or expires_at > $1 order by created_at desc limit 1',
            [new Date(clock())],
          )
          if (!live[0]) {
            await client.query(
              'insert into auth.jwks (id, public_key, private_key, alg, crv, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)',
              values,
            )
          }
          await client.query('commit')
          return live[0] ? toJwk(live[0]) : { ...made, id }
        } catch (error) {
          await client.query('rollback').catch(() => {})
          throw translateSqlError(error)
        } finally {
          client.release()
        }
      },
    },

    async publicKeys(): Promise<JSONWebKeySet> {
      const publishedUntil = (row: Row) => (row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY) + graceSeconds * 1_000
      const rows = (await readKeys(pool)).filter((row) => publishedUntil(row) > clock())
      return { keys: rows.map(({ id, public_key, alg }) => ({ ...JSON.parse(public_key), kid: id, alg: alg ?? 'EdDSA' })) }
    },
  }
}

async function readKeys(pool: Pool): Promise<Row[]> {
  try {
    const { rows } = await pool.query<Row>({ name: 'signing keys', text: 'select * from auth.jwks order by created_at desc limit 100' })
    return rows
  } catch (error) {
    throw translateSqlError(error)
  }
}

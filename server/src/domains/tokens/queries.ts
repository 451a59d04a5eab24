import { type Selectable, sql } from 'kysely'
import type { Tx } from '../../platform/database/database.ts'
import type { Tables } from '../../platform/database/tables.ts'
import type { Place } from '../../platform/http/pages.ts'

export interface TokenRow {
  public_id: string
  /** False: there is no such token, and the rest only has the form of one. */
  is_known: boolean
  id: string
  user_id: string
  secret_hash: Buffer
  scopes: string[]
  allowed_models: string[] | null
  expires_at: Date | null
  revoked_at: Date | null
  /** Its owner's account is disabled or deactivated. */
  is_closed: boolean | null
}

/**
 * One row for each id that was asked for. One that does not exist costs the database the same work (the function's part)
 * and gets a row of the same form and size: whether an id exists must not show in the time of a refusal.
 */
export async function findApiTokens(tx: Tx, publicIds: readonly string[]): Promise<TokenRow[]> {
  const { rows } = await sql<TokenRow>`
    select wanted.public_id,
           coalesce(token.is_known, false) as is_known,
           coalesce(token.id, '00000000-0000-0000-0000-000000000000') as id,
           coalesce(token.user_id, '00000000-0000-0000-0000-000000000000') as user_id,
           coalesce(token.secret_hash, decode(repeat('00', 32), 'hex')) as secret_hash,
           coalesce(token.scopes, '{calls,read,account}') as scopes,
           token.allowed_models, token.expires_at, token.revoked_at, token.is_closed
      from unnest(${publicIds}::text[]) as wanted (public_id)
      left join lateral keyloft.find_api_token(public_id => wanted.public_id) as token on true`.execute(tx)
  return rows
}

/** What the mark of every token is made with (token-format.ts). It never changes. */
export async function readMarkKey(tx: Tx): Promise<Buffer> {
  const { rows } = await sql<{ key: Buffer }>`select keyloft.token_mark_key() as key`.execute(tx)
  const key = rows[0]?.key
  if (!key) throw new Error('keyloft.token_marks has no row')
  return key
}

export type ListedToken = Omit<Selectable<Tables['api_tokens']>, 'user_id' | 'secret_hash'>

const listed = [
  'id',
  'name',
  'public_id',
  'token_prefix',
  'scopes',
  'allowed_models',
  'expires_at',
  'last_used_at',
  'revoked_at',
  'created_at',
] as const

export interface TokenToKeep {
  user_id: string
  name: string
  public_id: string
  secret_hash: Buffer
  token_prefix: string
  scopes: string[]
  allowed_models: string[] | null
  expires_at: Date | null
}

/** @throws KL201 where the person has twenty */
export function insertToken(tx: Tx, token: TokenToKeep): Promise<ListedToken> {
  return tx.insertInto('api_tokens').values(token).returning(listed).executeTakeFirstOrThrow()
}

/** One more than fits on the page. */
export function listTokens(db: Pick<Tx, 'selectFrom'>, { after, limit }: { after: Place | undefined; limit: number }) {
  const query = db
    .selectFrom('api_tokens')
    .select(listed)
    .select(sql<string>`to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('at'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
  return after ? query.where(sql<boolean>`(created_at, id) < (${after.at}::timestamptz, ${after.id}::uuid)`) : query
}

/** Whether there was one. Policies see to it that it was the person's own. */
export async function deleteToken(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('api_tokens').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

export async function revokeToken(tx: Tx, publicId: string, secretHash: Buffer): Promise<boolean> {
  const { rows } = await sql<{ revoked: boolean }>`
    select keyloft.revoke_api_token(in_public_id => ${publicId}, in_secret_hash => ${secretHash}) as revoked`.execute(tx)
  return rows[0]?.revoked ?? false
}

export async function noteTokenUse(tx: Tx, uses: readonly (readonly [tokenId: string, atMs: number])[]): Promise<void> {
  const [ids, times] = [uses.map(([id]) => id), uses.map(([, atMs]) => new Date(atMs).toISOString())]
  await sql`select keyloft.note_token_use(in_ids => ${ids}::uuid[], in_times => ${times}::timestamptz[])`.execute(tx)
}

import { sql } from 'kysely'
import type { Tx } from '../../platform/database/database.ts'

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
}

/**
 * One row for each id that was asked for. One that does not exist gets a row of the same form and size, so that
 * reading the answer takes as long: whether an id exists must not show in the time of a refusal.
 */
export async function findApiTokens(tx: Tx, publicIds: readonly string[]): Promise<TokenRow[]> {
  const { rows } = await sql<TokenRow>`
    select wanted.public_id,
           token.id is not null as is_known,
           coalesce(token.id, '00000000-0000-0000-0000-000000000000') as id,
           coalesce(token.user_id, '00000000-0000-0000-0000-000000000000') as user_id,
           coalesce(token.secret_hash, decode(repeat('00', 32), 'hex')) as secret_hash,
           coalesce(token.scopes, '{calls,read,account}') as scopes,
           token.allowed_models, token.expires_at, token.revoked_at
      from unnest(${publicIds}::text[]) as wanted (public_id)
      left join lateral keyloft.find_api_token(public_id => wanted.public_id) as token on true`.execute(tx as never)
  return rows
}

/** What the mark of every token is made with (token-format.ts). It never changes. */
export async function readMarkKey(tx: Tx): Promise<Buffer> {
  const { rows } = await sql<{ key: Buffer }>`select keyloft.token_mark_key() as key`.execute(tx as never)
  const key = rows[0]?.key
  if (!key) throw new Error('keyloft.token_marks has no row')
  return key
}

import { sql } from 'kysely'
import type { Tx } from '../../platform/database/database.ts'

export interface TokenRow {
  public_id: string
  id: string
  user_id: string
  secret_hash: Buffer
  scopes: string[]
  allowed_models: string[] | null
  expires_at: Date | null
  revoked_at: Date | null
}

export async function findApiTokens(tx: Tx, publicIds: readonly string[]): Promise<TokenRow[]> {
  const { rows } = await sql<TokenRow>`
    select wanted.public_id, token.*
      from unnest(${publicIds}::text[]) as wanted (public_id)
     cross join lateral keyloft.find_api_token(public_id => wanted.public_id) as token`.execute(tx as never)
  return rows
}

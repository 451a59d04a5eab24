import type { Pool } from 'pg'
import { translateSqlError } from '../../platform/database/sql-errors.ts'
import type { Place } from '../../platform/http/pages.ts'

/** A person as sign-in knows them, with what an operator decided. */
export interface Account {
  id: string
  email: string
  emailVerified: boolean
  username: string | null
  name: string
  isAnonymous: boolean
  createdAt: Date
  tier: 'free' | 'pro'
  isAdmin: boolean
  disabledAt: Date | null
  disabledReason: string | null
  deactivatedAt: Date | null
  eraseAfter: Date | null
}

const columns = `
  u.id, u.email, u.email_verified as "emailVerified", u.username, u.name, u.is_anonymous as "isAnonymous", u.created_at as "createdAt",
  coalesce(s.tier, 'free') as tier, coalesce(s.is_admin, false) as "isAdmin", s.disabled_at as "disabledAt",
  s.disabled_reason as "disabledReason", s.deactivated_at as "deactivatedAt", s.erase_after as "eraseAfter"`
const from = 'auth.users u left join lateral keyloft.standing_of(in_user_id => u.id) s on true'

/** By id, or by address. */
export async function findAccount(pool: Pool, idOrEmail: string): Promise<Account | undefined> {
  const where = idOrEmail.includes('@') ? 'u.email = lower($1)' : 'u.id = $1'
  return (await ask<Account>(pool, `select ${columns} from ${from} where ${where}`, [idOrEmail]))[0]
}

/** Newest first, and one more than fits on the page. */
export function listAccounts(pool: Pool, { after, limit }: { after: Place | undefined; limit: number }): Promise<(Account & Place)[]> {
  const text = `
    select ${columns}, to_char(u.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
      from ${from}
     where $1::timestamptz is null or (u.created_at, u.id) < ($1::timestamptz, $2::uuid)
     order by u.created_at desc, u.id desc limit $3`
  return ask(pool, text, [after?.at ?? null, after?.id ?? null, limit + 1])
}

export async function endSessions(pool: Pool, userId: string): Promise<void> {
  await ask(pool, 'delete from auth.sessions where user_id = $1', [userId])
}

/** For the person themselves: their account, the ways in, where they are signed in. No secret is in it. */
export async function describeAccount(pool: Pool, userId: string): Promise<object> {
  const account = await findAccount(pool, userId)
  const ways =
    'select provider_id as provider, account_id as "accountId", scope, created_at as "createdAt" from auth.accounts where user_id = $1'
  const issuers = 'select issuer, subject, created_at as "createdAt" from auth.external_identities where user_id = $1'
  const sessions = `
    select created_at as "createdAt", updated_at as "updatedAt", expires_at as "expiresAt", ip_address as "ipAddress", user_agent as "userAgent"
      from auth.sessions where user_id = $1 order by created_at`
  return {
    account,
    signInWays: await ask(pool, ways, [userId]),
    externalIdentities: await ask(pool, issuers, [userId]),
    sessions: await ask(pool, sessions, [userId]),
  }
}

async function ask<R extends object>(pool: Pool, text: string, values: unknown[]): Promise<R[]> {
  try {
    return (await pool.query<R>(text, values)).rows
  } catch (error) {
    throw translateSqlError(error)
  }
}

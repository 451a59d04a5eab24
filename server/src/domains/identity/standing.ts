import type { Pool } from 'pg'
import { translateSqlError } from '../../platform/database/sql-errors.ts'
import type { Verdict } from './verdict.ts'

const find = { name: 'standing', text: 'select is_closed, is_admin from keyloft.standing_of(in_user_id => $1)' }
const findAccount = { name: 'account is here', text: 'select exists (select from auth.users where id = $1) as is_here' }
const refusalRememberedMs = 10_000

/**
 * A JWT says who somebody was when it was signed; whether they still have an account, whether it is open, and whether they
 * are an admin, is asked. Supabase does not let us look for its accounts, and says itself how long its tokens outlive them.
 */
export async function judgeStanding(pool: Pool, keptElsewhere: () => Promise<boolean>, verdict: Verdict, now: number): Promise<Verdict> {
  if ('refused' in verdict || verdict.principal.role !== 'authenticated') return verdict
  const { principal, untilMs } = verdict
  const userId = principal.claims.sub ?? ''
  const standing = await read(pool, userId)
  // Whoever has a standing is here: it goes with the account.
  const isHere = standing !== undefined || (await keptElsewhere()) || (await hasAccount(pool, userId))
  if (!isHere) return { refused: `there is no account ${userId}`, untilMs: now + refusalRememberedMs }
  if (standing?.is_closed) return { refused: `the account of ${principal.claims.sub} is closed`, untilMs: now + refusalRememberedMs }
  return standing?.is_admin ? { principal: { ...principal, isAdmin: true }, untilMs } : verdict
}

export async function isClosed(pool: Pool, userId: string): Promise<boolean> {
  return (await read(pool, userId))?.is_closed ?? false
}

async function hasAccount(pool: Pool, userId: string): Promise<boolean> {
  try {
    return (await pool.query<{ is_here: boolean }>({ ...findAccount, values: [userId] })).rows[0]?.is_here ?? false
  } catch (error) {
    throw translateSqlError(error)
  }
}

async function read(pool: Pool, userId: string): Promise<{ is_closed: boolean; is_admin: boolean } | undefined> {
  try {
    return (await pool.query({ ...find, values: [userId] })).rows[0]
  } catch (error) {
    throw translateSqlError(error)
  }
}

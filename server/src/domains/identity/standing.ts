import type { Pool } from 'pg'
import { translateSqlError } from '../../platform/database/sql-errors.ts'
import type { Verdict } from './verdict.ts'

const find = { name: 'standing', text: 'select is_closed, is_admin from keyloft.standing_of(in_user_id => $1)' }
const refusalRememberedMs = 10_000

/** A JWT says who somebody was when it was signed; whether their account is open, and whether they are an admin, is asked. */
export async function judgeStanding(pool: Pool, verdict: Verdict, now: number): Promise<Verdict> {
  if ('refused' in verdict || verdict.principal.role !== 'authenticated') return verdict
  const { principal, untilMs } = verdict
  const standing = await read(pool, principal.claims.sub ?? '')
  if (standing?.is_closed) return { refused: `the account of ${principal.claims.sub} is closed`, untilMs: now + refusalRememberedMs }
  return standing?.is_admin ? { principal: { ...principal, isAdmin: true }, untilMs } : verdict
}

export async function isClosed(pool: Pool, userId: string): Promise<boolean> {
  return (await read(pool, userId))?.is_closed ?? false
}

async function read(pool: Pool, userId: string): Promise<{ is_closed: boolean; is_admin: boolean } | undefined> {
  try {
    return (await pool.query({ ...find, values: [userId] })).rows[0]
  } catch (error) {
    throw translateSqlError(error)
  }
}

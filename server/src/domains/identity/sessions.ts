import type { Pool } from 'pg'
import type { Clock } from '../../base/clock.ts'
import { userPrincipal } from '../../base/principal.ts'
import { translateSqlError } from '../../platform/database/sql-errors.ts'
import { openSessionValue } from './session-value.ts'
import type { Verdict } from './verdict.ts'

interface SessionRow {
  id: string
  user_id: string
  expires_at: Date
  email: string
  is_anonymous: boolean
  is_closed: boolean | null
  is_admin: boolean | null
}

const findSession = {
  name: 'find session',
  text: `
    select s.id, s.user_id, s.expires_at, u.email, u.is_anonymous, standing.is_closed, standing.is_admin
      from auth.sessions s join auth.users u on u.id = s.user_id
      left join lateral keyloft.standing_of(in_user_id => u.id) standing on true
     where s.token = $1`,
}

/** A session ended elsewhere is noticed after this long; one ended in this process at once. */
const rememberedMs = 1_000
const refusalRememberedMs = 10_000

export function createSessionCheck({ pool, secret, clock }: { pool: Pool; secret: string; clock: Clock }) {
  return async (value: string): Promise<Verdict> => {
    const now = clock()
    const refuse = (refused: string): Verdict => ({ refused, untilMs: now + refusalRememberedMs })
    const token = openSessionValue(value, secret)
    if (token === undefined) return refuse('session with a wrong signature')
    const row = await readSession(pool, token)
    if (!row) return refuse('unknown session')
    if (row.expires_at.getTime() <= now) return refuse(`session ${row.id} has expired`)
    if (row.is_closed) return refuse(`the account of session ${row.id} is closed`)
    const claims = { email: row.email, session_id: row.id, is_anonymous: row.is_anonymous }
    const principal = { ...userPrincipal(row.user_id, claims), ...(row.is_admin ? { isAdmin: true as const } : {}) }
    return { principal, untilMs: Math.min(now + rememberedMs, row.expires_at.getTime()) }
  }
}

async function readSession(pool: Pool, token: string): Promise<SessionRow | undefined> {
  try {
    const { rows } = await pool.query<SessionRow>({ ...findSession, values: [token] })
    return rows[0]
  } catch (error) {
    throw translateSqlError(error)
  }
}

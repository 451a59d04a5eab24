import type { Pool } from 'pg'
import { translateSqlError } from '../../platform/database/sql-errors.ts'

/** Whether schema auth is another system's (Supabase). Asked once; it does not change while a server runs. */
export function askWhetherKeptElsewhere(pool: Pool): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined
  return () => {
    answer ??= ask(pool).catch((error) => {
      answer = undefined
      throw translateSqlError(error)
    })
    return answer
  }
}

async function ask(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ theirs: boolean }>(
    `select pg_get_userbyid(nspowner) <> 'keyloft_owner' as theirs from pg_namespace where nspname = 'auth'`,
  )
  return rows[0]?.theirs ?? true
}

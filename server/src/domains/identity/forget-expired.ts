import type { Pool } from 'pg'
import { z } from 'zod'
import { defineJob, type Job } from '../../platform/queue/job.ts'

const batchSize = 1_000

/**
 * Deletes sessions and proofs that expired. What checks them asks for the time itself, so this is tidiness, and a
 * late run lets nobody in. Small batches: a purge after a long holiday must not hold up sign-ins.
 */
export function forgetExpired(auth: Pool): Job<Record<string, never>> {
  return defineJob({
    name: 'identity.forget-expired',
    schedule: '17 * * * *',
    expireSeconds: 10 * 60,
    input: z.object({}).transform(() => ({})),
    run: async (_, { signal }) => {
      if (await isKeptElsewhere(auth)) return
      for (const table of ['sessions', 'verifications'] as const) await forget(auth, table, signal)
    },
  })
}

async function forget(auth: Pool, table: 'sessions' | 'verifications', signal: AbortSignal) {
  let forgotten = batchSize
  while (forgotten === batchSize) {
    signal.throwIfAborted()
    const { rowCount } = await auth.query(
      `delete from auth.${table} where id in (
         select id from auth.${table} where expires_at < now() limit $1 for update skip locked)`,
      [batchSize],
    )
    forgotten = rowCount ?? 0
  }
}

/** Supabase keeps its own sessions in a schema of this name, and tidies them itself. */
async function isKeptElsewhere(auth: Pool): Promise<boolean> {
  const { rows } = await auth.query<{ theirs: boolean }>(
    `select pg_get_userbyid(nspowner) <> 'keyloft_owner' as theirs from pg_namespace where nspname = 'auth'`,
  )
  return rows[0]?.theirs ?? true
}

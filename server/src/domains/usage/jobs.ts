import { sql } from 'kysely'
import { z } from 'zod'
import type { Database } from '../../platform/database/database.ts'
import { defineJob, type Job } from '../../platform/queue/job.ts'

/**
 * Calls of long ago go, a month at a time, each in a transaction of its own. Their sums stay in usage_hourly, which the
 * function makes sure of before it drops anything.
 */
export function dropOldMonths(database: Pick<Database, 'system'>, keepMonths: number | undefined): Job<Record<string, never>> {
  return defineJob({
    name: 'usage.drop-old-months',
    schedule: '53 2 * * *',
    expireSeconds: 60 * 60,
    input: z.object({}).transform(() => ({})),
    run: async (_, { signal }) => {
      if (keepMonths === undefined) return
      do signal.throwIfAborted()
      while ((await dropOldestMonth(database, keepMonths)) !== null)
    },
  })
}

async function dropOldestMonth(database: Pick<Database, 'system'>, keepMonths: number): Promise<string | null> {
  return database.system('drop old months of usage', async (tx) => {
    const { rows } = await sql<{
      dropped: string | null
    }>`select keyloft.drop_usage_month(in_keep_months => ${keepMonths}) as dropped`.execute(tx)
    return rows[0]?.dropped ?? null
  })
}

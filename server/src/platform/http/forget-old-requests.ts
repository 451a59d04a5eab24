import { sql } from 'kysely'
import { z } from 'zod'
import type { Database } from '../database/database.ts'
import { defineJob, type Job } from '../queue/job.ts'

/** Deletes counts whose window has ended and replies that are kept no longer. Nobody asks for either any more. */
export function forgetOldRequests(database: Pick<Database, 'system'>): Job<Record<string, never>> {
  return defineJob({
    name: 'http.forget-old-requests',
    schedule: '47 * * * *',
    input: z.object({}).transform(() => ({})),
    run: async () => {
      await database.system('forget old requests', (tx) => sql`select keyloft.forget_old_requests()`.execute(tx))
    },
  })
}

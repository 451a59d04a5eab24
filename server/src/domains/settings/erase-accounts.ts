import type { Pool } from 'pg'
import { z } from 'zod'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Database } from '../../platform/database/database.ts'
import { defineJob, type Job } from '../../platform/queue/job.ts'

const mostAtOnce = 1_000

/**
 * Deletes the accounts whose time has come. Everything a person owns refers to auth.users and goes with it (a check of
 * the catalogue sees to that, for tables added later too). What stays, the audit and the ledger, names a random id that
 * leads nowhere any more.
 */
export function eraseAccounts(database: Pick<Database, 'pools' | 'system'>): Job<Record<string, never>> {
  return defineJob({
    name: 'settings.erase-accounts',
    schedule: '41 * * * *',
    expireSeconds: 10 * 60,
    input: z.object({}).transform(() => ({})),
    run: async (_, { signal }) => {
      const due = await database.system('erase accounts', (tx) =>
        tx.selectFrom('user_standing').select('user_id').where('erase_after', '<=', new Date()).limit(mostAtOnce).execute(),
      )
      for (const { user_id } of due) {
        signal.throwIfAborted()
        await erase(database.pools.auth, user_id, () =>
          database.system('erase accounts', (tx) => recordAudit(tx, { action: 'account.erased', userId: user_id })),
        )
      }
    },
  })
}

/** Asks again whether it is due, so that an account that was opened in the meantime stays. */
async function erase(auth: Pool, userId: string, note: () => Promise<void>) {
  const { rowCount } = await auth.query(
    'delete from auth.users where id = $1 and (select erase_after <= now() from keyloft.standing_of(in_user_id => $1))',
    [userId],
  )
  if (rowCount) await note()
}

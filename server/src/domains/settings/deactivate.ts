import { sql } from 'kysely'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Tx } from '../../platform/database/database.ts'

/** Closes an account for its owner. Their keys are destroyed, and from the commit on every process refuses them. */
export async function deactivate(tx: Tx, userId: string, eraseAfterDays: number): Promise<Date> {
  const closed = {
    deactivated_at: sql<Date>`coalesce(user_standing.deactivated_at, now())`,
    erase_after: sql<Date>`coalesce(user_standing.erase_after, now() + make_interval(days => ${eraseAfterDays}::int))`,
  }
  const { erase_after } = await tx
    .insertInto('user_standing')
    .values({ user_id: userId, deactivated_at: sql`now()`, erase_after: sql`now() + make_interval(days => ${eraseAfterDays}::int)` })
    .onConflict((on) => on.column('user_id').doUpdateSet(closed))
    .returning('erase_after')
    .executeTakeFirstOrThrow()
  await sql`select keyloft.destroy_keys(in_user_id => ${userId})`.execute(tx)
  await recordAudit(tx, { action: 'account.deactivated', userId })
  return erase_after as Date
}

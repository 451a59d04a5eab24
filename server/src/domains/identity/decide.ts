import { sql } from 'kysely'
import { AppError } from '../../base/errors.ts'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Tx } from '../../platform/database/database.ts'
import { sqlstateOf } from '../../platform/database/sql-errors.ts'
import { identityErrors } from './errors.ts'

/** What an operator may decide of a person; absent: as it was. */
export interface Decision {
  tier?: 'free' | 'pro'
  isAdmin?: boolean
  /** Closes the account; a text is the reason. False opens it again, also after the person closed it. */
  disabled?: boolean
  reason?: string
}

/** One entry in the audit for each thing that is decided, in the same transaction. Every process hears of it. */
export async function decide(tx: Tx, userId: string, { tier, isAdmin, disabled, reason }: Decision): Promise<void> {
  const closes = disabled === undefined ? {} : closing(disabled, reason)
  const changed = { ...(tier === undefined ? {} : { tier }), ...(isAdmin === undefined ? {} : { is_admin: isAdmin }), ...closes }
  if (Object.keys(changed).length === 0) return
  await tx
    .insertInto('user_standing')
    .values({ user_id: userId, ...changed })
    .onConflict((on) => on.column('user_id').doUpdateSet(changed))
    .execute()
    .catch((error) => {
      throw sqlstateOf(error instanceof AppError ? error.cause : error) === '23503' ? identityErrors.no_such_user({ cause: error }) : error
    })
  if (tier !== undefined) await recordAudit(tx, { action: 'account.tier_set', userId, details: { tier } })
  if (isAdmin !== undefined) await recordAudit(tx, { action: isAdmin ? 'account.promoted' : 'account.demoted', userId })
  if (disabled !== undefined) await recordAudit(tx, { action: disabled ? 'account.disabled' : 'account.enabled', userId })
}

function closing(disabled: boolean, reason: string | undefined) {
  return disabled
    ? { disabled_at: sql<Date>`now()`, disabled_reason: reason ?? null }
    : { disabled_at: null, disabled_reason: null, deactivated_at: null, erase_after: null }
}

import { sql } from 'kysely'
import type { Tx } from '../database/database.ts'

export interface AuditEntry {
  /** What was done, as `subject.act`: api_key.revealed. */
  action: string
  /** Whose things were touched. */
  userId: string | null
  /** Which of them. */
  subject?: string
  /** Values only as keyed hashes. */
  details?: Record<string, unknown>
}

/**
 * Writes down what this transaction does, so that neither happens without the other. Who acts is not an argument: it is
 * what the transaction's claims say. Changes of provider keys are audited by triggers, whoever makes them.
 */
export async function recordAudit(tx: Tx, { action, userId, subject, details = {} }: AuditEntry): Promise<void> {
  await sql`select keyloft.record_audit(
    in_action => ${action}, in_user_id => ${userId}, in_subject => ${subject ?? null}, in_details => ${JSON.stringify(details)}::jsonb)`.execute(
    tx,
  )
}

import type { Insertable, Selectable } from 'kysely'
import { z } from 'zod'
import type { Tables } from '../../platform/database/tables.ts'
import type { Verification } from './verify-key.ts'

/** A provider key as it may be shown: everything but the key. */
export const providerKeySchema = z
  .object({
    id: z.uuid(),
    provider: z.string(),
    keyName: z.string(),
    keyHint: z.string().describe('The last four characters; empty for a short key. The key itself is never shown again.'),
    fingerprint: z.string().nullable().describe('Equal for equal keys.'),
    priority: z.int().describe('Lower is taken first.'),
    isEnabled: z.boolean(),
    isValid: z.boolean().describe('False when the provider refused it at the last verification.'),
    lastVerifiedAt: z.iso.datetime().nullable(),
    validationError: z.enum(['refused', 'unreachable', 'unexpected_answer']).nullable(),
    dailyLimit: z.int().nullable(),
    monthlyLimit: z.int().nullable(),
    lastUsed: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'ProviderKey' })
export type ProviderKey = z.infer<typeof providerKeySchema>

export type ApiKeyRow = Selectable<Tables['api_keys']>
export type NewApiKeyRow = Insertable<Tables['api_keys']>

export const shownColumns = [
  'id',
  'service',
  'key_name',
  'key_hint',
  'fingerprint',
  'priority',
  'is_enabled',
  'is_valid',
  'last_verified_at',
  'validation_error',
  'daily_limit',
  'monthly_limit',
  'last_used',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof ApiKeyRow)[]

type ShownRow = Pick<ApiKeyRow, (typeof shownColumns)[number]>

export function showKey(row: ShownRow): ProviderKey {
  return {
    id: row.id,
    provider: row.service,
    keyName: row.key_name,
    keyHint: row.key_hint,
    fingerprint: row.fingerprint,
    priority: row.priority,
    isEnabled: row.is_enabled,
    isValid: row.is_valid,
    lastVerifiedAt: row.last_verified_at?.toISOString() ?? null,
    validationError: row.validation_error as Exclude<Verification, 'valid'> | null, // a constraint of the table
    dailyLimit: row.daily_limit,
    monthlyLimit: row.monthly_limit,
    lastUsed: row.last_used?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

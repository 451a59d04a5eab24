import { sql } from 'kysely'
import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Tx } from '../../platform/database/database.ts'
import { sqlstateOf } from '../../platform/database/sql-errors.ts'
import { providerName } from '../providers/providers.ts'
import { quotasErrors } from './errors.ts'
import { quotaTypes, spends } from './quota.ts'

const decimal = z
  .string({ error: 'must be text, such as "2.50": a number would be rounded' })
  .regex(/^\d{1,12}(\.\d{1,30})?$/, 'must be a decimal number from 0, such as "2.50"')
const whole = z.int().min(0).max(1e12)

const limits = {
  requestLimit: whole.nullish(),
  tokenLimit: whole.nullish(),
  costLimitUsd: decimal.nullish(),
}
const what = {
  type: z.enum(quotaTypes).describe('daily and monthly count every call; provider and model those of one, by the day.'),
  provider: providerName.nullish().describe('By its id or an alias. With the types provider and model.'),
  model: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^*\p{Cc}]*\*?$/u, 'must be the name of a model; a * may stand at its end, and nowhere else')
    .nullish()
    .describe('With the type model: as it is sent to the provider. A * at its end: all whose names begin so.'),
}
const isWhole = ({ type, provider, model }: { type: string; provider?: string | null | undefined; model?: string | null | undefined }) =>
  type === 'model' ? !!model : type === 'provider' ? !!provider && !model : !provider && !model
const isWholeMessage = {
  path: ['type'],
  message: 'A limit of a provider names one, a limit of a model names one, and no other names either.',
}

// Strict: a limit whose name was misspelt would not be set, and nobody would be told.
/** What a person may set for themselves: of calls with their own keys. */
export const ownLimitSchema = z.strictObject({ ...what, ...limits, isActive: z.boolean().default(true) }).refine(isWhole, isWholeMessage)
export const operatorLimitSchema = z
  .strictObject({ userId: z.uuid(), ...what, spend: z.enum(spends).default('all'), ...limits, isActive: z.boolean().default(true) })
  .refine(isWhole, isWholeMessage)
export const tierLimitSchema = z.strictObject(limits)

export type Limits = z.output<typeof tierLimitSchema>

/** anonymous holds for whoever has no account yet; the others are given by an operator. */
export const tiers = ['anonymous', 'free', 'pro'] as const
type Tier = (typeof tiers)[number]

const asText = (count: number | null | undefined) => (count == null ? null : `${count}`)

function limitColumns({ requestLimit, tokenLimit, costLimitUsd }: Limits) {
  const columns = { request_limit: asText(requestLimit), token_limit: asText(tokenLimit), cost_limit: costLimitUsd ?? null }
  if (isNothing({ requestLimit, tokenLimit, costLimitUsd })) throw quotasErrors.nothing_limited()
  return columns
}

const isNothing = ({ requestLimit, tokenLimit, costLimitUsd }: Limits) =>
  [requestLimit, tokenLimit, costLimitUsd].every((limit) => limit == null)

/** In the place of the one for the same before, whose counters go on. @returns its id */
export async function setQuota(
  tx: Tx,
  setBy: 'operator' | 'person',
  { userId, type, provider, model, spend, isActive, ...rest }: z.output<typeof operatorLimitSchema>,
): Promise<string> {
  if (!isActive && isNothing(rest)) return switchOff(tx, setBy, { userId, type, provider, model, spend })
  const columns = limitColumns(rest)
  const { id } = await tx
    .insertInto('user_quota_limits')
    .values({ user_id: userId, type, provider: provider ?? null, model: model ?? null, spend, set_by: setBy, ...columns })
    .onConflict((on) => on.constraint('user_quota_limits_what_key').doUpdateSet({ ...columns, is_active: true }))
    .returning('id')
    .executeTakeFirstOrThrow()
    .catch((error) => {
      throw sqlstateOf(error instanceof AppError ? error.cause : error) === '23503' ? quotasErrors.no_such_user({ cause: error }) : error
    })
  if (!isActive) await tx.updateTable('user_quota_limits').set({ is_active: false }).where('id', '=', id).execute()
  return id
}

/** As it stands, it counts nothing until it is set again. */
async function switchOff(
  tx: Tx,
  setBy: 'operator' | 'person',
  { userId, type, provider, model, spend }: Pick<z.output<typeof operatorLimitSchema>, 'userId' | 'type' | 'provider' | 'model' | 'spend'>,
): Promise<string> {
  const off = await tx
    .updateTable('user_quota_limits')
    .set({ is_active: false })
    .where('user_id', '=', userId)
    .where('set_by', '=', setBy)
    .where('type', '=', type)
    .where('spend', '=', spend)
    .where('provider', 'is not distinct from', provider ?? null)
    .where('model', 'is not distinct from', model ?? null)
    .returning('id')
    .executeTakeFirst()
  if (!off) throw quotasErrors.no_such_quota()
  return off.id
}

/** What an operator does is written into the audit in the same transaction. */
export async function setByOperator(tx: Tx, given: z.output<typeof operatorLimitSchema>): Promise<string> {
  const id = await setQuota(tx, 'operator', given)
  const { userId, ...details } = given
  await recordAudit(tx, { action: 'quota.set', userId, subject: id, details })
  await beginQuotas(tx, userId)
  return id
}

/** So that what was used before the limit was set is seen at once, and not with the next call. */
export async function beginQuotas(tx: Tx, userId: string): Promise<void> {
  await sql`select keyloft.begin_quotas(in_user_id => ${userId})`.execute(tx)
}

/** Those of a key and of a tier are kept by these. */
export async function removeQuota(tx: Tx, id: string, setBy: 'operator' | 'person'): Promise<void> {
  const removed = await tx
    .deleteFrom('user_quota_limits')
    .where('id', '=', id)
    .where('set_by', '=', setBy)
    .returning('user_id')
    .executeTakeFirst()
  if (!removed) throw quotasErrors.no_such_quota()
  if (setBy === 'operator') await recordAudit(tx, { action: 'quota.removed', userId: removed.user_id, subject: id })
}

/** What all people of a tier, or all people together, may spend of the operator's money. Of nothing: no limit. */
export async function setTierLimit(tx: Tx, tier: Tier | 'platform', type: 'daily' | 'monthly', limits: Limits | undefined): Promise<void> {
  const columns = limits && limitColumns(limits)
  if (tier === 'platform') {
    const { request_limit = null, token_limit = null, cost_limit = null } = columns ?? {}
    await sql`select keyloft.limit_platform(in_type => ${type}, in_request_limit => ${request_limit}::bigint,
      in_token_limit => ${token_limit}::bigint, in_cost_limit => ${cost_limit}::numeric)`.execute(tx)
  } else if (columns) {
    const insert = tx.insertInto('quota_tiers').values({ tier, type, ...columns })
    await insert.onConflict((on) => on.columns(['tier', 'type']).doUpdateSet(columns)).execute()
  } else {
    await tx.deleteFrom('quota_tiers').where('tier', '=', tier).where('type', '=', type).execute()
  }
  const subject = tier === 'platform' ? 'platform_limit' : 'tier'
  await recordAudit(tx, { action: `${subject}.${columns ? 'set' : 'unset'}`, userId: null, subject: tier, details: { type, ...limits } })
}

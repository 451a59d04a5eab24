import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../platform/database/database.ts'

const count = z.number().min(0)
const amounts = z.object({ requests: count, tokens: count, costUsd: z.string() })
const limited = z.object({ requests: count.nullable(), tokens: count.nullable(), costUsd: z.string().nullable() })

export const quotaTypes = ['daily', 'monthly', 'provider', 'model'] as const
export const spends = ['all', 'own', 'platform'] as const

export const quotaSchema = z
  .object({
    id: z.uuid().nullable().describe('Null: of a tier, and nothing has been counted yet.'),
    type: z.enum(quotaTypes),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    spend: z.enum(spends).describe('Which calls count: those with a key of the person’s (own), those that the operator pays for, or all.'),
    setBy: z.enum(['operator', 'person', 'key', 'tier']),
    keyId: z.uuid().nullable(),
    isActive: z.boolean(),
    limit: limited,
    used: amounts.describe('In this window.'),
    reserved: amounts.describe('What calls under way may use at most.'),
    remaining: limited.describe('The limit less what is used and reserved. Null: no limit.'),
    resetsAt: z.string().describe('When the window ends: a day or a month of UTC.'),
  })
  .meta({ id: 'Quota' })
export type Quota = z.output<typeof quotaSchema>

export const platformLimitSchema = quotaSchema
  .pick({ limit: true, used: true, reserved: true, remaining: true, resetsAt: true })
  .extend({ type: z.enum(['daily', 'monthly']) })
  .meta({ id: 'PlatformLimit' })
export type PlatformLimit = z.output<typeof platformLimitSchema>

interface Row {
  id: string | null
  type: Quota['type']
  provider: string | null
  model: string | null
  spend: Quota['spend']
  set_by: Quota['setBy']
  key_id: string | null
  is_active: boolean
  request_limit: string | null
  token_limit: string | null
  cost_limit: string | null
  used_requests: string
  used_tokens: string
  used_cost: string
  reserved_requests: string
  reserved_tokens: string
  reserved_cost: string
  resets_at: Date
}

const columns = sql`id, type, provider, model, spend, set_by, key_id, is_active, request_limit, token_limit, cost_limit,
  used_requests, used_tokens, used_cost, reserved_requests, reserved_tokens, reserved_cost, reset_at`

/**
 * Whose tier holds: anonymous for whoever has no account yet, whatever stands in their profile. The ledger asks
 * the same function. As the service: people may not look at accounts.
 */
export async function tierOf(tx: Tx, userId: string): Promise<string> {
  const { rows } = await sql<{ tier: string }>`select tier from keyloft.tiers_of(in_user_ids => array[${userId}::uuid])`.execute(tx)
  return rows[0]?.tier ?? 'free'
}

/** All limits of a person as they stand, those of their tier included unless the operator set others. */
export async function listQuotas(tx: Tx, userId: string, tier: string): Promise<Quota[]> {
  const rows = await standing(
    tx,
    sql`
      with own as (
        select * from public.user_quota_limits where user_id = ${userId}
      )
      select ${columns} from own where set_by <> 'tier'
      union all
      select o.id, t.type, null, null, 'platform', 'tier', null, true, t.request_limit, t.token_limit, t.cost_limit,
             coalesce(o.used_requests, 0), coalesce(o.used_tokens, 0), coalesce(o.used_cost, 0), coalesce(o.reserved_requests, 0),
             coalesce(o.reserved_tokens, 0), coalesce(o.reserved_cost, 0), o.reset_at
        from public.quota_tiers t left join own o on o.set_by = 'tier' and o.type = t.type
       where t.tier = ${tier}
         and not exists (select from own other where other.type = t.type and other.spend = 'platform' and other.set_by = 'operator' and other.is_active)`,
  )
  return rows.map(render)
}

/** What all people together may spend of the operator's money. */
export async function listPlatformLimits(tx: Tx): Promise<PlatformLimit[]> {
  const rows = await standing(tx, sql`select ${columns} from public.user_quota_limits where user_id is null`)
  return rows.map((row) => {
    const { type, limit, used, reserved, remaining, resetsAt } = render(row)
    return { type: type as PlatformLimit['type'], limit, used, reserved, remaining, resetsAt } // a constraint of the table
  })
}

/** As they stand now: nothing is used of a window that has not begun. */
async function standing(tx: Tx, quotas: RawBuilder<unknown>): Promise<Row[]> {
  const { rows } = await sql<Row>`
    with all_of_them as (${quotas})
    select id, type, provider, model, spend, set_by, key_id, is_active, request_limit, token_limit, trim_scale(cost_limit)::text as cost_limit,
           case when is_over then 0 else used_requests end as used_requests, case when is_over then 0 else used_tokens end as used_tokens,
           case when is_over then '0' else trim_scale(used_cost)::text end as used_cost,
           case when is_over then 0 else reserved_requests end as reserved_requests, case when is_over then 0 else reserved_tokens end as reserved_tokens,
           case when is_over then '0' else trim_scale(reserved_cost)::text end as reserved_cost,
           case when is_over or reset_at is null
                then (date_trunc(unit, now() at time zone 'UTC') + ('1 ' || unit)::interval) at time zone 'UTC' else reset_at end as resets_at
      from all_of_them, lateral (select coalesce(reset_at <= now(), false) as is_over, case type when 'monthly' then 'month' else 'day' end as unit) w
     order by type, provider nulls first, model nulls first, spend, set_by, key_id`.execute(tx)
  return rows
}

function render(row: Row): Quota {
  const limit = { requests: toCount(row.request_limit), tokens: toCount(row.token_limit), costUsd: row.cost_limit }
  const used = { requests: Number(row.used_requests), tokens: Number(row.used_tokens), costUsd: row.used_cost }
  const reserved = { requests: Number(row.reserved_requests), tokens: Number(row.reserved_tokens), costUsd: row.reserved_cost }
  return {
    id: row.id,
    type: row.type,
    provider: row.provider,
    model: row.model,
    spend: row.spend,
    setBy: row.set_by,
    keyId: row.key_id,
    isActive: row.is_active,
    limit,
    used,
    reserved,
    remaining: {
      requests: left(limit.requests, used.requests + reserved.requests),
      tokens: left(limit.tokens, used.tokens + reserved.tokens),
      costUsd: limit.costUsd === null ? null : lessCosts(limit.costUsd, used.costUsd, reserved.costUsd),
    },
    resetsAt: row.resets_at.toISOString(),
  }
}

const toCount = (text: string | null) => (text === null ? null : Number(text))
const left = (limit: number | null, gone: number) => (limit === null ? null : Math.max(0, limit - gone))

/** Exact: decimal text as whole numbers of its smallest place. */
export function lessCosts(limit: string, ...gone: readonly string[]): string {
  const places = Math.max(...[limit, ...gone].map((text) => text.split('.')[1]?.length ?? 0))
  const whole = (text: string) => {
    const [units = '0', rest = ''] = text.split('.')
    return BigInt(units + rest.padEnd(places, '0'))
  }
  const rest = gone.reduce((sum, text) => sum - whole(text), whole(limit))
  if (rest <= 0n) return '0'
  const digits = rest.toString().padStart(places + 1, '0')
  const cut = digits.length - places
  const decimals = digits.slice(cut).replace(/0+$/, '')
  return decimals ? `${digits.slice(0, cut)}.${decimals}` : digits.slice(0, cut)
}

import { sql } from 'kysely'
import type { Tx } from '../../platform/database/database.ts'

export const periods = ['today', 'week', 'month', 'all'] as const
export type Period = (typeof periods)[number]

const dayMs = 24 * 60 * 60 * 1_000

/** In whole days of UTC, so that what was summed by the hour fits; absent for all of them. */
export function beginningOf(period: Period, nowMs: number): Date | undefined {
  const today = nowMs - (nowMs % dayMs)
  const now = new Date(nowMs)
  switch (period) {
    case 'today':
      return new Date(today)
    case 'week':
      return new Date(today - 6 * dayMs)
    case 'month':
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth()))
    case 'all':
      return undefined
  }
}

export interface Sums {
  requests: number
  unpricedRequests: number
  presumedRequests: number
  tokens: { total: number; input: number; cachedInput: number; output: number; reasoning: number }
  costUsd: string
  adjustmentUsd: string
}

export interface Summary {
  since: Date | null
  totals: Sums
  providers: (Sums & { provider: string })[]
  models: (Sums & { provider: string; model: string })[]
  days: (Sums & { date: string })[]
  sources: (Sums & { source: string })[]
}

interface Row {
  level: number
  provider: string
  model: string
  day: string
  source: string
  since: Date | null
  requests: string
  unpriced: string
  presumed: string
  input: string
  cached: string
  output: string
  reasoning: string
  cost: string
  adjustment: string
}

/** What grouping() says of each: a bit for every column that is summed over. */
const levels = { total: 15, provider: 11, model: 9, day: 7, source: 14 }
const mostModels = 10

/**
 * From the hours and the adjustments, in one statement, so that all its sums are of the same moment. How many calls were
 * summed up in an hour makes no difference.
 */
export async function summarise(
  tx: Tx,
  userId: string,
  { from, provider, model }: { from: Date | undefined; provider?: string | undefined; model?: string | undefined },
): Promise<Summary> {
  const wanted = sql`user_id = ${userId} and hour >= coalesce(${from ?? null}::timestamptz, '-infinity')
      and (${provider ?? null}::text is null or provider = ${provider ?? null}) and (${model ?? null}::text is null or model = ${model ?? null})`
  const { rows } = await sql<Row>`
    with hours as (
      select hour, provider, model, credential_source as source, requests, unpriced_requests, presumed_requests, input_tokens, cached_input_tokens, output_tokens,
             reasoning_tokens, cost_usd, 0::numeric as adjustment_usd
        from usage_hourly where ${wanted}
      union all
      select hour, provider, model, credential_source, 0, unpriced_requests, 0, 0, 0, 0, 0, cost_usd, cost_usd
        from usage_adjustments where ${wanted}
    ), summed as (
      select grouping(day, provider, model, source) as level, day, provider, model, source, min(hour) as since, sum(requests) as requests,
             sum(unpriced_requests) as unpriced, sum(presumed_requests) as presumed, sum(input_tokens) as input, sum(cached_input_tokens) as cached,
             sum(output_tokens) as output, sum(reasoning_tokens) as reasoning, sum(cost_usd) as cost, sum(adjustment_usd) as adjustment
        from hours, lateral (select to_char(hour at time zone 'UTC', 'YYYY-MM-DD') as day) as its
       group by grouping sets ((), (provider), (provider, model), (day), (source))
    ), ranked as (
      select *, row_number() over (partition by level order by cost desc, requests desc, provider, model, source) as rank from summed
    )
    select level, day, provider, model, source, since, coalesce(requests, 0) as requests, coalesce(unpriced, 0) as unpriced,
           coalesce(presumed, 0) as presumed, coalesce(input, 0) as input, coalesce(cached, 0) as cached, coalesce(output, 0) as output,
           coalesce(reasoning, 0) as reasoning, trim_scale(coalesce(cost, 0))::text as cost, trim_scale(coalesce(adjustment, 0))::text as adjustment
      from ranked where level <> ${levels.model}::int or rank <= ${mostModels}::int
     order by level, day, rank`.execute(tx)
  const at = (level: number) => rows.filter((row) => Number(row.level) === level)
  const [total] = at(levels.total)
  if (!total) throw new Error('grouping sets gave no total')
  return {
    since: total.since,
    totals: toSums(total),
    providers: at(levels.provider).map((row) => ({ provider: row.provider, ...toSums(row) })),
    models: at(levels.model).map((row) => ({ provider: row.provider, model: row.model, ...toSums(row) })),
    days: at(levels.day).map((row) => ({ date: row.day, ...toSums(row) })),
    sources: at(levels.source).map((row) => ({ source: row.source, ...toSums(row) })),
  }
}

function toSums(row: Row): Sums {
  const [input, output] = [Number(row.input), Number(row.output)]
  return {
    requests: Number(row.requests),
    unpricedRequests: Number(row.unpriced),
    presumedRequests: Number(row.presumed),
    tokens: { total: input + output, input, cachedInput: Number(row.cached), output, reasoning: Number(row.reasoning) },
    costUsd: row.cost,
    adjustmentUsd: row.adjustment,
  }
}

/** The limits that hold for a person, as they were last counted. */
export async function listQuotas(tx: Tx, userId: string) {
  return tx
    .selectFrom('user_quota_limits')
    .select([
      'type',
      'provider',
      'model',
      'request_limit',
      'token_limit',
      'cost_limit',
      'used_requests',
      'used_tokens',
      'used_cost',
      'reset_at',
    ])
    .where('user_id', '=', userId)
    .where('is_active', '=', true)
    .where('set_by', '<>', 'tier')
    .orderBy('type')
    .orderBy('provider')
    .orderBy('model')
    .execute()
}

import { sql } from 'kysely'
import type { Database } from '../../platform/database/database.ts'
import type { InvoiceLine } from './invoice-file.ts'

export interface Difference {
  date: string
  model: string
  oursUsd: string | null
  theirsUsd: string | null
  /** Theirs less ours. */
  differenceUsd: string
  /** Of our calls, those that have no price. */
  unpriced: number
  /** Ours and theirs, of what the file has and differs. */
  requests: [ours: number, theirs: number] | null
  inputTokens: [ours: number, theirs: number] | null
  outputTokens: [ours: number, theirs: number] | null
}

export interface Reconciled {
  days: { from: string; to: string }
  oursUsd: string
  theirsUsd: string
  differenceUsd: string
  compared: number
  differences: Difference[]
}

interface Row {
  date: string
  model: string
  ours: string | null
  theirs: string | null
  difference: string
  unpriced: string | null
  our_counts: (string | null)[]
  their_counts: (string | null)[]
  is_beyond: boolean
  total_ours: string
  total_theirs: string
  first: string
  last: string
  total: string
}

/**
 * Our books beside a provider's, by day of UTC and model, over the days that the file speaks of. Adjustments are in ours.
 * A line differs where the costs are further apart than the tolerance, or where one of the counts is another.
 */
export async function reconcile(
  database: Pick<Database, 'system'>,
  { provider, source, lines, toleranceUsd }: { provider: string; source: string; lines: readonly InvoiceLine[]; toleranceUsd: string },
): Promise<Reconciled> {
  const rows = await database.system('reconcile with an invoice', async (tx) => {
    const compared = await sql<Row>`
      with theirs as (
        select date, model, sum("costUsd") as cost, array[sum(requests), sum("inputTokens"), sum("outputTokens")] as counts
          from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as t (
               date text, model text, "costUsd" numeric, requests numeric, "inputTokens" numeric, "outputTokens" numeric)
         group by date, model
      ), span as (
        select min(date) as first, max(date) as last, min(date)::timestamp at time zone 'UTC' as begins,
               (max(date)::date + 1)::timestamp at time zone 'UTC' as ends from theirs
      ), hours as (
        select hour, model, requests, unpriced_requests, input_tokens, output_tokens, cost_usd from usage_hourly, span
         where provider = ${provider} and credential_source = ${source} and hour >= begins and hour < ends
        union all
        select hour, model, 0, unpriced_requests, 0, 0, cost_usd from usage_adjustments, span
         where provider = ${provider} and credential_source = ${source} and hour >= begins and hour < ends
      ), ours as (
        select to_char(hour at time zone 'UTC', 'YYYY-MM-DD') as date, model, sum(cost_usd) as cost, sum(unpriced_requests) as unpriced,
               array[sum(requests), sum(input_tokens), sum(output_tokens)] as counts
          from hours group by 1, 2 having sum(requests) > 0
      ), compared as (
        select date, model, o.cost as ours, t.cost as theirs, coalesce(t.cost, 0) - coalesce(o.cost, 0) as difference, o.unpriced,
               coalesce(o.counts, '{0,0,0}') as our_counts, coalesce(t.counts, '{null,null,null}') as their_counts
          from ours o full join theirs t using (date, model)
      )
      select date, model, trim_scale(ours)::text as ours, trim_scale(theirs)::text as theirs, trim_scale(difference)::text as difference, unpriced,
             our_counts::text[] as our_counts, their_counts::text[] as their_counts, span.first, span.last,
             abs(difference) > ${toleranceUsd}::numeric or ours is null or theirs is null
             or exists (select from unnest(our_counts, their_counts) as c (o, t) where o <> t) as is_beyond,
             trim_scale(coalesce(sum(ours) over (), 0))::text as total_ours, trim_scale(coalesce(sum(theirs) over (), 0))::text as total_theirs,
             trim_scale(sum(difference) over ())::text as total
        from compared, span order by date, model`.execute(tx)
    return compared.rows
  })
  const [first] = rows
  if (!first) throw new Error('an invoice without lines was compared')
  return {
    days: { from: first.first, to: first.last },
    oursUsd: first.total_ours,
    theirsUsd: first.total_theirs,
    differenceUsd: first.total,
    compared: rows.length,
    differences: rows.filter(({ is_beyond }) => is_beyond).map(toDifference),
  }
}

function toDifference({ date, model, ours, theirs, difference, unpriced, our_counts, their_counts }: Row): Difference {
  const pair = (place: number): [number, number] | null => {
    const [own, other] = [our_counts[place] ?? '0', their_counts[place] ?? null]
    return other === null || Number(own) === Number(other) ? null : [Number(own), Number(other)]
  }
  return {
    date,
    model,
    oursUsd: ours,
    theirsUsd: theirs,
    differenceUsd: difference,
    unpriced: Number(unpriced ?? 0),
    requests: pair(0),
    inputTokens: pair(1),
    outputTokens: pair(2),
  }
}

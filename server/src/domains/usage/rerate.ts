import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Asked, Database, Tx } from '../../platform/database/database.ts'

/** in force: those at the time of each call, as they are known now. as booked: the way back. */
export type Prices = 'in force' | 'as booked' | { readonly of: Date }

export interface Rerating {
  /** Beginnings of days in UTC; calls of `to` itself are not in it. */
  from: Date
  to: Date
  provider?: string | undefined
  model?: string | undefined
  prices: Prices
  dryRun: boolean
}

export interface RatedDay {
  day: string
  calls: number
  /** Summed up in the hours, and not kept one by one any more. They stay as they are. */
  gone: number
  /** Of the calls, those that cost otherwise than they were booked. */
  changed: number
  /** To what was written before, adjustments included. */
  differenceUsd: string
}

export interface Rerated {
  /** In the audit and in the adjustments, of what was written. */
  id: string
  calls: number
  changed: number
  gone: number
  differenceUsd: string
  /** Of no day: all was as it should be, or it was only asked. */
  writtenDays: number
}

/**
 * Day by day, each in a transaction of its own. What is written is the difference to what is there, so a run that was
 * broken off is gone on with by the same run again.
 */
export async function rerate(
  database: Pick<Database, 'system'>,
  rerating: Rerating,
  { asked, onDay }: { asked: Asked; onDay: (day: RatedDay, place: number, of: number) => void },
): Promise<Rerated> {
  const id = randomUUID()
  const days = await daysWithCalls(database, rerating)
  const done: RatedDay[] = []
  let writtenDays = 0
  for (const [index, { day, requests }] of days.entries()) {
    const { calls, changed, cost, isWritten } = await database.system('rerate calls', (tx) => rerateDay(tx, id, day, rerating), asked)
    const rated = { day, calls, gone: Math.max(0, requests - calls), changed, differenceUsd: cost }
    done.push(rated)
    if (isWritten) writtenDays++
    onDay(rated, index + 1, days.length)
  }
  const sum = (of: (day: RatedDay) => number) => done.reduce((total, day) => total + of(day), 0)
  return {
    id,
    calls: sum(({ calls }) => calls),
    changed: sum(({ changed }) => changed),
    gone: sum(({ gone }) => gone),
    differenceUsd: await addUp(database, done),
    writtenDays,
  }
}

async function daysWithCalls(database: Pick<Database, 'system'>, { from, to, provider, model }: Rerating) {
  return database.system('rerate calls', async (tx) => {
    const { rows } = await sql<{ day: string; requests: string }>`
      select to_char(hour at time zone 'UTC', 'YYYY-MM-DD') as day, sum(requests) as requests
        from usage_hourly
       where hour >= ${from} and hour < ${to} and (${provider ?? null}::text is null or provider = ${provider ?? null})
         and (${model ?? null}::text is null or model = ${model ?? null})
       group by 1 having sum(requests) > 0 order by 1`.execute(tx)
    return rows.map(({ day, requests }) => ({ day, requests: Number(requests) }))
  })
}

async function rerateDay(tx: Tx, id: string, day: string, { provider, model, prices, dryRun }: Rerating) {
  const { rows } = await sql<{ calls: string; changed: string; cost: string; written: string }>`
    select calls, changed_calls as changed, cost_usd::text as cost, written
      from keyloft.rerate_day(
        in_rerating_id => ${id}, in_day => ${`${day}T00:00:00Z`}::timestamptz, in_provider => ${provider ?? null}, in_model => ${model ?? null},
        in_as_booked => ${prices === 'as booked'}, in_prices_of => ${typeof prices === 'object' ? prices.of : null}::timestamptz,
        in_write => ${!dryRun})`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('rerate_day gave no row')
  const { calls, changed, cost, written } = row
  const isWritten = written !== '0' // differences of one day may add up to nothing
  if (isWritten) {
    const how = typeof prices === 'object' ? `of ${prices.of.toISOString()}` : prices
    const details = { day, prices: how, calls: Number(calls), differenceUsd: cost, ...(provider && { provider }), ...(model && { model }) }
    await recordAudit(tx, { action: 'ledger.rerated', userId: null, subject: id, details })
  }
  return { calls: Number(calls), changed: Number(changed), cost, isWritten }
}

async function addUp(database: Pick<Database, 'system'>, days: readonly RatedDay[]): Promise<string> {
  const costs = days.map(({ differenceUsd }) => differenceUsd)
  return database.system('rerate calls', async (tx) => {
    const { rows } = await sql<{ sum: string }>`
      select trim_scale(coalesce(sum(cost::numeric), 0))::text as sum from jsonb_array_elements_text(${JSON.stringify(costs)}::jsonb) as t (cost)`.execute(
      tx,
    )
    return rows[0]?.sum ?? '0'
  })
}

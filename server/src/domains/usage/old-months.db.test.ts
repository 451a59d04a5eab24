import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, makeCall } from '../../../test/ledger.ts'
import { userPrincipal } from '../../base/principal.ts'
import { makePartitions } from '../ledger/jobs.ts'
import { createLedger } from '../ledger/ledger.ts'
import { dropOldMonths } from './jobs.ts'
import { summarise } from './summary.ts'

/** The middle of a month in UTC, so many before this one. */
function middleOf(monthsAgo: number): Date {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo, 15, 12))
}
const nameOf = (date: Date) => `usage_records_${date.toISOString().slice(0, 7).replace('-', '_')}`

/** As it was made when it was this month. */
async function makeMonth(db: Kysely<unknown>, date: Date) {
  const begins = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth()))
  const ends = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1))
  const name = sql.table(`keyloft.${nameOf(date)}`)
  await db.transaction().execute(async (tx) => {
    await sql`set local role keyloft_owner`.execute(tx)
    await sql`create table ${name} (like public.usage_records including all)`.execute(tx)
    await sql`alter table ${name} enable row level security`.execute(tx)
    await sql`alter table ${name} force row level security`.execute(tx)
    await sql`alter table public.usage_records attach partition ${name} for values from (${sql.lit(begins.toISOString())}) to (${sql.lit(ends.toISOString())})`.execute(
      tx,
    )
  })
}

describe('calls of long ago', async () => {
  const { database, owner } = await createTestDatabase()
  const db = owner.db as unknown as Kysely<unknown>
  const ledger = createLedger({ database, clock: Date.now })
  const userId = randomUUID()
  const totals = async () => (await database.asPrincipal(userPrincipal(userId), (tx) => summarise(tx, userId, { from: undefined }))).totals
  const months = async () => {
    const { rows } = await sql<{ name: string; calls: string }>`
      select tableoid::regclass::text as name, count(*) as calls from usage_records group by 1 order by 1`.execute(db)
    return Object.fromEntries(rows.map(({ name, calls }) => [name.replace('keyloft.', ''), Number(calls)]))
  }
  const run = (keep: number | undefined) =>
    dropOldMonths(database, keep).run({}, { signal: new AbortController().signal, jobId: '1', attempt: 1 })

  await makePartitions(database)
  for (const monthsAgo of [1, 4, 5]) await makeMonth(db, middleOf(monthsAgo))
  const settle = async (monthsAgo: number) => {
    const startedAtMs = monthsAgo === 0 ? Date.now() : middleOf(monthsAgo).getTime()
    await ledger.settle(makeCall({ userId, startedAtMs }), ended({}, { usageBasis: 'none' }))
    await ledger.posted()
  }
  for (const monthsAgo of [0, 1, 4, 5, 5]) await settle(monthsAgo)
  const kept = { [nameOf(new Date())]: 1, [nameOf(middleOf(1))]: 1 }
  const old = { [nameOf(middleOf(4))]: 1, [nameOf(middleOf(5))]: 2 }

  it('are kept where nobody says how long', async () => {
    await run(undefined)
    expect(await months()).toEqual({ ...kept, ...old })
  })

  it('are not dropped while their sums are not in the hours, and whoever runs it is told', async () => {
    const refusedFor = async (monthsAgo: number) => {
      const before = await months()
      const hour = middleOf(monthsAgo)
      await sql`update usage_hourly set requests = requests + 1 where hour = ${hour}`.execute(db)
      await expect(run(3)).rejects.toMatchObject({ code: 'database.refused' })
      await sql`update usage_hourly set requests = requests - 1 where hour = ${hour}`.execute(db)
      expect(await months()).toEqual(before)
    }
    await refusedFor(5)
    await settle(7) // of a month that has no partition
    await refusedFor(7)
    expect(await months()).toEqual({ ...kept, ...old, usage_records_default: 1 })
  })

  it('go, with their months, and their sums stay', async () => {
    const before = await totals()
    await run(3)
    expect(await months()).toEqual(kept)
    expect(await totals()).toEqual(before)
    expect(before.requests).toBe(6)
    const { rows } = await sql<{ name: string }>`
      select relname as name from pg_class where relname in (${sql.join([nameOf(middleOf(4)), nameOf(middleOf(5))])})`.execute(db)
    expect(rows).toEqual([])
    await run(3)
    expect(await months()).toEqual(kept)
  })

  it('leave this month and the one before in any case', async () => {
    await run(1)
    expect(await months()).toEqual(kept)
    await expect(run(0)).rejects.toMatchObject({ code: 'database.invalid' })
    expect(await months()).toEqual(kept)
  })
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, exact, makeCall } from '../../../test/ledger.ts'
import { anonymous, userPrincipal } from '../../base/principal.ts'
import type { Asked } from '../../platform/database/database.ts'
import { sweepCalls } from '../ledger/jobs.ts'
import { createLedger } from '../ledger/ledger.ts'
import { openCalls } from '../ledger/statements.ts'
import { importModels, readModelFile } from '../models/models.ts'
import { readInvoice } from './invoice-file.ts'
import { reconcile } from './reconcile.ts'
import { type Prices, type RatedDay, rerate } from './rerate.ts'
import { summarise } from './summary.ts'

const dayMs = 24 * 60 * 60 * 1_000
const today = new Date(Date.now() - (Date.now() % dayMs))
const daysAgo = (days: number) => new Date(today.getTime() - days * dayMs)

describe('calls at other prices', async () => {
  const { database, owner } = await createTestDatabase()
  const ledger = createLedger({ database, clock: Date.now })
  const users = [randomUUID(), randomUUID(), randomUUID()]
  const asked: Asked = { principal: anonymous, requestId: 'by-hand', byOperator: true }
  const below = (n: number) => Math.floor(Math.random() * n)

  async function price(date: Date, model: string, input: string, output: string) {
    const models = [{ provider: 'mock', model, name: model, prices: [{ input, output, reasoning: '7.77' }] }]
    const read = readModelFile(JSON.stringify({ date: date.toISOString().slice(0, 10), models }))
    if ('faults' in read) throw new Error(read.faults.join())
    await importModels(database, read.file)
  }
  async function run(prices: Prices, change: { dryRun?: boolean; model?: string } = {}) {
    const days: RatedDay[] = []
    const rerating = { from: daysAgo(9), to: daysAgo(-1), prices, dryRun: false, ...change }
    const result = await rerate(database, rerating, { asked, onDay: (day) => days.push(day) })
    return { ...result, days }
  }
  const totalsOf = async (userId: string) =>
    (await database.asPrincipal(userPrincipal(userId), (tx) => summarise(tx, userId, { from: undefined }))).totals
  const all = async () => Promise.all(users.map(totalsOf))
  const recordsOf = async () => (await sql`select * from usage_records order by id`.execute(owner.db)).rows
  const adjustments = async () => {
    const { rows } = await sql<{
      count: string
      sum: string
    }>`select count(*), coalesce(sum(cost_usd), 0)::text as sum from usage_adjustments`.execute(owner.db)
    return rows[0] as { count: string; sum: string }
  }
  /** By the latest prices of their time, worked out once more from each record; what is unknown stays as it is, and what was booked at that price. */
  async function worthOf(userId: string): Promise<bigint> {
    const { rows } = await sql<{ cost: string }>`
      select coalesce(sum(case when usage_basis in ('none', 'unknown') then cost_usd else coalesce((
               select case when p.id = u.price_id then u.cost_usd
                           else 0.000001 * (input_tokens * input_per_million + (output_tokens - reasoning_tokens) * output_per_million + reasoning_tokens * reasoning_per_million) end
                 from model_prices p where p.provider = u.provider and p.model = u.model and effective_from <= started_at
                order by effective_from desc limit 1), cost_usd) end), 0)::text as cost
        from usage_records u where user_id = ${userId}`.execute(owner.db)
    return exact(rows[0]?.cost ?? '0')
  }

  beforeAll(async () => {
    await price(daysAgo(100), 'one', '0.15', '0.6')
    await price(daysAgo(100), 'two', '3.000000001', '15')
    const calls = Array.from({ length: 250 }, (_, n) =>
      makeCall({
        userId: users[below(3)] as string,
        model: ['one', 'two', 'free'][below(3)] as string,
        startedAtMs: Math.min(Date.now(), daysAgo(below(9)).getTime() + below(dayMs)),
        credentialSource: n >= 60 && below(2) ? 'server-key' : 'user-key',
        mostCostUsd: ['0.5', '0.000000123456789', undefined][n % 3],
      }),
    )
    // Some are of a process that went away; of half of those the end is heard later, and lowers what was booked.
    const lost = calls.slice(0, 60)
    await database.systemOnce('open', openCalls(lost, 60))
    await sql`update keyloft.holds set lease_until = now() - interval '1 second'`.execute(owner.db)
    expect(await sweepCalls(database)).toBe(lost.length)
    await Promise.all(
      calls.slice(30).map((call) => {
        const usageBasis = (['reported', 'reported', 'estimated', 'none', 'unknown'] as const)[below(5)] ?? 'none'
        return ledger.settle(
          call,
          ended({ inputTokens: below(10_000), outputTokens: 50 + below(500), reasoningTokens: below(50) }, { usageBasis }),
        )
      }),
    )
    await ledger.posted()
  })

  it('are nothing to write where the prices are those they were booked at', async () => {
    expect(await run('in force')).toMatchObject({ calls: 250, changed: 0, gone: 0, differenceUsd: '0' })
    expect((await adjustments()).count).toBe('0')
  })

  it('give a signed difference, beside the records, and are in every sum', async () => {
    const [records, before] = [await recordsOf(), await all()]
    await price(daysAgo(5), 'one', '0.1', '0.7000003')
    await price(daysAgo(8), 'free', '0.25', '0')
    const tried = await run('in force', { dryRun: true })
    expect((await adjustments()).count).toBe('0')
    const written = await run('in force')
    expect(written).toMatchObject({ differenceUsd: tried.differenceUsd, changed: tried.changed, calls: 250 })
    expect(written.changed).toBeGreaterThan(0)
    expect(await recordsOf()).toEqual(records)
    const after = await all()
    let sum = 0n
    for (const [index, user] of users.entries()) {
      const [now, then] = [after[index], before[index]]
      if (!now || !then) throw new Error('no totals')
      expect(exact(now.costUsd)).toBe(await worthOf(user))
      expect(exact(now.costUsd)).toBe(exact(then.costUsd) + exact(now.adjustmentUsd))
      expect(now.requests).toBe(then.requests)
      expect(now.unpricedRequests).toBeLessThan(then.unpricedRequests)
      sum += exact(now.adjustmentUsd)
    }
    expect(sum).toBe(exact(written.differenceUsd))
    expect(written.days.reduce((total, { differenceUsd }) => total + exact(differenceUsd), 0n)).toBe(sum)
  })

  it('are written once, however often and by however many at once', async () => {
    const before = await adjustments()
    expect(await run('in force')).toMatchObject({ differenceUsd: '0' })
    const alone = await run({ of: daysAgo(3) }, { dryRun: true })
    // Each day by whoever comes to it first.
    const [one, two] = await Promise.all([run({ of: daysAgo(3) }), run({ of: daysAgo(3) })])
    expect(exact(alone.differenceUsd)).not.toBe(0n)
    expect(exact(one.differenceUsd) + exact(two.differenceUsd)).toBe(exact(alone.differenceUsd))
    await run('in force')
    expect(exact((await adjustments()).sum)).toBe(exact(before.sum))
  })

  it('can be of one model alone', async () => {
    const before = await all()
    await run('as booked', { model: 'one' })
    await run('in force', { model: 'one' })
    expect(await all()).toEqual(before)
  })

  it('lose nothing on the way back', async () => {
    await run('as booked')
    expect(exact((await adjustments()).sum)).toBe(0n)
    for (const user of users) {
      const { rows } = await sql<{ cost: string; unpriced: string }>`
        select coalesce(sum(cost_usd), 0)::text as cost, (count(*) - count(cost_usd))::int as unpriced from usage_records where user_id = ${user}`.execute(
        owner.db,
      )
      expect(await totalsOf(user)).toMatchObject({ adjustmentUsd: '0', unpricedRequests: rows[0]?.unpriced })
      expect(exact((await totalsOf(user)).costUsd)).toBe(exact(rows[0]?.cost ?? ''))
    }
  })

  it('are in the audit log, each day that was written, with whoever ran it', async () => {
    const { rows } = await sql<{ actor_role: string; details: object }>`
      select actor_role, details from keyloft.audit_log where action = 'ledger.rerated'`.execute(owner.db)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows[0]).toMatchObject({
      actor_role: 'operator',
      details: { prices: 'in force', differenceUsd: expect.any(String), day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
    })
  })

  it('leave alone what is only in the hours any more, and say so', async () => {
    await sql`
      insert into usage_hourly values (${users[0]}, ${daysAgo(9)}, 'mock', 'one', 'user-key', 7, 0, 0, 700, 0, 70, 0, 1)`.execute(owner.db)
    expect(await run('in force', { dryRun: true })).toMatchObject({ calls: 250, gone: 7 })
    await sql`delete from usage_hourly where hour = ${daysAgo(9)} and requests = 7`.execute(owner.db)
  })

  it('are compared with an invoice, by day and model', async () => {
    const { rows } = await sql<{ line: string; source: string }>`
      select to_char(hour at time zone 'UTC', 'YYYY-MM-DD') || ',' || model || ',' || sum(cost_usd) || ',' || sum(requests) || ',' || sum(input_tokens) as line
        from usage_hourly where provider = 'mock' and credential_source = 'server-key' group by to_char(hour at time zone 'UTC', 'YYYY-MM-DD'), model`.execute(
      owner.db,
    )
    const check = (lines: string[], toleranceUsd = '0') => {
      const read = readInvoice(['date,model,cost_usd,requests,input_tokens', ...lines].join('\n'))
      if ('faults' in read) throw new Error(read.faults.join())
      return reconcile(database, { provider: 'mock', source: 'server-key', lines: read.lines, toleranceUsd })
    }
    const lines = rows.map(({ line }) => line).sort()
    const agreed = await check(lines)
    expect(agreed).toMatchObject({ differences: [], differenceUsd: '0', compared: lines.length })
    expect(agreed.oursUsd).toBe(agreed.theirsUsd)

    const [first = '', second = '', ...others] = lines
    const [date, model, cost = '', requests, input] = first.split(',')
    const dearer = `${date},${model},${cost.includes('.') ? cost : `${cost}.`}${'0'.repeat(3)}1,${requests},${input}`
    const { differences } = await check([dearer, ...others, '2026-01-01,unheard-of,3,1,1'])
    expect(differences).toMatchObject([
      { date: '2026-01-01', model: 'unheard-of', oursUsd: null, theirsUsd: '3', differenceUsd: '3' },
      { date, model, differenceUsd: expect.stringMatching(/^0\.0*1$/) },
      { date: second.split(',')[0], model: second.split(',')[1], theirsUsd: null },
    ])
    expect((await check([dearer, second, ...others], '0.001')).differences).toEqual([])
    const oneMore = `${date},${model},${cost},${Number(requests) + 1},${input}`
    expect((await check([oneMore, second, ...others], '1')).differences).toMatchObject([
      { requests: [Number(requests), Number(requests) + 1] },
    ])
  })

  it('are in the audit log also where those of a day add up to nothing', async () => {
    for (const model of ['up', 'down']) await price(daysAgo(100), model, '2', '0')
    for (const model of ['up', 'down']) await ledger.settle(makeCall({ userId: users[0] as string, model }), ended({ inputTokens: 1_000 }))
    await ledger.posted()
    await run('in force')
    await price(daysAgo(1), 'up', '3', '0')
    await price(daysAgo(1), 'down', '1', '0')
    const { id, changed, differenceUsd, writtenDays } = await run('in force')
    expect({ differenceUsd, writtenDays }).toEqual({ differenceUsd: '0', writtenDays: 1 })
    expect(changed).toBeGreaterThanOrEqual(2)
    const { rows } = await sql`
      select (select count(*)::int from usage_adjustments where rerating_id = ${id}) as written, (select count(*)::int from keyloft.audit_log where subject = ${id}) as told`.execute(
      owner.db,
    )
    expect(rows).toEqual([{ written: 2, told: 1 }])
  })
})

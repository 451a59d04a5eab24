import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { callId, ended, exact, makeCall, readBooks, settleCalls, unevenHours } from '../../../test/ledger.ts'
import { importModels, readModelFile } from '../models/models.ts'
import { type Call, noUsage, sanitise, type Usage } from './call.ts'
import { makePartitions, sweepCalls } from './jobs.ts'
import { openCalls, renewLeases } from './statements.ts'

describe('the functions of the ledger', async () => {
  const { database, owner, makePerson } = await createTestDatabase()
  const open = async (calls: readonly Call[]) => ((await database.systemOnce('open', openCalls(calls, 60))).verdicts as string).split(',')
  const settle = async (rows: readonly [Call, ReturnType<typeof ended>][]) =>
    (
      (await database.systemOnce('settle', settleCalls(rows.map(([call, outcome]) => ({ call, outcome: sanitise(outcome) })))))
        .verdicts as string
    ).split(',')
  const expire = async (...calls: Call[]) => {
    await sql`update keyloft.holds set lease_until = now() - interval '1 second' where id = any (${calls.map(({ id }) => id)}::uuid[])`.execute(
      owner.db,
    )
  }
  const costOf = async (call: Call) => (await readBooks(owner)).records.get(call.id)?.cost
  const prices = async (date: string, model: string, ...tiers: object[]) => {
    const read = readModelFile(JSON.stringify({ date, models: [{ provider: 'mock', model, name: model, prices: tiers }] }))
    if ('faults' in read) throw new Error(read.faults.join())
    await importModels(database, read.file)
  }
  const at = (time: string) => Date.parse(`${time}Z`)

  it('write an intent once, and its end once, whatever is repeated', async () => {
    const call = makeCall()
    expect(await open([call, call])).toEqual(['opened', 'opened'])
    expect(await open([call])).toEqual(['already'])
    expect((await readBooks(owner)).holds).toEqual(new Set([call.id]))
    expect(await settle([[call, ended()]])).toEqual(['settled'])
    expect(await settle([[call, ended({ inputTokens: 999 })]])).toEqual(['already'])
    const { holds, records } = await readBooks(owner)
    expect(holds.size).toBe(0)
    expect(records.get(call.id)).toMatchObject({ outcome: 'completed', input: '100', user: call.userId })
  })

  it('write the end of a call that was never opened', async () => {
    const call = makeCall()
    expect(await settle([[call, ended()]])).toEqual(['settled'])
    expect((await readBooks(owner)).records.has(call.id)).toBe(true)
  })

  it.each<[string, Partial<Call>]>([
    ['no model', { model: '' }],
    ['a model of five thousand letters', { model: 'm'.repeat(5_000) }],
    ['a provider that is none', { provider: 'Open AI' }],
    ['a source that is none', { credentialSource: 'somebody' as never }],
    ['no request', { requestId: '' }],
    ['a negative bound', { mostCostUsd: '-1' }],
    ['a bound that is no number', { mostCostUsd: 'NaN' }],
  ])('refuse a call with %s, and no other of its batch', async (_, change) => {
    const calls = [makeCall(), makeCall(change), makeCall()]
    expect(await open(calls)).toEqual(['opened', 'invalid', 'opened'])
    const verdicts = await settle(calls.map((call) => [call, ended()]))
    expect(verdicts).toEqual(['settled', 'mostCostUsd' in change ? 'settled' : 'invalid', 'settled'])
  })

  it('keep the hold of an end that they refuse', async () => {
    const [bad, good] = [makeCall(), makeCall()]
    await open([bad, good])
    expect(
      await settle([
        [bad, ended({}, { outcome: 'nonsense' as never })],
        [good, ended()],
      ]),
    ).toEqual(['invalid', 'settled'])
    expect((await readBooks(owner)).holds).toEqual(new Set([bad.id]))
    expect(await settle([[bad, ended()]])).toEqual(['settled'])
  })

  it('price by the row in force when the call began', async () => {
    await prices('2026-01-01', 'dated', { input: '1', output: '2' })
    await prices('2026-02-01', 'dated', { input: '3', output: '4' })
    const calls = ['2025-12-31T23:59:59.999', '2026-01-01T00:00:00', '2026-01-31T23:59:59.999', '2026-02-01T00:00:00'].map((time) =>
      makeCall({ model: 'dated', startedAtMs: at(time) }),
    )
    await settle(calls.map((call) => [call, ended({ inputTokens: 1_000_000, outputTokens: 1_000_000 })]))
    expect(await Promise.all(calls.map(costOf))).toEqual([null, '3', '3', '7'])
  })

  const usages: [string, Partial<Usage>, string | null][] = [
    ['plain tokens', { inputTokens: 7, outputTokens: 3 }, '0.000013'],
    ['a cache read', { inputTokens: 100, cachedInputTokens: 90, outputTokens: 0 }, '0.000019'],
    ['cache writes of both lifetimes', { inputTokens: 300, cacheWrite5mTokens: 100, cacheWrite1hTokens: 200, outputTokens: 0 }, '0.000525'],
    ['audio both ways', { inputTokens: 10, audioInputTokens: 10, outputTokens: 10, audioOutputTokens: 10 }, '0.0003'],
    ['reasoning', { inputTokens: 0, outputTokens: 10, reasoningTokens: 4 }, '0.000024'],
    ['images', { inputTokens: 0, outputTokens: 0, images: 3 }, '0.12'],
    ['searches', { inputTokens: 0, outputTokens: 0, searches: 3 }, '0.03'],
    ['nothing', { inputTokens: 0, outputTokens: 0 }, '0'],
    ['a long prompt', { inputTokens: 1_000_000, outputTokens: 1 }, '2.000004'],
    ['a trillion tokens', { inputTokens: 1_000_000_000_000, outputTokens: 999_999_999_999 }, '5999999.999996'],
  ]
  it.each(usages)('price %s to the last digit', async (_, usage, cost) => {
    const rates = {
      input: '1',
      cachedInput: '0.1',
      cacheWrite5m: '1.25',
      cacheWrite1h: '2',
      audioInput: '10',
      output: '2',
      reasoning: '3',
      audioOutput: '20',
      image: '0.04',
      search: '0.01',
    }
    await prices('2026-01-01', 'golden', rates, { ...rates, fromInputTokens: 1_000_000, input: '2', output: '4' })
    const call = makeCall({ model: 'golden' })
    await settle([[call, ended(usage)]])
    expect(await costOf(call)).toBe(cost)
  })

  it('charge what has no rate of its own as what it is a part of, and leave unpriced what is none', async () => {
    await prices('2026-01-01', 'bare', { input: '1', output: '2', request: '0.000000000001' })
    await prices('2026-01-01', 'embedding', { input: '1' })
    const cases: [string, Partial<Usage>, string | null][] = [
      [
        'bare',
        { inputTokens: 10, cachedInputTokens: 4, cacheWrite5mTokens: 3, cacheWrite1hTokens: 3, outputTokens: 5, reasoningTokens: 5 },
        '0.000020000001',
      ],
      ['bare', { inputTokens: 10, audioInputTokens: 1, outputTokens: 0 }, null],
      ['bare', { images: 1 }, null],
      ['bare', { searches: 1 }, null],
      ['embedding', { inputTokens: 10, outputTokens: 0 }, '0.00001'],
      ['embedding', { inputTokens: 10, outputTokens: 1 }, null],
      ['nobody knows it', {}, null],
    ]
    for (const [model, usage, cost] of cases) {
      const call = makeCall({ model })
      await settle([[call, ended(usage)]])
      expect(await costOf(call), `${model} ${JSON.stringify(usage)}`).toBe(cost)
    }
  })

  it('write a call down whatever its provider says of the usage, unpriced where that does not add up', async () => {
    for (const usage of [
      { inputTokens: -1 },
      { cachedInputTokens: 101 },
      { outputTokens: 0.5 },
      { inputTokens: Number.NaN },
      { images: 1e13 },
      { reasoningTokens: 11 },
    ]) {
      const call = makeCall({ model: 'golden' })
      expect(await settle([[call, ended(usage, { providerUsage: '{"lies":true}', providerCostUsd: '-5' })]])).toEqual(['settled'])
      expect((await readBooks(owner)).records.get(call.id)).toMatchObject({ cost: null, basis: 'unknown', input: '0' })
    }
    const free = makeCall({ model: 'nobody knows it' })
    await settle([[free, { outcome: 'failed', endedAtMs: Date.now(), usageBasis: 'none' }]])
    expect(await costOf(free)).toBe('0')
  })

  it('keep the provider’s own cost beside ours', async () => {
    const call = makeCall({ model: 'golden' })
    await settle([[call, ended({}, { providerCostUsd: '0.000000000000000001' })]])
    const row = await owner.db
      .selectFrom('usage_records')
      .select(['cost_usd', 'provider_cost_usd'])
      .where('id', '=', call.id)
      .executeTakeFirst()
    expect(row).toEqual({ cost_usd: '0.00012', provider_cost_usd: '0.000000000000000001' })
  })

  it('book a call whose lease has ended as presumed, and let a late end only lower it', async () => {
    const bounds: [string | undefined, string][] = [
      ['0.5', '0.00012'],
      ['0.0001', '0.0001'],
      [undefined, '0.00012'],
    ]
    for (const [mostCostUsd, cost] of bounds) {
      const call = makeCall({ model: 'golden', mostCostUsd })
      await open([call, makeCall()])
      await expire(call)
      expect(await sweepCalls(database)).toBe(1)
      expect((await readBooks(owner)).records.get(call.id)).toMatchObject({ outcome: 'presumed', cost: mostCostUsd ?? null })
      expect(await unevenHours(owner)).toEqual([])
      expect(await settle([[call, ended()]])).toEqual(['lowered'])
      expect((await readBooks(owner)).records.get(call.id)).toMatchObject({ outcome: 'completed', cost })
      expect(await settle([[call, ended({ inputTokens: 1 })]])).toEqual(['already'])
      expect(await unevenHours(owner)).toEqual([])
    }
  })

  it('leave alone the calls whose lease is renewed, and a hold whose call has its record goes without another', async () => {
    const [living, settled] = [makeCall(), makeCall()]
    await open([living])
    await expire(living)
    expect((await database.systemOnce('renew', renewLeases([living, settled], 60))).renewed).toBe(1)
    await settle([[settled, ended()]])
    await open([settled]) // an opening that arrives late
    await expire(settled)
    expect(await sweepCalls(database)).toBe(1)
    const { holds, records } = await readBooks(owner)
    expect(holds.has(living.id)).toBe(true)
    expect(records.get(settled.id)?.outcome).toBe('completed')
  })

  it('agree when ends and sweeps of the same calls meet', async () => {
    const userId = randomUUID()
    const calls = Array.from({ length: 400 }, (_, n) => makeCall({ userId, model: `met-${n % 5}`, mostCostUsd: '1' }))
    await open(calls)
    await expire(...calls)
    const ends = [0, 100, 200, 300].flatMap((from) => [calls.slice(from, from + 150), calls.slice(from, from + 150).reverse()])
    // What waited in a circle is sent again, as the ledger of a process does.
    const untilDone = async (send: () => Promise<unknown>): Promise<unknown> =>
      send().catch((error) => (error.code === 'database.busy' ? untilDone(send) : Promise.reject(error)))
    const work = ends.flatMap((batch) => [
      untilDone(() => sweepCalls(database)),
      untilDone(() => settle(batch.map((call) => [call, ended({}, { usageBasis: 'none' })]))),
    ])
    await Promise.all(work)
    const { records, holds } = await readBooks(owner)
    expect(calls.filter(({ id }) => records.get(id)?.outcome !== 'completed' || records.get(id)?.cost !== '0' || holds.has(id))).toEqual([])
    expect(await unevenHours(owner)).toEqual([])
  })

  it('keep months apart, and take what comes before its month is there', async () => {
    const thisMonth = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 1)).getTime()
    const nextMonth = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 1)).getTime()
    const calls = [thisMonth - 1, thisMonth, nextMonth - 1, nextMonth].map((startedAtMs) => makeCall({ startedAtMs }))
    await settle(calls.slice(0, 2).map((call) => [call, ended()]))
    const before = await readBooks(owner)
    expect(await makePartitions(database)).toBe(3)
    expect(await readBooks(owner)).toEqual(before)
    expect(await makePartitions(database)).toBe(0)
    await settle(calls.slice(2).map((call) => [call, ended()]))
    const { rows } = await sql<{ place: string }>`
      select tableoid::regclass::text as place from usage_records where id = any (${calls.map(({ id }) => id)}::uuid[]) order by started_at`.execute(
      owner.db,
    )
    const name = (ms: number) => `keyloft.usage_records_${new Date(ms).toISOString().slice(0, 7).replace('-', '_')}`
    expect(rows.map(({ place }) => place)).toEqual(['keyloft.usage_records_default', name(thisMonth), name(thisMonth), name(nextMonth)])
    expect(await unevenHours(owner)).toEqual([])
    expect(
      (
        await sql<{
          n: number
        }>`select count(*)::int as n from keyloft.usage_records_default where started_at >= ${new Date(thisMonth)}`.execute(owner.db)
      ).rows[0]?.n,
    ).toBe(0)
  })

  it('make partitions at once from several processes, closed like the first', async () => {
    await sql`drop table if exists ${sql.raw((await sql<{ name: string }>`select max(inhrelid::regclass::text) as name from pg_inherits where inhparent = 'usage_records'::regclass and inhrelid::regclass::text <> 'keyloft.usage_records_default'`.execute(owner.db)).rows[0]?.name ?? '')}`.execute(
      owner.db,
    )
    const made = await Promise.all([1, 2, 3].map(() => makePartitions(database)))
    expect(made.sort()).toEqual([0, 0, 1])
  })

  it('show a person their own calls and hours, and nobody else’s', async () => {
    const [ada, bob] = [await makePerson(), await makePerson()]
    await settle([ada, bob].map(({ id }) => [makeCall({ userId: id }), ended()]))
    for (const table of ['usage_records', 'usage_hourly'] as const) {
      const seen = await database.readAs(ada.principal, (db) => db.selectFrom(table).select('user_id'))
      expect(seen).toEqual([{ user_id: ada.id }])
    }
  })

  it('are nobody’s who signed in, nor are what they write', async () => {
    const ada = await makePerson()
    const attempts = [
      sql`select keyloft.sweep_calls(1)`,
      sql`insert into usage_records (user_id, id, started_at) values (${ada.id}, ${randomUUID()}, now())`,
      sql`update usage_records set cost_usd = 0`,
      sql`delete from usage_records`,
      sql`update usage_hourly set cost_usd = 0`,
      sql`update user_quota_limits set used_cost = 0`,
    ]
    for (const attempt of attempts)
      await expect(database.asPrincipal(ada.principal, (tx) => attempt.execute(tx))).rejects.toMatchObject({
        code: 'database.forbidden',
      })
    for (const attempt of attempts.slice(1, 5))
      await expect(database.system('test', (tx) => attempt.execute(tx))).rejects.toMatchObject({ code: 'database.forbidden' })
  })

  it('sum up hours as exactly as they price', async () => {
    const userId = randomUUID()
    await prices('2026-01-01', 'odd', { input: '0.333333333333', output: '0.000000000007' })
    const calls = Array.from({ length: 500 }, (_, n) => ({
      call: makeCall({ userId, model: 'odd' }),
      usage: { ...noUsage, inputTokens: n * 7 + 1, outputTokens: n },
    }))
    await settle(calls.map(({ call, usage }) => [call, ended(usage)]))
    const total = calls.reduce((sum, { usage }) => sum + BigInt(usage.inputTokens) * 333_333_333_333n + BigInt(usage.outputTokens) * 7n, 0n)
    const hours = await owner.db.selectFrom('usage_hourly').select('cost_usd').where('user_id', '=', userId).execute()
    expect(hours.reduce((sum, { cost_usd }) => sum + exact(cost_usd), 0n)).toBe(total)
    expect(callId(0)).toMatch(/^00000000-0000-7/)
  })
})

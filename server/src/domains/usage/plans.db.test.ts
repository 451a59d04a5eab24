import { randomUUID } from 'node:crypto'
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { callId } from '../../../test/ledger.ts'
import { asTestClient } from '../../../test/socket-guard.ts'
import { userPrincipal } from '../../base/principal.ts'
import type { Database, Tx } from '../../platform/database/database.ts'
import type { Tables } from '../../platform/database/tables.ts'
import type { Place } from '../../platform/http/pages.ts'
import { listQuotas as listAllQuotas, listPlatformLimits } from '../quotas/quotas.ts'
import { type CallFilter, findCall, isNotItsRequest, listCalls } from './calls.ts'
import { exportCsv } from './export-csv.ts'
import { listQuotas, summarise } from './summary.ts'

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Actual Loops': number
  'Actual Rows': number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: Node[]
}
const nodesOf = (node: Node): Node[] => (node['Actual Loops'] === 0 ? [] : [node, ...(node.Plans ?? []).flatMap(nodesOf)])
const namesOf = (nodes: readonly Node[]) => [...new Set(nodes.flatMap((node) => node['Relation Name'] ?? []))].sort()
const rowsInto = (node: Node) => (node.Plans ?? []).reduce((sum, below) => sum + below['Actual Rows'] * below['Actual Loops'], 0)

interface Plan {
  tables: string[]
  /** Read whole, and not empty. */
  readWhole: string[]
  /** How many rows went into each sort. */
  sorts: number[]
  /** Of tables and indexes, touched. */
  pages: number
}

const calls = 60_000
const msApart = 150_000
const days = (calls * msApart) / (24 * 3_600_000)

/** What PostgreSQL does for each statement of a read, as the person, on its way through 60,000 calls of 104 days. */
describe('what reads usage', async () => {
  const { owner, url, database } = await createTestDatabase()
  /** Of ten calls one is the person's, and six are those of the busy one. */
  const [person, busy] = [randomUUID(), randomUUID()]
  const sent: CompiledQuery[] = []
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ level, query }) => void (level === 'query' && sent.push(query)),
  })
  afterAll(async () => {
    const closed = new Promise((resolve) => pool.once('remove', resolve)) // destroy() does not wait for it, and the database is dropped next
    await db.destroy()
    await closed
  })
  const tx = db as unknown as Tx
  /** Those that are planned once, for whatever they are asked. */
  const generic = new Set<string>()
  const watched: Pick<Database, 'readAs'> = {
    readAs(_, query) {
      const built = query(db) as unknown as { compile(): CompiledQuery; execute(): Promise<never> }
      generic.add(built.compile().sql)
      return built.execute()
    },
  }
  const thisMonth = new Date().getUTCMonth()
  /** Months are made ahead only, so the calls begin with this month, and the last of them is now. */
  const month = (ahead: number) => new Date(Date.UTC(new Date().getUTCFullYear(), thisMonth + ahead))
  const nowMs = month(0).getTime() + calls * msApart
  const monthsOf = (fromMs: number, toMs: number) =>
    [0, 1, 2, 3, 4, 5].flatMap((ahead) =>
      month(ahead + 1).getTime() > fromMs && month(ahead).getTime() <= toMs
        ? `usage_records_${month(ahead).toISOString().slice(0, 7).replace('-', '_')}`
        : [],
    )
  const recent = monthsOf(nowMs - 28 * 24 * 3_600_000, nowMs)

  async function plansOf(read: (who: string) => Promise<unknown>, who = person): Promise<Plan[]> {
    sent.length = 0
    await read(who)
    const statements = [...sent]
    return owner.db.transaction().execute(async (as) => {
      await sql`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${JSON.stringify(userPrincipal(who).claims)}, true),
                       set_config('plan_cache_mode', 'force_generic_plan', true)`.execute(as)
      const plans: Plan[] = []
      for (const { sql: text, parameters } of statements) {
        const explain = 'explain (analyze, buffers, format json)'
        const isGeneric = generic.has(text)
        if (isGeneric) await sql.raw(`prepare generic as ${text}`).execute(as)
        const given = parameters.map((value) => pg.escapeLiteral(value instanceof Date ? value.toISOString() : String(value)))
        const { rows } = await as.executeQuery<{ 'QUERY PLAN': [{ Plan: Node }] }>(
          isGeneric
            ? CompiledQuery.raw(`${explain} execute generic(${given.join(', ')})`)
            : CompiledQuery.raw(`${explain} ${text}`, [...parameters]),
        )
        if (isGeneric) await sql`deallocate generic`.execute(as)
        const plan = rows[0]?.['QUERY PLAN'][0].Plan as Node
        const nodes = nodesOf(plan)
        plans.push({
          tables: namesOf(nodes),
          readWhole: namesOf(nodes.filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Rows'] > 0)),
          sorts: nodes.filter((node) => /Sort$/.test(node['Node Type'])).map(rowsInto),
          pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
        })
      }
      return plans
    })
  }

  beforeAll(async () => {
    await asTestClient(() => sql`select 1`.execute(db)) // the one connection of the pool
    await database.system('make usage partitions', (as) => sql`select keyloft.make_usage_partitions(in_months_ahead => 5)`.execute(as))
    await sql`
      insert into usage_records (
        user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, outcome, usage_basis, cost_usd)
      select case when n % 10 = 0 then ${person}::uuid when n % 10 < 7 then ${busy}::uuid else md5((n % 10)::text)::uuid end,
             id::uuid, to_timestamp(ms / 1000.0),
             case n / 10 % 2 when 0 then id else 'request-' || n / 20 end, 'chat.completions', 'mock', 'mock-1', 'user-key', ${person}::uuid, ${busy}::uuid, '[]', 'completed', 'none', 0.001
        from generate_series(1, ${calls}::int) n,
             lateral (select (extract(epoch from ${month(0)}::timestamptz) * 1000)::bigint + n * ${msApart}::bigint as ms) at,
             lateral (select lpad(to_hex(ms), 12, '0') as hex) as written,
             lateral (select substr(hex, 1, 8) || '-' || substr(hex, 9) || '-7000-8000-' || lpad(n::text, 12, '0') as id) as made`.execute(
      owner.db,
    )
    await sql`analyze usage_records, usage_hourly`.execute(owner.db)
  })

  /** One of the person's in the middle of the second month. */
  const aCall = (which: 'has the id of its request' | 'is one of several tries') =>
    owner.db
      .selectFrom('usage_records')
      .select(['id', 'request_id', 'started_at'])
      .where('user_id', '=', person)
      .where('started_at', '>=', new Date(month(1).getTime() + 14 * 24 * 3_600_000))
      .where(which === 'is one of several tries' ? isNotItsRequest : sql<boolean>`request_id = id::text`)
      .orderBy('id')
      .limit(1)
      .executeTakeFirstOrThrow()

  const page =
    (filter: CallFilter, after?: Place) =>
    (who: string): Promise<unknown[]> =>
      listCalls(watched, userPrincipal(who), filter, { after, limit: 51, nowMs })

  it.each<[string, (who: string) => Promise<unknown>]>([
    ['of all', page({})],
    ['of a provider', page({ provider: 'mock' })],
    ['of a model', page({ model: 'mock-1' })],
    ['of an outcome', page({ outcome: 'completed' })],
    ['of a key', page({ keyId: person })],
    ['of a token', page({ tokenId: busy })],
    ['that pass every filter', page({ provider: 'mock', model: 'mock-1', outcome: 'completed', keyId: person, tokenId: busy })],
  ])('goes along the key for a page of calls %s: no sort, no older month, and no more pages for six times the calls', async (_, read) => {
    const [few, ...rest] = await plansOf(read)
    expect(few).toMatchObject({ tables: recent, sorts: [], readWhole: [] })
    expect(rest).toEqual([])
    const [many] = await plansOf(read, busy)
    expect(many).toMatchObject({ tables: recent, sorts: [] })
    expect(many?.pages).toBeLessThanOrEqual(1.3 * (few?.pages ?? 0))
  })

  it('goes on from the page before, and keeps to the time that is asked for', async () => {
    const at = month(2).getTime() - 5 * 24 * 3_600_000
    const [after] = await plansOf(page({}, { at: new Date(at).toISOString(), id: callId(at) }))
    expect(after?.tables).toEqual(monthsOf(at - 28 * 24 * 3_600_000, at + 24 * 3_600_000))
    const plans = [
      ...(await plansOf(page({ from: month(1), to: month(2) }))),
      ...(await plansOf(page({ from: month(0), to: month(1), model: 'mock-1' }))),
    ]
    expect(plans.map(({ tables }) => tables)).toEqual([
      monthsOf(month(1).getTime(), month(2).getTime() - 1),
      monthsOf(month(0).getTime(), month(1).getTime() - 1),
    ])
    expect([after, ...plans].flatMap((plan) => plan?.sorts)).toEqual([])
  })

  it.each<[string, CallFilter]>([
    ['model', { model: 'mock-2' }],
    ['key', { keyId: busy }],
    ['outcome', { outcome: 'presumed' }],
  ])('looks through the older months for what few calls have, or none (%s), still without a sort', async (_, filter) => {
    const [first, second, ...rest] = await plansOf(page(filter))
    expect(first).toMatchObject({ tables: recent, sorts: [] })
    expect(second).toMatchObject({ sorts: [], readWhole: [] })
    expect(rest).toEqual([])
    expect(second?.tables).toEqual([...monthsOf(0, nowMs - 26 * 24 * 3_600_000), 'usage_records_default'])
  })

  it('exports a page at a time, of the months in which it lies, and sorts no more than some pages', async () => {
    const plans = await plansOf(async (who) => {
      for await (const _ of await exportCsv(watched, userPrincipal(who), {}, nowMs));
    }, busy)
    expect(plans.length).toBeGreaterThan(35)
    expect(Math.max(...plans.flatMap(({ sorts }) => sorts))).toBeLessThanOrEqual(8 * 1_000)
    for (const { tables } of plans.slice(0, -2)) expect(tables.filter((name) => !name.endsWith('default')).length).toBeLessThanOrEqual(2)
    expect(plans.flatMap(({ readWhole }) => readWhole)).toEqual([])
  })

  it.each(['has the id of its request', 'is one of several tries'] as const)(
    'finds a call that %s by its id, in its month, with its tries and its lines, and sorts those alone',
    async (which) => {
      const { id, started_at } = await aCall(which)
      const plans = await plansOf((who) => findCall(tx, who, id))
      const around = monthsOf(started_at.getTime() - 24 * 3_600_000, started_at.getTime() + 24 * 3_600_000)
      expect(plans.map(({ tables }) => tables)).toEqual([around, around, ['model_prices', ...around]])
      expect(Math.max(...plans.flatMap(({ sorts }) => sorts))).toBeLessThanOrEqual(12)
      expect(plans.flatMap(({ readWhole }) => readWhole)).toEqual([])
    },
  )

  it('finds a call by its request along an index of every month, for it may be of any, and sorts the calls of that request alone', async () => {
    const { request_id } = await aCall('is one of several tries')
    const plans = await plansOf((who) => findCall(tx, who, request_id))
    expect(plans).toHaveLength(3)
    expect(Math.max(...plans.flatMap(({ sorts }) => sorts))).toBeLessThanOrEqual(12)
    expect(plans.flatMap(({ readWhole }) => readWhole)).toEqual([])
    expect(plans.slice(1).flatMap(({ tables }) => tables)).not.toContain('usage_records_default')
    const [many] = await plansOf((who) => findCall(tx, who, 'request-101'), busy)
    expect(many?.pages).toBeLessThanOrEqual(1.3 * (plans[0]?.pages ?? 0))
  })

  it('sums up by day, provider, model and source from the hours: no call is looked at, and what is sorted are sums', async () => {
    const read = (who: string) => summarise(tx, who, { from: month(0), provider: 'mock', model: 'mock-1' })
    const [few] = await plansOf(read)
    expect(few).toMatchObject({ tables: ['usage_adjustments', 'usage_hourly'], readWhole: [] })
    expect(Math.max(...(few?.sorts ?? []))).toBeLessThanOrEqual(24 * days + 4)
    const [many] = await plansOf(read, busy)
    expect(many?.sorts).toEqual(few?.sorts)
  })

  it('reads limits from their counters, and looks neither at calls nor at hours', async () => {
    const plans = await plansOf(async (who) => [
      await listQuotas(tx, who),
      await listAllQuotas(tx, who, 'free'),
      await listPlatformLimits(tx),
    ])
    expect([...new Set(plans.flatMap(({ tables }) => tables))].sort()).toEqual(['quota_tiers', 'user_quota_limits'])
  })
})

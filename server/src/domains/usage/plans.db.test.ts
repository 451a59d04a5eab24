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
import { findCall, listCalls } from './calls.ts'
import { listQuotas, summarise } from './summary.ts'

interface Node {
  'Node Type': string
  'Relation Name'?: string
  Plans?: Node[]
}
const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** The statements as the reads make them, and how PostgreSQL would go about each as the person. */
describe('what reads usage', async () => {
  const { owner, url, database } = await createTestDatabase()
  const userId = randomUUID()
  const principal = userPrincipal(userId)
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
  const watched: Pick<Database, 'readAs'> = { readAs: (_, query) => (query(db) as unknown as { execute(): Promise<never> }).execute() }
  const month = (ahead: number) => {
    const now = new Date()
    return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead))
  }
  const thisMonth = `usage_records_${month(0).toISOString().slice(0, 7).replace('-', '_')}`

  async function plansOf(read: () => Promise<unknown>): Promise<{ kinds: string[]; tables: string[]; readWhole: string[] }[]> {
    sent.length = 0
    await asTestClient(read)
    return owner.db.transaction().execute(async (tx) => {
      await sql`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${JSON.stringify(principal.claims)}, true)`.execute(
        tx,
      )
      const plans = []
      for (const { sql: text, parameters } of sent) {
        const { rows } = await tx.executeQuery<{ 'QUERY PLAN': [{ Plan: Node }] }>(
          CompiledQuery.raw(`explain (format json) ${text}`, [...parameters]),
        )
        const nodes = nodesOf(rows[0]?.['QUERY PLAN'][0].Plan as Node)
        plans.push({
          kinds: [...new Set(nodes.map((node) => node['Node Type']))],
          readWhole: nodes.flatMap((node) => (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : [])),
          tables: [...new Set(nodes.flatMap((node) => node['Relation Name'] ?? []))].sort(),
        })
      }
      return plans
    })
  }

  beforeAll(async () => {
    await database.system('make usage partitions', (tx) => sql`select keyloft.make_usage_partitions(in_months_ahead => 5)`.execute(tx))
    await sql`
      insert into usage_records (user_id, id, started_at, request_id, operation, provider, model, credential_source, decisions, outcome, usage_basis, cost_usd)
      select case n % 10 when 0 then ${userId}::uuid else md5((n % 10)::text)::uuid end,
             (substr(lpad(to_hex(ms), 12, '0'), 1, 8) || '-' || substr(lpad(to_hex(ms), 12, '0'), 9) || '-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
             to_timestamp(ms / 1000.0), 'request-' || n, 'chat.completions', 'mock', 'mock-1', 'user-key', '[]', 'completed', 'none', 0.001
        from generate_series(1, 60000) n, lateral (select (extract(epoch from ${month(0)}::timestamptz) * 1000)::bigint + n * 240000::bigint as ms) at`.execute(
      owner.db,
    )
    await sql`analyze usage_records, usage_hourly`.execute(owner.db)
  })

  it('goes along an index, newest first, without sorting', async () => {
    const [plan] = await plansOf(() => listCalls(watched, principal, {}, { after: undefined, limit: 51 }))
    expect(plan?.kinds).toEqual(expect.arrayContaining(['Limit', 'Merge Append', 'Index Scan']))
    expect(plan?.kinds.filter((kind) => /Sort|Seq Scan/.test(kind))).toEqual([])
  })

  it('looks only into the months that it is asked about', async () => {
    const filter = { from: month(0), to: month(1) }
    const [plan] = await plansOf(() => listCalls(watched, principal, filter, { after: undefined, limit: 51 }))
    expect(plan?.tables).toEqual([thisMonth])
    expect(plan?.kinds.filter((kind) => /Sort|Seq Scan/.test(kind))).toEqual([])
    const after = {
      at: new Date(month(1).getTime() - 5 * 24 * 3_600_000).toISOString(),
      id: callId(month(1).getTime() - 5 * 24 * 3_600_000),
    }
    const [page] = await plansOf(() => listCalls(watched, principal, {}, { after, limit: 51 }))
    expect(page?.tables.filter((name) => name > thisMonth && !name.endsWith('default'))).toEqual([])
  })

  it('finds one call by its id in one month, and by its request along an index', async () => {
    const middle = new Date(month(0).getTime() + 14 * 24 * 3_600_000)
    const [byId] = await plansOf(() => findCall(db as unknown as Tx, userId, callId(middle.getTime())))
    expect(byId?.tables).toEqual([thisMonth])
    const plans = await plansOf(() => findCall(db as unknown as Tx, userId, 'request-100'))
    expect(plans.length).toBeGreaterThanOrEqual(3)
    // An empty table is read whole, and that is nothing.
    expect(plans.flatMap(({ readWhole }) => readWhole)).not.toContain(thisMonth)
  })

  it('sums up hours, and looks at no call', async () => {
    const plans = await plansOf(async () => {
      await summarise(db as unknown as Tx, userId, { from: month(0) })
      await listQuotas(db as unknown as Tx, userId)
    })
    expect(plans.flatMap(({ tables }) => tables).filter((name) => name.startsWith('usage_records'))).toEqual([])
    expect(plans[0]?.tables).toContain('usage_hourly')
    expect(plans[0]?.kinds.filter((kind) => kind === 'Seq Scan')).toEqual([])
  })
})

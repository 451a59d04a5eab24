import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, makeCall } from '../../../test/ledger.ts'
import { asTestClient } from '../../../test/socket-guard.ts'
import type { Statement } from '../../platform/database/database.ts'
import { type Call, sanitise } from './call.ts'
import { openCalls, settleCalls } from './statements.ts'

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Actual Loops'?: number
  Plans?: Node[]
}

/** What is done for a call, as PostgreSQL did it: every statement inside of the ledger's functions. */
describe('the ledger, with many calls in the books', async () => {
  const { owner, url, database, makePerson } = await createTestDatabase()
  const { id: limited } = await makePerson()
  const unlimited = randomUUID()

  /** Tables that were read in whole, and those of calls that were looked at in any way. */
  async function tablesOf(statement: Statement): Promise<{ readWhole: string[]; months: string[] }> {
    const plans: Node[] = []
    const client = new pg.Client({ connectionString: url })
    client.on('notice', ({ message = '' }) => {
      const at = message.indexOf('{')
      if (message.includes('plan:') && at > 0) plans.push(JSON.parse(message.slice(at)).Plan)
    })
    await asTestClient(async () => {
      await client.connect()
      await client.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
        set auto_explain.log_format = json; set auto_explain.log_level = notice; set auto_explain.log_analyze = on; set client_min_messages = notice`)
      await client.query(statement.text, [...statement.values])
      await client.end()
    })
    expect(plans.length).toBeGreaterThan(1)
    const nodesOf = (node: Node): Node[] => (node['Actual Loops'] === 0 ? [] : [node, ...(node.Plans ?? []).flatMap(nodesOf)])
    const nodes = plans.flatMap(nodesOf)
    const named = (some: Node[]) => [...new Set(some.flatMap((node) => node['Relation Name'] ?? []))].sort()
    return {
      readWhole: named(nodes.filter((node) => node['Node Type'] === 'Seq Scan')),
      months: named(nodes.filter((node) => /Scan$/.test(node['Node Type']))).filter((name) => /^usage_records_\d/.test(name)),
    }
  }

  const call = (userId: string): Call => makeCall({ userId, mostInputTokens: 10, mostOutputTokens: 10 })
  const settle = (one: Call) => settleCalls([{ call: one, outcome: sanitise(ended()) }])

  beforeAll(async () => {
    await database.system('make usage partitions', (tx) => sql`select keyloft.make_usage_partitions(in_months_ahead => 3)`.execute(tx))
    await sql`
      insert into usage_records (user_id, id, started_at, request_id, operation, provider, model, credential_source, decisions, outcome, usage_basis, cost_usd)
      select case n % 2 when 0 then ${limited}::uuid else ${unlimited}::uuid end, gen_random_uuid(), now() - n * interval '1 second',
             'request-' || n, 'chat.completions', 'mock', 'mock-1', 'user-key', '[]', 'completed', 'none', 0.001
        from generate_series(1, 20000) n`.execute(owner.db)
    await sql`insert into user_quota_limits (user_id, type, token_limit)
      select ${limited}, type, 1000000000 from unnest(array['daily', 'monthly']) as type`.execute(owner.db)
    await sql`insert into user_quota_limits (user_id, type, model, token_limit) select ${limited}, 'model', 'm' || n, 1 from generate_series(1, 200) n`.execute(
      owner.db,
    )
    await sql`analyze usage_records, usage_hourly, user_quota_limits`.execute(owner.db)
  })

  it.each<[string, () => string]>([
    ['without limits', () => unlimited],
    ['with limits', () => limited],
  ])('opens and ends a call of a person %s without reading a table, or a month, that it does not need', async (_, who) => {
    const first = call(who())
    await database.systemOnce('open', openCalls([first], 60)) // the windows begin
    const one = call(who())
    expect(await tablesOf(openCalls([one], 60))).toEqual({ readWhole: [], months: [] })
    expect(await tablesOf(settle(one))).toEqual({ readWhole: [], months: [] })
  })

  it('begins a window from the hours of that person, and looks at no call', async () => {
    await sql`update user_quota_limits set reset_at = null where user_id = ${limited}`.execute(owner.db)
    expect(await tablesOf(openCalls([call(limited)], 60))).toEqual({ readWhole: [], months: [] })
  })

  it('counts the uses of a key from its limits, and looks at no call', async () => {
    const keyId = randomUUID()
    await sql`with made as (insert into keyloft.secrets (id, user_id, kind, version, sealed) values (${keyId}, ${limited}, 'provider key', 1, ${`kl1.${keyId}.1.${'A'.repeat(38)}`}))
      insert into api_keys (id, user_id, service, secret_id, daily_limit) values (${keyId}, ${limited}, 'mock', ${keyId}, 5)`.execute(
      owner.db,
    )
    await database.systemOnce('open', openCalls([{ ...call(limited), keyId }], 60))
    const text = 'select * from keyloft.uses_of_keys(in_user_id => $1, in_key_ids => $2, in_now => $3)'
    const asked = { name: 'uses', text, values: [limited, `{${keyId}}`, new Date().toISOString()] }
    expect(await tablesOf(asked)).toEqual({ readWhole: [], months: [] })
    const { rows } =
      await sql`select today::int as today from keyloft.uses_of_keys(${limited}::uuid, array[${keyId}]::uuid[], now())`.execute(owner.db)
    expect(rows).toEqual([{ today: 1 }])
  })
})

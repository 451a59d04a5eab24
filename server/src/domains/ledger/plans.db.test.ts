import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, makeCall, settleCalls } from '../../../test/ledger.ts'
import { asTestClient } from '../../../test/socket-guard.ts'
import type { Statement } from '../../platform/database/database.ts'
import { type Call, sanitise } from './call.ts'
import { openCalls } from './statements.ts'

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Actual Loops'?: number
  'Actual Rows'?: number
  Plans?: Node[]
}

interface Tables {
  readWhole: string[]
  /** Those of calls, looked at in any way. */
  months: string[]
  /** Those of which rows were sorted, and how many rows the largest sort gave. */
  sorted: string[]
  mostSorted: number
}

/** What is done for a call, as PostgreSQL did it: every statement inside of the ledger's functions. */
describe('the ledger, with many calls in the books', async () => {
  const { owner, url, database, makePerson } = await createTestDatabase()
  const { id: limited } = await makePerson()
  const unlimited = randomUUID()

  async function nodesOf(statement: Statement): Promise<Node[]> {
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
    return plans.flatMap(within)
  }
  const within = (node: Node): Node[] => (node['Actual Loops'] === 0 ? [] : [node, ...(node.Plans ?? []).flatMap(within)])

  async function tablesOf(statement: Statement): Promise<Tables> {
    const nodes = await nodesOf(statement)
    const named = (some: Node[]) => [...new Set(some.flatMap((node) => node['Relation Name'] ?? []))].sort()
    const sorts = nodes.filter((node) => /Sort$/.test(node['Node Type']))
    return {
      sorted: named(sorts.flatMap(within)),
      mostSorted: Math.max(0, ...sorts.map((node) => node['Actual Rows'] ?? 0)),
      readWhole: named(nodes.filter((node) => node['Node Type'] === 'Seq Scan')),
      months: named(nodes.filter((node) => /Scan$/.test(node['Node Type']))).filter((name) => /^usage_records_\d/.test(name)),
    }
  }

  const nothing = { readWhole: [], months: [], sorted: [] }
  const limits = 202
  function expectNothingButLimits({ sorted, mostSorted, ...rest }: Tables) {
    expect(rest).toEqual({ readWhole: [], months: [] })
    expect(['model_prices', 'quota_tiers', 'user_quota_limits']).toEqual(expect.arrayContaining(sorted))
    expect(mostSorted).toBeLessThanOrEqual(limits)
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

  it('opens and ends a call of a person without limits: reads no table whole, looks at no other call, sorts the batch alone', async () => {
    const one = call(unlimited)
    expect(await tablesOf(openCalls([one], 60))).toEqual({ ...nothing, mostSorted: 1 })
    expect(await tablesOf(settle(one))).toEqual({ ...nothing, sorted: ['model_prices'], mostSorted: 1 }) // with the price of each
  })

  it('opens and ends a call of a person with limits likewise, and sorts the limits besides, to lock them in their order', async () => {
    await database.systemOnce('open', openCalls([call(limited)], 60)) // the windows begin
    const one = call(limited)
    expectNothingButLimits(await tablesOf(openCalls([one], 60)))
    expectNothingButLimits(await tablesOf(settle(one)))
  })

  it('opens a call of a person with limits without reading those of others that are under way', async () => {
    await sql`
      insert into keyloft.holds (user_id, id, started_at, request_id, operation, provider, model, credential_source, decisions, lease_until)
      select gen_random_uuid(), gen_random_uuid(), now(), 'request-' || n, 'chat.completions', 'mock', 'mock-1', 'user-key', '[]', now() + interval '1 hour'
        from generate_series(1, 2000) n`.execute(owner.db)
    await sql`analyze keyloft.holds`.execute(owner.db)
    const scans = (await nodesOf(openCalls([call(limited)], 60))).filter(
      (node) => node['Relation Name'] === 'holds' && /Scan$/.test(node['Node Type']),
    )
    expect(scans.map((node) => node['Actual Rows'])).toEqual([0])
  })

  it('begins a window from the hours of that person, and looks at no call', async () => {
    await sql`update user_quota_limits set reset_at = null where user_id = ${limited}`.execute(owner.db)
    expectNothingButLimits(await tablesOf(openCalls([call(limited)], 60)))
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
    const uses = async () =>
      (await sql`select today::int as today from keyloft.uses_of_keys(${limited}::uuid, array[${keyId}]::uuid[], now())`.execute(owner.db))
        .rows
    expect(await tablesOf(asked)).toMatchObject(nothing)
    expect(await uses()).toEqual([{ today: 1 }])

    // A day that has ended begins anew with the next call; nothing of it is used until then, and nothing has to be counted.
    await sql`update user_quota_limits set last_reset = now() - interval '1 day', reset_at = now() where key_id = ${keyId}`.execute(
      owner.db,
    )
    expect(await tablesOf(asked)).toMatchObject(nothing)
    expect(await uses()).toEqual([{ today: 0 }])
  })

  it('opens and ends a call that the operator pays for, under the limit over everybody, without reading a table', async () => {
    const ofPlatform = (): Call => ({ ...call(limited), credentialSource: 'server-key', mostCostUsd: '0.01' })
    await database.systemOnce('open', openCalls([ofPlatform()], 60)) // the windows begin
    const one = ofPlatform()
    expect(await tablesOf(openCalls([one], 60))).toMatchObject({ readWhole: [], months: [] })
    expect(await tablesOf(settle(one))).toMatchObject({ readWhole: [], months: [] })
  })
})

import { randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { noUsage } from '../src/domains/ledger/call.ts'
import type { Call, Outcome, Usage } from '../src/domains/ledger/ledger.ts'
import { type Ended, writeEnds } from '../src/domains/ledger/statements.ts'
import type { Statement } from '../src/platform/database/database.ts'
import type { Owner } from '../src/platform/database/owner.ts'

/** A UUIDv7 of this moment. */
export function callId(atMs: number): string {
  const hex = Math.floor(atMs).toString(16).padStart(12, '0') + randomBytes(10).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export function makeCall(change: Partial<Call> = {}): Call {
  const startedAtMs = change.startedAtMs ?? Date.now()
  return {
    id: callId(startedAtMs),
    userId: randomUUID(),
    startedAtMs,
    requestId: randomUUID(),
    operation: 'chat.completions',
    provider: 'mock',
    model: 'mock-1',
    credentialSource: 'user-key',
    decisions: '[{"source":"user-key","verdict":"chosen"}]',
    ...change,
  }
}

export function ended(usage: Partial<Usage> = {}, change: Partial<Outcome> = {}): Outcome {
  return {
    outcome: 'completed',
    endedAtMs: Date.now(),
    status: 200,
    firstByteMs: 12,
    usageBasis: 'reported',
    usage: { ...noUsage, inputTokens: 100, outputTokens: 10, ...usage },
    ...change,
  }
}

/** Decimal text in units of 10⁻¹⁸, in which every price and every cost is whole. */
export function exact(decimal: string): bigint {
  const [whole = '0', places = ''] = decimal.split('.')
  return BigInt(whole + places.padEnd(18, '0'))
}

/** Straight into the books, with a verdict for each, and not by the journal. */
export function settleCalls(ended: readonly Omit<Ended, 'wasOpened'>[]): Statement {
  const ends = "array(select line::keyloft.call_end from string_to_table($1, E'\\x1e') as line)"
  const values = [writeEnds(ended.map((one) => ({ ...one, wasOpened: true })))]
  return { name: 'settle', text: `select array_to_string(keyloft.settle_calls(${ends}), ',') as verdicts`, values }
}

/** What was noted is posted, as by a process that comes by. */
export async function postAll({ db }: Owner): Promise<void> {
  await sql`select keyloft.post_ends(1000000, true)`.execute(db)
}

export interface Books {
  records: Map<string, { outcome: string; cost: string | null; input: string; basis: string; user: string }>
  holds: Set<string>
}

export async function readBooks(owner: Owner): Promise<Books> {
  await postAll(owner)
  const { db } = owner
  const { rows } = await sql<{ id: string; outcome: string; cost: string | null; input: string; basis: string; user: string }>`
    select id, outcome, cost_usd as cost, input_tokens as input, usage_basis as basis, user_id as "user" from usage_records`.execute(db)
  const holds = await sql<{ id: string }>`select id from keyloft.holds`.execute(db)
  return { records: new Map(rows.map((row) => [row.id, row])), holds: new Set(holds.rows.map(({ id }) => id)) }
}

/** Where the hours are not the sum of the records. Each line names one that is not. */
export async function unevenHours(owner: Owner): Promise<object[]> {
  await postAll(owner)
  const { db } = owner
  const { rows } = await sql<object>`
    with summed as (
      select user_id, date_trunc('hour', started_at, 'UTC') as hour, provider, model, credential_source, count(*) as requests,
             count(*) - count(cost_usd) as unpriced_requests, count(*) filter (where outcome = 'presumed') as presumed_requests,
             sum(input_tokens) as input_tokens, sum(cached_input_tokens) as cached_input_tokens, sum(output_tokens) as output_tokens,
             sum(reasoning_tokens) as reasoning_tokens, coalesce(sum(cost_usd), 0) as cost_usd
        from usage_records group by 1, 2, 3, 4, 5
    )
    select * from (select * from summed except select * from usage_hourly) missing
    union all select * from (select * from usage_hourly where requests <> 0 except select * from summed) surplus`.execute(db)
  return rows
}

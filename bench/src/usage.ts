import { createHash } from 'node:crypto'
import pg from 'pg'
import { userPrincipal } from '../../server/src/base/principal.ts'
import { sanitise } from '../../server/src/domains/ledger/call.ts'
import { makePartitions } from '../../server/src/domains/ledger/jobs.ts'
import { openCalls } from '../../server/src/domains/ledger/statements.ts'
import { listQuotas } from '../../server/src/domains/quotas/quotas.ts'
import { findCall, listCalls } from '../../server/src/domains/usage/calls.ts'
import { summarise } from '../../server/src/domains/usage/summary.ts'
import { createDatabase, type Database } from '../../server/src/platform/database/database.ts'
import { ensureLogins } from '../../server/src/platform/database/logins.ts'
import { migrateUp } from '../../server/src/platform/database/migrator.ts'
import { connectAsOwner } from '../../server/src/platform/database/owner.ts'
import type { OwnDatabase } from '../../server/src/platform/embedded/own-database.ts'
import { ended, makeCall, settleCalls } from '../../server/test/ledger.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'
import { race } from './race.ts'
import { withDatabase } from './throwaway.ts'

/*
 * What reading usage, and writing a call down, cost with many calls in the books, against the same with a hundred thousand, in
 * two databases that take turns. Both have the same people and hours, so that the number of calls is all that is different.
 */

const few = 100_000
const chunk = 500_000
const people = 100
const days = 10
/** 1.3 times as long at the most. */
const bar: Bar = { on: 'ratio', atLeast: 0.77 }

/** A million, in half a minute. */
export const usage = (signal: AbortSignal) => usageOf(1_000_000, signal)
/** Ten million, in some minutes and about six gigabytes. */
export const growth = (signal: AbortSignal) => usageOf(10_000_000, signal)

function usageOf(many: number, signal: AbortSignal): Promise<Figure[]> {
  return withDatabase(signal, (small) =>
    withDatabase(signal, async (large) => {
      const filled = [await fill(small, few, signal), await fill(large, many, signal)] as const
      try {
        return await compare(filled, many, signal)
      } finally {
        await Promise.all(filled.map(({ database }) => database.end()))
      }
    }),
  )
}

interface Filled {
  database: Database
  /** One of each person's calls. */
  calls: { userId: string; id: string; requestId: string }[]
}

async function fill({ url, keyring }: OwnDatabase, calls: number, signal: AbortSignal): Promise<Filled> {
  const owner = await connectAsOwner(url)
  await migrateUp(owner)
  const logins = await ensureLogins(owner, keyring)
  await owner.end()
  const database = createDatabase(logins, { poolSize: 4, onError: () => {} })
  await makePartitions(database)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('set session_replication_role = replica') // the hours are summed up once, below
    for (let first = 1; first <= calls; first += chunk) {
      signal.throwIfAborted()
      await client.query(insertCalls, [calls, people, days, first, Math.min(calls, first + chunk - 1)])
    }
    await client.query(insertHours)
    await client.query('reset session_replication_role')
    await client.query(limitSome)
    await client.query('vacuum analyze public.usage_records, public.usage_hourly')
    await client.query('checkpoint') // or gigabytes are still being written while the first reads are measured
    const { rows } = await client.query<Filled['calls'][number]>(
      'select distinct on (user_id) user_id as "userId", id, request_id as "requestId" from usage_records order by user_id, id desc',
    )
    return { database, calls: rows }
  } finally {
    await client.end()
  }
}

const insertCalls = `
  insert into usage_records (
    user_id, id, started_at, request_id, operation, provider, model, credential_source, decisions, outcome, usage_basis, input_tokens, output_tokens, cost_usd)
  select md5((n % $2)::text)::uuid,
         (substr(hex, 1, 8) || '-' || substr(hex, 9) || '-7000-8000-' || lpad(n::text, 12, '0'))::uuid, to_timestamp(ms / 1000.0),
         'request-' || n, 'chat.completions', 'mock', 'mock-1', 'user-key', '[]', 'completed', 'reported', 100, 10, 0.0001234
    from generate_series($4::int, $5::int) n,
         lateral (select (extract(epoch from date_trunc('hour', now())) * 1000)::bigint - n * ($3::bigint * 86400000) / $1 as ms) at,
         lateral (select lpad(to_hex(ms), 12, '0') as hex) as written`

const insertHours = `
  insert into usage_hourly
  select user_id, date_trunc('hour', started_at, 'UTC'), provider, model, credential_source, count(*), 0, 0, sum(input_tokens), 0, sum(output_tokens), 0, sum(cost_usd)
    from usage_records group by 1, 2, 3, 4, 5`

/** Every second person has two limits that they do not reach. */
const limitSome = `
  insert into auth.users (id, email) select md5(n::text)::uuid, 'person' || n || '@example.com' from generate_series(0, ${people - 1}, 2) n;
  insert into user_quota_limits (user_id, type, request_limit, token_limit)
    select md5(n::text)::uuid, type, 1000000000, 1000000000000 from generate_series(0, ${people - 1}, 2) n, unnest(array['daily', 'monthly']) type`

const limited = Array.from({ length: people / 2 }, (_, n) => toId(2 * n))
const unlimited = Array.from({ length: people / 2 }, (_, n) => toId(2 * n + 1))

/** As PostgreSQL makes a uuid of an md5. */
function toId(n: number): string {
  const hex = createHash('md5').update(`${n}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

async function write({ database }: Filled, userId: string) {
  const call = makeCall({ userId, mostInputTokens: 100, mostOutputTokens: 10 })
  await database.systemOnce('bench', openCalls([call], 60))
  await database.systemOnce('bench', settleCalls([{ call, outcome: sanitise(ended()) }]))
}

async function compare([small, large]: readonly [Filled, Filled], many: number, signal: AbortSignal): Promise<Figure[]> {
  const reads = {
    'sums of a month': ({ database }: Filled, { userId }: Filled['calls'][number]) =>
      database.asPrincipal(userPrincipal(userId), (tx) => summarise(tx, userId, { from: undefined })),
    'a page of calls': ({ database }: Filled, { userId }: Filled['calls'][number]) =>
      listCalls(database, userPrincipal(userId), {}, { after: undefined, limit: 51, nowMs: Date.now() }),
    'a call by its id': ({ database }: Filled, { userId, id }: Filled['calls'][number]) =>
      database.asPrincipal(userPrincipal(userId), (tx) => findCall(tx, userId, id)),
    'a call by its request': ({ database }: Filled, { userId, requestId }: Filled['calls'][number]) =>
      database.asPrincipal(userPrincipal(userId), (tx) => findCall(tx, userId, requestId)),
    'a person’s limits': ({ database }: Filled, _: Filled['calls'][number], at: number) =>
      database.asPrincipal(userPrincipal(pick(limited, at)), (tx) => listQuotas(tx, pick(limited, at), 'free')),
    'opening and ending a call': (filled: Filled, _: Filled['calls'][number], at: number) => write(filled, pick(unlimited, at)),
    'opening and ending a call under two limits': (filled: Filled, _: Filled['calls'][number], at: number) =>
      write(filled, pick(limited, at)),
  }
  const figures: Figure[] = []
  let turn = 0
  const pick = <T>(from: readonly T[], at: number) => from[at % from.length] as T
  for (const [what, read] of Object.entries(reads)) {
    const rates = await race(
      {
        small: () => read(small, pick(small.calls, ++turn), turn),
        large: () => read(large, pick(large.calls, ++turn), turn),
      },
      { lanes: 1, rounds: 9, sliceMs: 150, signal },
    )
    figures.push(
      figureOf({ what: `${what}, of ${many} calls`, unit: 'per second', bar }, rates.large, {
        what: `of ${few} calls`,
        values: rates.small,
      }),
    )
  }
  return figures
}

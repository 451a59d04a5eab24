import pg from 'pg'
import { userPrincipal } from '../../server/src/base/principal.ts'
import { makePartitions } from '../../server/src/domains/ledger/jobs.ts'
import { findCall, listCalls } from '../../server/src/domains/usage/calls.ts'
import { summarise } from '../../server/src/domains/usage/summary.ts'
import { createDatabase, type Database } from '../../server/src/platform/database/database.ts'
import { ensureLogins } from '../../server/src/platform/database/logins.ts'
import { migrateUp } from '../../server/src/platform/database/migrator.ts'
import { connectAsOwner } from '../../server/src/platform/database/owner.ts'
import type { OwnDatabase } from '../../server/src/platform/embedded/own-database.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'
import { race } from './race.ts'
import { withDatabase } from './throwaway.ts'

/*
 * What reading usage costs with a million calls in the books, against the same with a hundred thousand, in two databases
 * that take turns. Both have the same people and hours, so that ten times the calls is all that is different.
 */

const [few, many] = [100_000, 1_000_000]
const people = 100
const days = 10
/** 1.3 times as long at the most. */
const bar: Bar = { on: 'ratio', atLeast: 0.77 }

export function usage(signal: AbortSignal): Promise<Figure[]> {
  return withDatabase(signal, (small) =>
    withDatabase(signal, async (large) => {
      const filled = [await fill(small, few), await fill(large, many)] as const
      try {
        return await compare(filled, signal)
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

async function fill({ url, keyring }: OwnDatabase, calls: number): Promise<Filled> {
  const owner = await connectAsOwner(url)
  await migrateUp(owner)
  const logins = await ensureLogins(owner, keyring)
  await owner.end()
  const database = createDatabase(logins, { poolSize: 4, onError: () => {} })
  await makePartitions(database)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(insertCalls, [calls, people, days])
    await client.query('vacuum analyze public.usage_records, public.usage_hourly')
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
    from generate_series(1, $1::int) n,
         lateral (select (extract(epoch from date_trunc('hour', now())) * 1000)::bigint - n * ($3::bigint * 86400000) / $1 as ms) at,
         lateral (select lpad(to_hex(ms), 12, '0') as hex) as written`

async function compare([small, large]: readonly [Filled, Filled], signal: AbortSignal): Promise<Figure[]> {
  const reads = {
    'sums of a month': ({ database }: Filled, { userId }: Filled['calls'][number]) =>
      database.asPrincipal(userPrincipal(userId), (tx) => summarise(tx, userId, { from: undefined })),
    'a page of calls': ({ database }: Filled, { userId }: Filled['calls'][number]) =>
      listCalls(database, userPrincipal(userId), {}, { after: undefined, limit: 51 }),
    'a call by its id': ({ database }: Filled, { userId, id }: Filled['calls'][number]) =>
      database.asPrincipal(userPrincipal(userId), (tx) => findCall(tx, userId, id)),
    'a call by its request': ({ database }: Filled, { userId, requestId }: Filled['calls'][number]) =>
      database.asPrincipal(userPrincipal(userId), (tx) => findCall(tx, userId, requestId)),
  }
  const figures: Figure[] = []
  let turn = 0
  const one = (of: Filled) => of.calls[turn++ % of.calls.length] as Filled['calls'][number]
  for (const [what, read] of Object.entries(reads)) {
    const rates = await race(
      { small: () => read(small, one(small)), large: () => read(large, one(large)) },
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

import { sql } from 'kysely'
import pg from 'pg'
import { userPrincipal } from '../../server/src/base/principal.ts'
import { createDatabase } from '../../server/src/platform/database/database.ts'
import { ensureLogins, type LoginUrls } from '../../server/src/platform/database/logins.ts'
import { migrateUp } from '../../server/src/platform/database/migrator.ts'
import { connectAsOwner, type Owner } from '../../server/src/platform/database/owner.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'
import { race } from './race.ts'
import { withDatabase } from './throwaway.ts'

/*
 * One row by its key, as a person under row level security, against the same select done bare: by the superuser, whom
 * no policy binds, without a transaction, without a name, and without anything of ours between it and the driver.
 */

const bars: Record<number, { readAs: Bar; asPrincipal: Bar }> = {
  1: { readAs: { on: 'ratio', atLeast: 0.9 }, asPrincipal: { on: 'ratio', atLeast: 0.6 } },
  16: { readAs: { on: 'ratio', atLeast: 0.4 }, asPrincipal: { on: 'ratio', atLeast: 0.35 } },
}
const people = 1_000
const rounds = 25
const sliceMs = 160

export function select(signal: AbortSignal): Promise<Figure[]> {
  return withDatabase(signal, async ({ url, keyring }) => {
    const owner = await connectAsOwner(url)
    try {
      await migrateUp(owner)
      const logins = await ensureLogins(owner, keyring)
      const ids = await makePeople(owner)
      const figures = []
      for (const lanes of [1, 16]) figures.push(...(await compare({ url, logins, ids, lanes, signal })))
      return figures
    } finally {
      await owner.end()
    }
  })
}

async function makePeople({ db }: Owner): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    insert into auth.users (email, name)
    select 'person-' || n || '@example.com', 'A person' from generate_series(1, ${people}::int) as n
    returning id`.execute(db)
  await sql`insert into public.user_settings (user_id) select id from auth.users`.execute(db)
  await sql`analyze auth.users, public.user_settings`.execute(db)
  return rows.map(({ id }) => id)
}

interface Setting {
  url: string
  logins: LoginUrls
  ids: readonly string[]
  lanes: number
  signal: AbortSignal
}

async function compare({ url, logins, ids, lanes, signal }: Setting): Promise<Figure[]> {
  const database = createDatabase(logins, { poolSize: lanes, onError: () => {} })
  const clients = Array.from({ length: lanes }, () => new pg.Client({ connectionString: url }))
  let count = 0
  const next = () => ids[count++ % ids.length] ?? ''
  const text = 'select "user_id", "allow_gateway_fallback" from "user_settings" where "user_id" = $1'
  try {
    await Promise.all(clients.map((client) => client.connect()))
    const rates = await race(
      {
        bare: async (lane) => requireRow(await clients[lane]?.query(text, [next()])),
        readAs: async () => {
          const id = next()
          const rows = await database.readAs(userPrincipal(id), (db) =>
            db.selectFrom('user_settings').select(['user_id', 'allow_gateway_fallback']).where('user_id', '=', id),
          )
          requireRow({ rows })
        },
        asPrincipal: async () => {
          const id = next()
          const rows = await database.asPrincipal(userPrincipal(id), (tx) =>
            tx.selectFrom('user_settings').select(['user_id', 'allow_gateway_fallback']).where('user_id', '=', id).execute(),
          )
          requireRow({ rows })
        },
      },
      { lanes, rounds, sliceMs, signal },
    )
    const at = lanes === 1 ? 'at one connection' : `at ${lanes} connections`
    const bare = { what: 'bare select', values: rates.bare }
    return (['readAs', 'asPrincipal'] as const).map((name) => {
      const bar = bars[lanes]?.[name]
      return figureOf({ what: `${name} ${at}`, unit: 'per second', ...(bar ? { bar } : {}) }, rates[name], bare)
    })
  } finally {
    await Promise.all([database.end(), ...clients.map((client) => client.end())])
  }
}

/** A wrong answer is no figure. */
function requireRow(result: { rows: unknown[] } | undefined) {
  if (result?.rows.length !== 1) throw new Error('the select did not find its row')
}

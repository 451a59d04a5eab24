import { Readable } from 'node:stream'
import { Zip, ZipDeflate } from 'fflate'
import { sql } from 'kysely'
import type { Principal } from '../../base/principal.ts'
import type { Database, Tx } from '../../platform/database/database.ts'

/*
 * Everything a person owns, as one ZIP: account.json, and of each table their rows, a JSON object per line.
 *
 * Which tables and columns is asked of the catalogue: every table of the schema public with a user_id, and of it the
 * columns that the person may read. So a table that is added later is in it, and what nobody may read (hashes, sealed
 * values) is not. It is read as the person, page by page in short transactions: a slow client holds no connection, and
 * each table is as it was while it was read.
 */

interface OwnTable {
  name: string
  columns: string[]
  /** Of the primary key, by which pages are cut. */
  key: string[]
}

const pageRows = 500

export interface ExportDeps {
  database: Pick<Database, 'asPrincipal'>
  /** What sign-in knows: the account, the ways in, the sessions. No secret is in it. */
  describeAccount: (userId: string) => Promise<object>
}

export function exportAccount({ database, describeAccount }: ExportDeps, principal: Principal): Readable {
  return Readable.from(zip(filesOf(database, describeAccount, principal)), { objectMode: false })
}

interface File {
  name: string
  parts: AsyncIterable<string>
}

async function* filesOf(
  database: ExportDeps['database'],
  describeAccount: ExportDeps['describeAccount'],
  principal: Principal,
): AsyncGenerator<File> {
  const userId = principal.claims.sub ?? ''
  yield { name: 'account.json', parts: once(async () => `${JSON.stringify(await describeAccount(userId), null, 2)}\n`) }
  const tables = await database.asPrincipal(principal, findOwnTables)
  for (const table of tables) {
    yield { name: `${table.name}.jsonl`, parts: rowsOf((work) => database.asPrincipal(principal, work), table, userId) }
  }
}

async function* once(make: () => Promise<string>) {
  yield await make()
}

/** Of whoever the transaction acts for. */
export async function findOwnTables(tx: Tx): Promise<OwnTable[]> {
  const { rows } = await sql<OwnTable>`
    select c.relname as name, readable.columns, coalesce(pk.columns, '{}') as key
      from pg_catalog.pg_class c
      cross join lateral (
        select array_agg(a.attname::text order by a.attnum) as columns, bool_or(a.attname = 'user_id') as is_owned
          from pg_catalog.pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           and pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')) readable
      left join lateral (
        select array_agg(a.attname::text order by k.place) as columns
          from pg_catalog.pg_index i
          cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
          join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
         where i.indrelid = c.oid and i.indisprimary) pk on true
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and readable.is_owned
     order by c.relname`.execute(tx)
  return rows
}

type AsThem = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

/** Named by user_id too, and not by policies alone: these may show what others share with the person. */
async function* rowsOf(asThem: AsThem, { name, columns, key }: OwnTable, userId: string): AsyncGenerator<string> {
  const keyColumns = sql.join(key.map((column) => sql.ref(column)))
  const keyTexts = sql.join(key.map((column) => sql`${sql.ref(column)}::text`))
  let last: string[] | undefined
  for (;;) {
    const after = last ? sql`and (${keyColumns}) > (${sql.join(last)})` : sql``
    const { rows } = await asThem((tx) =>
      sql<{ line: string; place: string[] }>`
        select row_to_json(page)::text as line, array[${keyTexts}] as place
          from (select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(`public.${name}`)}
                 where user_id = ${userId} ${after} order by ${keyColumns} limit ${pageRows}) page`.execute(tx),
    )
    if (rows.length > 0) yield rows.map(({ line }) => `${line}\n`).join('')
    if (rows.length < pageRows) return
    last = rows.at(-1)?.place
  }
}

async function* zip(files: AsyncIterable<File>): AsyncGenerator<Uint8Array> {
  const made: Uint8Array[] = []
  let failure: unknown
  const archive = new Zip((error, chunk) => {
    failure ??= error
    made.push(chunk)
  })
  const take = () => {
    if (failure) throw failure
    return made.splice(0)
  }
  const encoder = new TextEncoder()
  for await (const { name, parts } of files) {
    const entry = new ZipDeflate(name)
    archive.add(entry)
    for await (const part of parts) {
      entry.push(encoder.encode(part))
      yield* take()
    }
    entry.push(new Uint8Array(), true)
    yield* take()
  }
  archive.end()
  yield* take()
}

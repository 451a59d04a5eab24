import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import type { TestDatabase } from '../harness.ts'
import { type Sample, samples } from './samples.ts'

/** Who tries: over which login, and as which role inside of it. */
const actors: Record<string, { login: 'keyloft_user' | 'keyloft_service' | 'keyloft_auth' | 'superuser'; role?: string }> = {
  anon: { login: 'keyloft_user', role: 'anon' },
  authenticated: { login: 'keyloft_user', role: 'authenticated' },
  service_role: { login: 'keyloft_service', role: 'service_role' },
  keyloft_user: { login: 'keyloft_user' },
  keyloft_service: { login: 'keyloft_service' },
  keyloft_auth: { login: 'keyloft_auth' },
  keyloft_definer: { login: 'superuser', role: 'keyloft_definer' },
  keyloft_owner: { login: 'superuser', role: 'keyloft_owner' },
}
const verbs = ['select', 'insert', 'update', 'delete'] as const
type Verb = (typeof verbs)[number]

/** yes: it happens. hidden: nothing is refused and no row is touched. no: refused with 42501. */
type Verdict = 'yes' | 'hidden' | 'no'
/** Of a person's own row and of another's. */
type OwnAndOther = `${Verdict}/${Verdict}`
export type TableVerdicts = Record<string, Record<string, 'no' | Record<Verb, OwnAndOther>>>

export function sampleOf(table: string): Sample {
  const sample = samples[table]
  if (!sample)
    throw new Error(`${table} has no sample row: add one to server/test/isolation/samples.ts, so that who may touch the table is tried`)
  return sample
}

export async function collectTables({ owner }: TestDatabase): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select nspname || '.' || relname as name
      from pg_class join pg_namespace n on n.oid = relnamespace
     where relkind in ('r', 'p', 'v', 'm', 'f') and not relispartition
       and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pgboss')
     order by 1`.execute(owner.db)
  return rows.map(({ name }) => name)
}

export async function tryEverything(test: TestDatabase): Promise<TableVerdicts> {
  const people = { own: (await test.makePerson()).id, other: (await test.makePerson()).id }
  const clients = await connectAll(test)
  try {
    const verdicts: TableVerdicts = {}
    for (const table of await collectTables(test)) {
      const sample = sampleOf(table)
      const rows = { own: await plant(test, table, sample, people.own), other: await plant(test, table, sample, people.other) }
      verdicts[table] = {}
      for (const [name, { login, role }] of Object.entries(actors)) {
        const attempt = async (verb: Verb, whose: 'own' | 'other') => {
          const { text, values } = statement(verb, table, sample, rows[whose], people[whose])
          return tryAs(clients[login], role, people.own, text, values)
        }
        const outcome = {} as Record<Verb, OwnAndOther>
        for (const verb of verbs) outcome[verb] = `${await attempt(verb, 'own')}/${await attempt(verb, 'other')}`
        verdicts[table][name] = Object.values(outcome).every((verdict) => verdict === 'no/no') ? 'no' : outcome
      }
    }
    return verdicts
  } finally {
    for (const client of Object.values(clients)) await client.end()
  }
}

async function connectAll({ urls, url }: TestDatabase) {
  const connect = async (connectionString: string) => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    return client
  }
  return {
    keyloft_user: await connect(urls.keyloft_user),
    keyloft_service: await connect(urls.keyloft_service),
    keyloft_auth: await connect(urls.keyloft_auth),
    superuser: await connect(url),
  }
}

const identifier = (table: string) => table.split('.').map(pg.escapeIdentifier).join('.')

/** Puts a person's row in place, unless an earlier table's sample or the person's making did. */
async function plant({ owner }: TestDatabase, table: string, sample: Sample, userId: string): Promise<unknown> {
  const row = sample.row(userId)
  if (sample.isView) return row[sample.key]
  const columns = Object.keys(row)
  await owner.db.executeQuery({
    sql: `insert into ${identifier(table)} (${columns.map(pg.escapeIdentifier).join(', ')}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')}) on conflict do nothing`,
    parameters: Object.values(row),
  } as never)
  return row[sample.key]
}

function statement(
  verb: Verb,
  table: string,
  { row, key, change }: Sample,
  keyValue: unknown,
  userId: string,
): { text: string; values: unknown[] } {
  const place = identifier(table)
  if (verb === 'select') return { text: `select ${key} from ${place} where ${key} = $1`, values: [keyValue] }
  if (verb === 'update') return { text: `update ${place} set ${change} = ${change} where ${key} = $1`, values: [keyValue] }
  if (verb === 'delete') return { text: `delete from ${place} where ${key} = $1`, values: [keyValue] }
  const fresh = row(userId)
  if (table === 'auth.users') fresh.id = randomUUID()
  const columns = Object.keys(fresh)
  return {
    text: `insert into ${place} (${columns.join(', ')}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
    values: Object.values(fresh),
  }
}

async function tryAs(client: pg.Client, role: string | undefined, userId: string, text: string, values: unknown[]): Promise<Verdict> {
  await client.query('begin')
  try {
    const claims = JSON.stringify(role === 'anon' ? { role } : { sub: userId, role: role ?? 'authenticated' })
    await client.query(`select set_config('request.jwt.claims', $1, true)`, [claims])
    if (role) await client.query(`select set_config('role', $1, true)`, [role])
    const { rowCount } = await client.query(text, values)
    return rowCount === 0 ? 'hidden' : 'yes'
  } catch (error) {
    const { code } = error as pg.DatabaseError
    if (code === '42501') return 'no'
    if (code === '55000') return 'no' // a view that nothing can be written through
    if (code === '23505') return 'yes' // both checks passed, and a row like it is there already
    throw error
  } finally {
    await client.query('rollback')
  }
}

/** Who but the owner has which right on every schema, table, column and function, ours and the queue's. */
export async function collectGrants(db: TestDatabase['owner']['db']): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    with entries as (
      select 'schema ' || nspname as object, nspowner as owner, nspacl as acl from pg_namespace
       where nspname not like 'pg\\_%' and nspname <> 'information_schema'
      union all
      select 'table ' || oid::regclass, relowner, relacl from pg_class where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      union all
      select 'column ' || attrelid::regclass || '.' || attname, relowner, attacl
        from pg_attribute join pg_class on pg_class.oid = attrelid where attacl is not null
      union all
      select 'function ' || oid::regprocedure || case when prosecdef then ' as ' || proowner::regrole else '' end, proowner, coalesce(proacl, acldefault('f', proowner)) from pg_proc
    ), lines as (
      select object || ': ' || coalesce(who || ' ' || lower(string_agg(privilege_type, ', ' order by privilege_type)), 'nobody') as line
        from entries left join lateral (
               select case grantee when 0 then 'everybody' else grantee::regrole::text end as who, privilege_type
                 from aclexplode(acl) where grantee <> owner
             ) granted on true
       where owner::regrole::text like 'keyloft\\_%'
       group by object, who
    )
    select line from lines order by line collate "C"`.execute(db)
  return rows.map(({ line }) => line)
}

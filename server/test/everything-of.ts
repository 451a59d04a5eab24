import { sql } from 'kysely'
import { createSecrets, keepSecret, type SealedSecret } from '../src/platform/secrets/secrets.ts'
import type { TestDatabase } from './harness.ts'
import { samples } from './isolation/samples.ts'

interface OwnerColumn {
  relation: string
  column_name: string
}

/** Every column that says whose a row is, as the catalogue has them. */
export async function ownerColumns({ owner }: TestDatabase): Promise<OwnerColumn[]> {
  const { rows } = await sql<OwnerColumn>`
    select n.nspname || '.' || c.relname as relation, o.column_name
      from keyloft.owner_columns() o join pg_class c on c.oid = o.relation join pg_namespace n on n.oid = c.relnamespace order by 1, 2`.execute(
    owner.db,
  )
  return rows
}

/** All rows of these people in every table, as text, and what their secrets say. */
export async function everythingOf(test: TestDatabase, ids: string[]): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {}
  for (const { relation, column_name } of [...(await ownerColumns(test)), { relation: 'auth.users', column_name: 'id' }]) {
    if (relation === 'auth.sessions') continue // signing in makes one before it fails
    const { rows } = await sql<{
      text: string
    }>`select t::text as text from ${sql.table(relation)} t where ${sql.ref(column_name)} = any (${ids}) order by 1`.execute(test.owner.db)
    all[relation] = rows.map(({ text }) => text)
  }
  return all
}

/** A row in every table that may hold one of a person, from the isolation test's samples. */
export async function plantEverywhere(test: TestDatabase, id: string): Promise<void> {
  const own = new Set((await ownerColumns(test)).map(({ relation }) => relation))
  // Sealed for nobody: keys and secrets are planted by plantKey, so that they open.
  const left = new Set([
    'keyloft.secrets',
    'keyloft.data_keys',
    'public.api_keys',
    'auth.accounts',
    'auth.external_identities',
    'keyloft.user_aliases',
  ])
  for (const [relation, { row, isView }] of Object.entries(samples)) {
    if (isView || left.has(relation) || !own.has(relation)) continue
    await test.owner.db
      .insertInto(relation as never)
      .values(row(id) as never)
      .execute()
  }
}

export async function plantKey(test: TestDatabase, id: string, service: string, text: string, name = ''): Promise<void> {
  const secrets = createSecrets({ database: test.database, keyring: test.keyring, clock: Date.now })
  const secret = await secrets.seal({ userId: id, kind: 'provider key', provider: service, host: 'api.example.com' }, text)
  await test.database.system('plant', async (tx) => {
    await keepSecret(tx, secret)
    await tx.insertInto('api_keys').values({ user_id: id, service, key_name: name, secret_id: secret.id }).execute()
  })
}

/** What the provider keys of a person say, by service and name. */
export async function keysOf(test: TestDatabase, id: string): Promise<Record<string, string>> {
  const { rows } = await sql<SealedSecret & { service: string; key_name: string }>`
    select s.*, k.service, k.key_name from public.api_keys k join keyloft.secrets s on s.id = k.secret_id where k.user_id = ${id}`.execute(
    test.owner.db,
  )
  const secrets = createSecrets({ database: test.database, keyring: test.keyring, clock: Date.now })
  const opened = rows.map(async (row) => [
    `${row.service}/${row.key_name}`,
    await secrets.open(row, { userId: id, kind: 'provider key', provider: row.service }),
  ])
  return Object.fromEntries(await Promise.all(opened))
}

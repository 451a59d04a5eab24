import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { userPrincipal } from '../../src/base/principal.ts'
import { createDatabase } from '../../src/platform/database/database.ts'
import { exportForSupabase } from '../../src/platform/database/export-supabase.ts'
import { fingerprint, roleFingerprint } from '../../src/platform/database/fingerprint.ts'
import { ensureLogins } from '../../src/platform/database/logins.ts'
import { loadMigrations } from '../../src/platform/database/migrations.ts'
import { migrateDown, migrateUp, migrationStatus } from '../../src/platform/database/migrator.ts'
import { connectAsOwner, type Owner } from '../../src/platform/database/owner.ts'
import { verifyDatabase } from '../../src/platform/database/verify.ts'
import { parseKeyring } from '../../src/platform/sealing/keyring.ts'
import { type Cluster, startCluster } from '../cluster.ts'
import { withDatabase } from '../harness.ts'

const theirRoles = ['postgres', 'anon', 'authenticated', 'service_role', 'authenticator', 'supabase_auth_admin', 'supabase_storage_admin']

describe('on a database that is Supabase’s', () => {
  const databases = ['migrated', 'pushed'] as const
  let cluster: Cluster
  let admin: Owner
  const owners = {} as Record<(typeof databases)[number], Owner>

  beforeAll(async () => {
    cluster = await startCluster(inject('serverPrograms'), 'supabase_admin')
    admin = await connectAsOwner(cluster.url)
    await sql.raw(readFileSync(join(import.meta.dirname, 'supabase-fixture.sql'), 'utf8')).execute(admin.db)
    await admin.end()
    const template = await connectAsOwner(cluster.url.replace(/postgres$/, 'template1'))
    for (const name of databases) await sql`create database ${sql.id(name)} template postgres owner postgres`.execute(template.db)
    await template.end()
    for (const name of databases) owners[name] = await connectAsOwner(asPostgres(withDatabase(cluster.url, name)))
  })

  afterAll(async () => {
    for (const owner of Object.values(owners)) await owner.end()
    await cluster.stop()
  })

  /** Everything in their schemas, without the two entries that let our owner in. */
  async function inTheirSchemas(db: Owner['db']): Promise<string[]> {
    const lines = [...(await fingerprint(db, ['public', 'auth', 'realtime', 'storage'])), ...(await roleFingerprint(db, theirRoles))]
    return lines.map((line) => line.replace(' keyloft_owner=UC/pg_database_owner', '').replace(/(member of .*?)keyloft_owner, /, '$1'))
  }

  /** Names of what we own in the schema that is shared; a line of theirs that happens to bear one is not compared. */
  async function ourObjects(db: Owner['db']): Promise<RegExp> {
    const { rows } = await sql<{ name: string }>`
      select relname::text as name from pg_class where relowner::regrole::text like 'keyloft\\_%' and relnamespace = 'public'::regnamespace
      union
      select proname::text from pg_proc where proowner::regrole::text like 'keyloft\\_%' and pronamespace = 'public'::regnamespace`.execute(
      db,
    )
    return new RegExp(`\\b(${rows.map(({ name }) => name).join('|')})\\b|^default privileges for keyloft_`)
  }

  it('migrates, and leaves everything of theirs as it was, up and down', async () => {
    const { db } = owners.migrated
    const all = await inTheirSchemas(db)
    await migrateUp(owners.migrated)
    const ours = await ourObjects(db)
    const theirsOf = (lines: string[]) => lines.filter((line) => !ours.test(line))
    const theirs = async () => theirsOf(await inTheirSchemas(db))
    const before = theirsOf(all)
    expect(before.length).toBeGreaterThan(60)
    const first = await fingerprint(db, ['public', 'keyloft', 'pgboss', 'keyloft_migrations'])
    expect(await theirs()).toEqual(before)

    await migrateDown(owners.migrated, loadMigrations().length)
    expect(await theirs()).toEqual(before)

    await migrateUp(owners.migrated)
    expect(await fingerprint(db, ['public', 'keyloft', 'pgboss', 'keyloft_migrations'])).toEqual(first)
    expect(await theirs()).toEqual(before)
  })

  it('passes verify, with identity left to Supabase', async () => {
    const checks = await verifyDatabase(owners.migrated)
    expect(checks.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
    expect(checks.find(({ id }) => id === 'identity')?.title).toContain('Supabase')
  })

  it('lets people reach their own rows through the three logins, and nothing by their wide default privileges', async () => {
    const keyring = parseKeyring(inject('rootKeys'))
    const { owner, database } = {
      owner: owners.migrated,
      database: createDatabase(await ensureLogins(owners.migrated, keyring), { poolSize: 2, onError: () => {} }),
    }
    const [ada, bob] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']
    await sql`insert into auth.users (id, email) values (${ada}, 'ada@example.com'), (${bob}, 'bob@example.com')`.execute(owner.db)

    await database.asPrincipal(userPrincipal(ada), (tx) =>
      tx.insertInto('user_settings').values({ user_id: ada, allow_gateway_fallback: false }).execute(),
    )
    expect(await database.readAs(userPrincipal(ada), (db) => db.selectFrom('user_settings').select('user_id'))).toEqual([{ user_id: ada }])
    expect(await database.readAs(userPrincipal(bob), (db) => db.selectFrom('user_settings').select('user_id'))).toEqual([])
    await expect(
      database.asPrincipal(userPrincipal(ada), (tx) =>
        tx.insertInto('settings').values({ user_id: ada, key: 'maxMessagesPerDay', value: '1000' }).execute(),
      ),
    ).rejects.toMatchObject({ code: 'database.forbidden' })

    // What may be spent of the operator's money hangs on who has an account, which only the user who migrated may look up.
    await sql`update auth.users set is_anonymous = true where id = ${ada}`.execute(owner.db)
    const tiers = await database.system('test', (tx) =>
      sql<object>`select tier from keyloft.tiers_of(array[${ada}, ${bob}]::uuid[]) order by user_id`.execute(tx),
    )
    expect(tiers.rows).toEqual([{ tier: 'anonymous' }, { tier: 'free' }])
    await database.end()
  })

  it('takes the exported files as its own tool pushes them, and knows afterwards what was pushed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyloft-export-'))
    try {
      exportForSupabase(folder)
      // Their tool runs each file in one transaction, as postgres, in the order of the names.
      for (const file of readdirSync(folder).sort()) {
        await owners.pushed.db.transaction().execute((tx) => sql.raw(readFileSync(join(folder, file), 'utf8')).execute(tx))
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
    expect((await migrationStatus(owners.pushed)).filter(({ state }) => state !== 'applied')).toEqual([])
    expect(await migrateUp(owners.pushed)).toEqual([])
    const schemas = ['public', 'keyloft', 'pgboss', 'keyloft_migrations']
    expect(await fingerprint(owners.pushed.db, schemas)).toEqual(await fingerprint(owners.migrated.db, schemas))
  })
})

function asPostgres(url: string): string {
  return url.replace('supabase_admin:', 'postgres:')
}

import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Cluster, startCluster } from '../../../test/cluster.ts'
import { createTestDatabase, withDatabase } from '../../../test/harness.ts'
import { fingerprint } from './fingerprint.ts'
import { loadMigrations, type Migration } from './migrations.ts'
import { migrateDown, migrateUp, migrationStatus } from './migrator.ts'
import { connectAsOwner, type Owner } from './owner.ts'
import { SetupError } from './setup-error.ts'

function migration(name: string, up: string, more: Partial<Migration> = {}): Migration {
  return { name, up, down: '', sha256: createHash('sha256').update(up).digest('hex'), breaking: false, notOnSupabase: false, ...more }
}

const schemas = ['public', 'auth', 'keyloft', 'pgboss', 'realtime']

async function refusalOf(migrated: Promise<unknown>): Promise<SetupError> {
  const error = await migrated.then(
    () => 'it went through',
    (error) => error,
  )
  expect(error).toBeInstanceOf(SetupError)
  return error
}

describe('a migration that fails', async () => {
  const { owner } = await createTestDatabase({ migrated: false })
  const ours = loadMigrations()
  const good = 'set local role keyloft_owner;\n\ncreate table public.good (\n  id int check (id > 0)\n);\n'

  it.each([
    ['a column that is not there', `${good}select 1,\n  nonsense,\n  2;`, 7, 'select 1,', 'column "nonsense" does not exist'],
    [
      'a mistake in writing',
      `--! breaking-change\n${good}-- why\ncreat table x ();`,
      8,
      'creat table x ()',
      'syntax error at or near "creat"',
    ],
    ['an end that is missing', `${good}create table x (\n\n`, 6, 'create table x (', 'syntax error at end of input'],
    [
      'a constraint',
      `${good}\n\ninsert into public.good\n  values (0);`,
      8,
      'insert into public.good',
      'violates check constraint "good_id_check"',
    ],
    ['a block', `${good}do $$\nbegin\n  raise exception 'no; not now';\nend $$;\nselect 1;`, 6, 'do $$', 'no; not now'],
    ['a right', `${good}create role mine;`, 6, 'create role mine', 'permission denied'],
    [
      'characters of several bytes before',
      `${good}select '👩‍👩‍👧é',\n  '👩‍👩‍👧é', nonsense;`,
      7,
      "select '👩‍👩‍👧é',",
      'column "nonsense" does not exist',
    ],
  ])(
    'by %s names migration, line and statement, and leaves nothing of itself and of those before it',
    async (_, up, line, statement, reason) => {
      const before = await fingerprint(owner.db, schemas)
      const refusal = await refusalOf(migrateUp(owner, { migrations: [...ours, migration('20991231000000_broken', up)] }))
      expect(refusal.message).toContain(`Migration 20991231000000_broken failed at line ${line}, in the statement "${statement}": `)
      expect(refusal.message).toContain(reason)
      expect(refusal.hint).toContain('Nothing was changed')
      expect(await fingerprint(owner.db, schemas)).toEqual(before)
      expect(new Set((await migrationStatus(owner)).map(({ state }) => state))).toEqual(new Set(['pending']))
    },
  )

  it('is named also for several that try at once, and none of them leaves anything', async () => {
    const before = await fingerprint(owner.db, schemas)
    const owners = await Promise.all(Array.from({ length: 4 }, () => connectAsOwner(owner.url)))
    const migrations = [...ours, migration('20991231000000_broken', `${good}select nonsense`)]
    for (const refusal of await Promise.all(owners.map((one) => refusalOf(migrateUp(one, { migrations }))))) {
      expect(refusal.message).toContain('line 6')
    }
    for (const one of owners) await one.end()
    expect(await fingerprint(owner.db, schemas)).toEqual(before)
  })

  it('can be corrected and tried again, since it was not entered', async () => {
    const migrations = [...ours, migration('20991231000000_broken', good, { down: 'drop table public.good' })]
    const steps: string[] = []
    expect(await migrateUp(owner, { migrations, onStep: (name) => steps.push(name) })).toEqual(migrations.map(({ name }) => name))
    expect(steps).toEqual(migrations.map(({ name }) => name))
    expect(await migrateUp(owner, { migrations })).toEqual([])
  })

  it('on the way down leaves everything as it was', async () => {
    const migrations = [
      ...ours,
      migration('20991231000000_broken', good, { down: 'drop table public.good;\nselect nonsense' }),
      migration('20991231000001_last', 'select 1', { down: 'select 1' }),
    ]
    await migrateUp(owner, { migrations })
    const before = await fingerprint(owner.db, schemas)
    const refusal = await refusalOf(migrateDown(owner, 2, { migrations }))
    expect(refusal.message).toContain('20991231000000_broken failed at line 2, in the statement "select nonsense"')
    expect(await fingerprint(owner.db, schemas)).toEqual(before)
    expect((await migrationStatus(owner, migrations)).every(({ state }) => state === 'applied')).toBe(true)
  })
})

describe('the book of migrations', async () => {
  const { owner } = await createTestDatabase({ migrated: false })
  const [first, second, third] = ['1', '2', '3'].map((number) =>
    migration(`2026010${number}000000_step`, `create table public.step_${number} ()`, {
      down: `drop table public.step_${number}`,
      breaking: number === '2',
    }),
  ) as [Migration, Migration, Migration]
  const tables = async () =>
    (await sql<{ name: string }>`select relname as name from pg_class where relname like 'step\\_%' order by 1`.execute(owner.db)).rows.map(
      ({ name }) => name,
    )

  it('is asked without being made', async () => {
    expect(await migrationStatus(owner, [first, second])).toEqual([
      { name: first.name, state: 'pending', breaking: false },
      { name: second.name, state: 'pending', breaking: true },
    ])
    expect((await sql`select from pg_namespace where nspname = 'keyloft_migrations'`.execute(owner.db)).rows).toEqual([])
  })

  it('refuses a file that was changed after it was applied, up and down, and names it', async () => {
    await migrateUp(owner, { migrations: [first] })
    const changed = migration(first.name, `${first.up} -- changed`)
    for (const attempt of [migrateUp(owner, { migrations: [changed, second] }), migrateDown(owner, 1, { migrations: [changed, second] })]) {
      const refusal = await refusalOf(attempt)
      expect(refusal.message).toContain(first.name)
      expect(refusal.message).toContain('changed after')
    }
    expect(await migrationStatus(owner, [changed])).toEqual([{ name: first.name, state: 'changed', breaking: false }])
    expect(await tables()).toEqual(['step_1'])
  })

  it('refuses to go on where it holds one that this program does not know, and says whether that one breaks', async () => {
    await migrateUp(owner, { migrations: [first, second] })
    for (const attempt of [migrateUp(owner, { migrations: [first] }), migrateDown(owner, 1, { migrations: [first] })]) {
      expect((await refusalOf(attempt)).message).toBe(`This database was migrated by a newer Keyloft (${second.name}).`)
    }
    expect(await migrationStatus(owner, [first])).toEqual([
      { name: first.name, state: 'applied', breaking: false },
      { name: second.name, state: 'unknown', breaking: true },
    ])
    expect(await tables()).toEqual(['step_1', 'step_2'])
  })

  it('takes back the newest first, as many as are asked for, and none beyond the first', async () => {
    const migrations = [first, second, third]
    await migrateUp(owner, { migrations })
    expect(await migrateDown(owner, 0, { migrations })).toEqual([])
    expect(await migrateDown(owner, 2, { migrations })).toEqual([third.name, second.name])
    expect(await tables()).toEqual(['step_1'])
    expect(await migrateDown(owner, 5, { migrations })).toEqual([first.name])
    expect(await migrateDown(owner, 1, { migrations })).toEqual([])
    expect(await tables()).toEqual([])
  })

  it('refuses one that comes before those it holds, and changes nothing', async () => {
    await migrateUp(owner, { migrations: [first, third] })
    const refusal = await refusalOf(migrateUp(owner, { migrations: [first, second, third] }))
    expect(refusal.message).toContain(second.name)
    expect(await tables()).toEqual(['step_1', 'step_3'])
  })

  it('gives each migration the connecting user’s rights afresh', async () => {
    const kept = [first, third]
    const names = ['20260201000000_owned', '20260202000000_asked']
    const migrations = [
      ...kept,
      migration(names[0] ?? '', 'set local role keyloft_owner; create table keyloft_migrations.asked (who name)'),
      migration(names[1] ?? '', 'insert into keyloft_migrations.asked values (current_user)'),
    ]
    await migrateUp(owner, { migrations })
    const { rows } = await sql`select who <> 'keyloft_owner' as own, who = session_user as same from keyloft_migrations.asked`.execute(
      owner.db,
    )
    expect(rows).toEqual([{ own: true, same: true }])
  })
})

describe('several processes at once', async () => {
  const { owner } = await createTestDatabase({ migrated: false })

  it('migrate one empty database once', async () => {
    const owners = await Promise.all(Array.from({ length: 6 }, () => connectAsOwner(owner.url)))
    const applied = await Promise.all(owners.map((one) => migrateUp(one)))
    for (const one of owners) await one.end()
    const names = loadMigrations().map(({ name }) => name)
    expect(applied.filter((one) => one.length > 0)).toEqual([names])
    expect((await migrationStatus(owner)).every(({ state }) => state === 'applied')).toBe(true)
  })

  describe('on a new server, whose roles its databases share', () => {
    const owners: Owner[] = []
    let cluster: Cluster
    let admin: Owner

    beforeAll(async () => {
      cluster = await startCluster(inject('serverPrograms'))
      admin = await connectAsOwner(cluster.url)
      owners.push(admin)
    })
    afterAll(async () => {
      for (const one of owners) await one.end()
      await cluster.stop()
    })
    const open = async (name: string) => {
      const opened = await connectAsOwner(withDatabase(cluster.url, name))
      owners.push(opened)
      return opened
    }

    it('migrate several databases, to the same end', async () => {
      const processes: Owner[] = []
      for (const name of ['one', 'two', 'three', 'four']) {
        await sql`create database ${sql.id(name)} template template0`.execute(admin.db)
        processes.push(await open(name), await open(name))
      }
      await Promise.all(processes.map((one) => migrateUp(one)))
      const [expected, ...others] = await Promise.all(processes.map((one) => fingerprint(one.db, schemas)))
      expect(expected?.length).toBeGreaterThan(200)
      for (const other of others) expect(other).toEqual(expected)
    })

    it('try again when another database was granted the same role just before', async () => {
      await sql`create database five template template0`.execute(admin.db)
      await sql`revoke anon from keyloft_user`.execute(admin.db)
      const five = await open('five')
      let migrated: Promise<string[]> | undefined
      await admin.db.transaction().execute(async (tx) => {
        await sql`grant anon to keyloft_user`.execute(tx)
        migrated = migrateUp(five)
        const waits = sql`select from pg_stat_activity where datname = 'five' and wait_event_type = 'Lock'`
        while ((await waits.execute(tx)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      })
      expect(await migrated).toHaveLength(loadMigrations().length)
    })
  })
})

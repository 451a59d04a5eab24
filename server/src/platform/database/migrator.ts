import { type Kysely, sql } from 'kysely'
import { Migrator, NO_MIGRATIONS, type Migration as Step } from 'kysely/migration'
import type { DatabaseError } from 'pg'
import { loadMigrations, type Migration, migrationBook } from './migrations.ts'
import type { Owner } from './owner.ts'
import { SetupError } from './setup-error.ts'
import { type Statement, splitStatements } from './split-statements.ts'

// biome-ignore lint/suspicious/noExplicitAny: migrations run before the tables exist that would type it
type Db = Kysely<any>

export interface AppliedMigration {
  name: string
  sha256: string | null
  breaking: boolean | null
}

export type MigrationState = 'applied' | 'pending' | 'changed' | 'unknown'

export interface MigrationReport {
  name: string
  state: MigrationState
  breaking: boolean
}

export interface MigrateOptions {
  migrations?: Migration[]
  onStep?: (name: string) => void
}

const bookSchema = 'keyloft_migrations'
const bookLock = 'keyloft: the book of migrations'

/** Brings the database up to this program's migrations: all that are missing in one transaction, or none. */
export async function migrateUp(owner: Owner, { migrations = loadMigrations(), onStep }: MigrateOptions = {}): Promise<string[]> {
  return retryRoleConflicts(async () => {
    await openBook(owner.db)
    refuseSurprises(await migrationStatus(owner, migrations))
    return run(migratorFor(owner.db, migrations, onStep), (migrator) => migrator.migrateToLatest())
  })
}

/** Takes back the newest `count` migrations, in one transaction. */
export async function migrateDown(
  owner: Owner,
  count: number,
  { migrations = loadMigrations(), onStep }: MigrateOptions = {},
): Promise<string[]> {
  await openBook(owner.db)
  const status = await migrationStatus(owner, migrations)
  refuseSurprises(status)
  const applied = status.filter(({ state }) => state === 'applied').map(({ name }) => name)
  if (applied.length === 0 || count === 0) return []
  const target = applied.at(-count - 1)
  const migrator = migratorFor(owner.db, migrations, onStep)
  return run(migrator, () => migrator.migrateTo(target ?? NO_MIGRATIONS))
}

export async function migrationStatus(owner: Owner, migrations = loadMigrations()): Promise<MigrationReport[]> {
  return compareMigrations(await readBook(owner.db), migrations)
}

/** What the book says against what this program carries. */
export function compareMigrations(applied: readonly AppliedMigration[], migrations: readonly Migration[]): MigrationReport[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  const entered = new Map(applied.map((entry) => [entry.name, entry]))
  const names = [...new Set([...known.keys(), ...entered.keys()])].sort()
  return names.map((name) => {
    const migration = known.get(name)
    const entry = entered.get(name)
    const breaking = entry?.breaking ?? migration?.breaking ?? false
    if (!migration) return { name, state: 'unknown', breaking }
    if (!entry) return { name, state: 'pending', breaking }
    return { name, state: entry.sha256 === null || entry.sha256 === migration.sha256 ? 'applied' : 'changed', breaking }
  })
}

/** @throws SetupError where the book and the program disagree about the past */
function refuseSurprises(report: readonly MigrationReport[]) {
  const of = (state: MigrationState) => report.filter((one) => one.state === state).map(({ name }) => name)
  const unknown = of('unknown')
  if (unknown.length > 0) {
    throw new SetupError(`This database was migrated by a newer Keyloft (${unknown.join(', ')}).`, 'Use that version, or a newer one.')
  }
  const changed = of('changed')
  if (changed.length > 0) {
    throw new SetupError(
      `Migrations were changed after they were applied: ${changed.join(', ')}.`,
      'Restore the files as they were; add a new migration for what has to change.',
    )
  }
  const newest = of('applied').at(-1) ?? ''
  const late = of('pending').filter((name) => name < newest)
  if (late.length > 0) {
    throw new SetupError(`Migrations are dated before the newest one applied (${newest}): ${late.join(', ')}.`, 'Give them a later date.')
  }
}

/** Reads the catalogue's tables: to_regclass may answer from a session's cache what was true before it waited for a lock. */
async function bookExists(db: Db): Promise<boolean> {
  const { rows } = await sql<{ exists: boolean }>`
    select exists (select from pg_tables where schemaname = 'keyloft_migrations' and tablename = 'files') as exists`.execute(db)
  return rows[0]?.exists ?? false
}

async function openBook(db: Db) {
  if (await bookExists(db)) return
  await db
    .transaction()
    .execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${bookLock}, 0))`.execute(tx)
      if (await bookExists(tx)) return
      await runStatements(tx, 'migration-book', migrationBook())
    })
    .catch((error) => {
      if (!(error instanceof StatementError)) throw error
      throw new SetupError(
        `${error.message}.`,
        'Migrations need a user that may make roles (CREATEROLE) and schemas in this database.',
        error.cause,
      )
    })
}

async function readBook(db: Db): Promise<AppliedMigration[]> {
  if (!(await bookExists(db))) return []
  const { rows } = await sql<AppliedMigration>`
    select applied.name, files.sha256, files.breaking
      from keyloft_migrations.applied left join keyloft_migrations.files on files.name = applied.name
     order by applied.name`.execute(db)
  return rows
}

function migratorFor(db: Db, migrations: readonly Migration[], onStep: MigrateOptions['onStep']): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: async () => Object.fromEntries(migrations.map((migration) => [migration.name, toStep(migration, onStep)])) },
    migrationTableSchema: bookSchema,
    migrationTableName: 'applied',
    migrationLockTableName: 'applied_lock',
    nameComparator: (a, b) => (a < b ? -1 : 1),
  })
}

function toStep(migration: Migration, onStep: MigrateOptions['onStep']): Step {
  const { name, sha256, breaking } = migration
  const runUnlessTheirs = async (tx: Db, file: string) => {
    onStep?.(name)
    if (migration.notOnSupabase && (await authIsForeign(tx))) return
    await runStatements(tx, name, file)
    await sql`reset role`.execute(tx)
  }
  return {
    up: async (tx) => {
      await runUnlessTheirs(tx, migration.up)
      await sql`insert into keyloft_migrations.files (name, sha256, breaking) values (${name}, ${sha256}, ${breaking})`.execute(tx)
    },
    down: async (tx) => {
      await runUnlessTheirs(tx, migration.down)
      await sql`delete from keyloft_migrations.files where name = ${name}`.execute(tx)
    },
  }
}

/** Supabase, or another system that keeps its users in a schema of this name. */
export async function authIsForeign(db: Db): Promise<boolean> {
  const { rows } = await sql<{ foreign: boolean }>`
    select exists (select from pg_namespace where nspname = 'auth' and nspowner <> 'keyloft_owner'::regrole) as foreign`.execute(db)
  return rows[0]?.foreign ?? false
}

async function runStatements(tx: Db, name: string, file: string) {
  for (const statement of splitStatements(file)) {
    await sql
      .raw(statement.text)
      .execute(tx)
      .catch((error) => {
        throw new StatementError(name, statement, error)
      })
  }
}

class StatementError extends Error {
  constructor(migration: string, { text, line }: Statement, cause: DatabaseError) {
    const place = line + text.slice(0, Number(cause.position ?? 1) - 1).split('\n').length - 1
    const firstLine = text.split('\n', 1)[0]?.slice(0, 120)
    super(`Migration ${migration} failed at line ${place}, in the statement "${firstLine}": ${cause.message}`, { cause })
  }
}

async function run(migrator: Migrator, act: (migrator: Migrator) => ReturnType<Migrator['migrateToLatest']>): Promise<string[]> {
  const { results = [], error } = await act(migrator)
  if (error instanceof StatementError)
    throw new SetupError(`${error.message}.`, 'Nothing was changed: all pending migrations run in one transaction.', error.cause)
  if (error) throw error
  return results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName)
}

/** Two databases of one cluster that make or grant the same role at once: one of them is told so and tries again. */
async function retryRoleConflicts<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      const cause = ((error as Error).cause ?? error) as DatabaseError
      const conflict = /tuple concurrently (updated|deleted)|pg_auth_members/.test(cause.message) || cause.code === '40P01'
      if (!conflict || attempt === 10) throw error
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt * Math.random()))
    }
  }
}

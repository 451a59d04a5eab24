import { sql } from 'kysely'
import type { AppError } from '../../base/errors.ts'
import type { Keyring } from '../sealing/keyring.ts'
import { ensureLogins, type LoginUrls, readLogins } from './logins.ts'
import { loadMigrations } from './migrations.ts'
import { type AppliedMigration, compareMigrations, type MigrationReport, migrateUp } from './migrator.ts'
import { connectAsOwner, type Owner, unreachable } from './owner.ts'
import { createPools, type Pools } from './pools.ts'
import { SetupError } from './setup-error.ts'
import { sqlstateOf } from './sql-errors.ts'
import type { Transactions } from './transactions.ts'
import { createTransactions } from './transactions.ts'

export type { Tx } from './bound-kysely.ts'
export type { Statement } from './flight.ts'
export type { Asked } from './transactions.ts'

/** The database as a serving process has it: three logins, none of which can become the owner. */
export interface Database extends Transactions {
  readonly pools: Pools
  /** Asks the database whether this program may run on it. Throws where it cannot be asked. */
  migrations(): Promise<MigrationReport[]>
  end(): Promise<void>
}

export interface DatabaseOptions {
  poolSize: number
  onError: (error: Error) => void
  answerTimeoutMs?: number
}

export function createDatabase(urls: LoginUrls, { poolSize, onError, answerTimeoutMs }: DatabaseOptions): Database {
  const pools = createPools(urls, { size: poolSize, onError, answerTimeoutMs })
  const transactions = createTransactions(pools)
  const carried = loadMigrations()
  return {
    ...transactions,
    pools,
    migrations: () =>
      transactions.system('readiness', async (tx) => {
        const { rows } = await sql<AppliedMigration>`select name, sha256, breaking from keyloft.applied_migrations()`.execute(tx)
        return compareMigrations(rows, carried)
      }),
    end: () => pools.end(),
  }
}

export interface PrepareOptions {
  migrate: boolean
  keyring: Keyring
  /** Given by the operator, instead of the ones Keyloft makes. */
  loginUrls: LoginUrls | undefined
  /** Where the serving connections go, when not where the owner's went (a pooler). */
  servingUrl?: string
  onStep?: (migration: string) => void
}

/** With the owner's connection, which is let go before this returns: migrations, then the way in for the logins. */
export async function prepareDatabase(
  ownerUrl: string,
  { migrate, keyring, loginUrls, servingUrl, onStep }: PrepareOptions,
): Promise<LoginUrls> {
  const owner = await connectAsOwner(ownerUrl)
  try {
    if (migrate) {
      await migrateUp(owner, onStep ? { onStep } : {})
      return loginUrls ?? (await ensureLogins(owner, keyring, servingUrl))
    }
    return loginUrls ?? (await requireLogins(owner, keyring, servingUrl))
  } finally {
    await owner.end()
  }
}

async function requireLogins(owner: Owner, keyring: Keyring, servingUrl: string | undefined): Promise<LoginUrls> {
  const urls = await readLogins(owner, keyring, servingUrl)
  if (!urls)
    throw new SetupError('This database has not been migrated for Keyloft.', 'Run: keyloft migrate up (or start with KEYLOFT_MIGRATE=1).')
  return urls
}

/** Before the first request: what keeps this program from serving, in words that say what to do. @throws SetupError */
export async function requireServable(database: Pick<Database, 'migrations'>, logins: LoginUrls) {
  const report = await database.migrations().catch((error: Error) => {
    const sqlstate = sqlstateOf(error.cause)
    if (sqlstate && unmigrated.has(sqlstate))
      throw new SetupError('This database has not been migrated for Keyloft.', 'Run: keyloft migrate up', error)
    if (sqlstate === '28P01' || sqlstate === '28000') {
      const { username } = new URL(logins.keyloft_service)
      throw new SetupError(
        `The database refuses the login ${username}.`,
        'Run: keyloft migrate up, which sets the passwords again; or correct DATABASE_SERVICE_URL.',
        error,
      )
    }
    throw (error as AppError).status === 503 ? unreachable(logins.keyloft_service, error.cause) : error
  })
  requireMigrated(report)
}

/** The function that is asked, its schema or its tables are not there. */
const unmigrated = new Set(['42883', '3F000', '42P01'])

/** @throws SetupError where this program must not serve on what is there */
export function requireMigrated(report: readonly MigrationReport[]) {
  const pending = report.filter(({ state }) => state === 'pending')
  if (pending.length > 0)
    throw new SetupError(
      `The database lacks ${pending.length} migration${pending.length === 1 ? '' : 's'}.`,
      'Run: keyloft migrate up (or start with KEYLOFT_MIGRATE=1).',
    )
  const breaking = report.filter(({ state, breaking }) => state === 'unknown' && breaking)
  if (breaking.length > 0)
    throw new SetupError('The database was migrated by a newer Keyloft that this one must not run beside.', 'Start the newer version.')
}

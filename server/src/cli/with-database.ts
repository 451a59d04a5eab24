import { createDatabase, type Database } from '../platform/database/database.ts'
import { ensureLogins, type LoginUrls } from '../platform/database/logins.ts'
import { migrationStatus } from '../platform/database/migrator.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import type { Keyring } from '../platform/sealing/keyring.ts'
import { type OwnerContext, withOwner } from './with-owner.ts'

interface DatabaseContext extends OwnerContext {
  keyring: Keyring
  logins: LoginUrls
  /** As the server has it, so that a command can do no more than a request of service_role. */
  database: Database
}

/** Lends a command a migrated database over the three logins, beside the owner's connection. */
export async function withDatabase<T>(command: string, work: (context: DatabaseContext) => Promise<T>): Promise<T> {
  return withOwner(command, { needsRootKeys: true }, async ({ owner, config, keyring }) => {
    if ((await migrationStatus(owner)).some(({ state }) => state === 'pending'))
      throw new SetupError('The database is not migrated.', 'Run: keyloft migrate up')
    if (!keyring) throw new SetupError('This needs the root keys.', 'Set KEYLOFT_ROOT_KEYS.')
    const given = config.database.kind === 'external' ? config.database.loginUrls : undefined
    const logins = given ?? (await ensureLogins(owner, keyring))
    const database = createDatabase(logins, { poolSize: 2, onError: () => {} })
    try {
      return await work({ owner, config, keyring, logins, database })
    } finally {
      await database.end()
    }
  })
}

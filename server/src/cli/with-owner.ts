import { type Config, readConfig } from '../config.ts'
import { connectAsOwner, type Owner } from '../platform/database/owner.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import { locateOwnDatabase, type OwnDatabase, openOwnDatabase } from '../platform/embedded/own-database.ts'
import type { Keyring } from '../platform/sealing/keyring.ts'
import { projectFolder } from './project-folder.ts'

export interface OwnerContext {
  owner: Owner
  config: Config
  /** Absent where a database of one's own is used and the command was run without the keys. */
  keyring: Keyring | undefined
}

/** Lends a command the owner's connection: of the running server's database, or of one started for this command alone. */
export async function withOwner<T>(
  command: string,
  options: { needsRootKeys: boolean },
  work: (context: OwnerContext) => Promise<T>,
): Promise<T> {
  const config = readConfig(projectFolder(), options)
  if (config.database.kind === 'external') {
    const { ownerUrl, directUrl } = config.database
    if (ownerUrl === undefined)
      throw new SetupError("This command needs the database's owner.", 'Set DATABASE_URL for it; the three logins are not enough.')
    return lend(directUrl ?? ownerUrl, config, config.keyring, work)
  }
  const brokenOff = new AbortController()
  let database: OwnDatabase | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      brokenOff.abort(new SetupError('Broken off; what was not committed is rolled back.'))
      void database?.stop().finally(() => process.exit(1)) // no database is left running behind a command
    })
  }
  database = await openOwnDatabase(locateOwnDatabase(config.dataDir), {
    keyring: config.keyring,
    holder: `keyloft ${command} (pid ${process.pid})`,
    whenRunning: 'visit',
    signal: brokenOff.signal,
  })
  try {
    return await lend(database.url, config, database.keyring, work)
  } finally {
    await database.stop()
  }
}

async function lend<T>(url: string, config: Config, keyring: Keyring | undefined, work: (context: OwnerContext) => Promise<T>): Promise<T> {
  const owner = await connectAsOwner(url)
  try {
    return await work({ owner, config, keyring })
  } finally {
    await owner.end()
  }
}

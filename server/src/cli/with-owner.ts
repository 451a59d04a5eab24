import { type Config, readConfig } from '../config.ts'
import { openDataDirectory, readOrMakeSecret } from '../platform/database/data-directory.ts'
import { serverUser } from '../platform/database/embedded-binaries.ts'
import { startEmbedded } from '../platform/database/embedded-server.ts'
import { connectAsOwner, type Owner } from '../platform/database/owner.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import { generateRootKeys, type Keyring, parseKeyring } from '../platform/sealing/keyring.ts'
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
  const user = serverUser()
  const directory = openDataDirectory(config.dataDir, user)
  const keyring = config.keyring ?? parseKeyring(readOrMakeSecret(directory.rootKeys, generateRootKeys).value)
  const server = await startEmbedded({ directory, user, holder: `keyloft ${command} (pid ${process.pid})`, whenRunning: 'visit' })
  try {
    return await lend(server.url, config, keyring, work)
  } finally {
    await server.stop()
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

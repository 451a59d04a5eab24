import { existsSync, statSync } from 'node:fs'
import { SetupError } from '../database/setup-error.ts'
import { generateRootKeys, type Keyring, parseKeyring } from '../sealing/keyring.ts'
import {
  type DataDirectory,
  type DataDirectoryRequest,
  keepSecret,
  locateDataDirectory,
  makeDataDirectory,
  readSecret,
} from './data-directory.ts'
import { type ServerUser, serverUser } from './embedded-binaries.ts'
import { type EmbeddedOptions, startEmbedded } from './embedded-server.ts'
import { checkVersion } from './make-cluster.ts'
import { enterRunFile } from './run-file.ts'

/** The embedded database together with what belongs to it on disk: its folder, the root keys and run.json. */
export interface OwnDatabase {
  readonly url: string
  readonly keyring: Keyring
  /** The file that the keyring came from; undefined where it was given. */
  readonly rootKeysFile: string | undefined
  stop(withinMs?: number): Promise<void>
}

export interface OwnPlace {
  readonly directory: DataDirectory
  readonly user: ServerUser | undefined
}

export interface OwnDatabaseOptions extends Omit<EmbeddedOptions, 'directory' | 'user' | 'onMade'> {
  /** Where it is given, the folder's own file is neither made nor read. */
  keyring: Keyring | undefined
  /** Where the server listens that this database is for; commands have none. */
  servesAt?: string
}

/** Where the data lies or would lie, and as whom the database runs there. Touches nothing. */
export function locateOwnDatabase(dataDir: DataDirectoryRequest): OwnPlace {
  const user = serverUser()
  const directory = locateDataDirectory(dataDir, user)
  return { directory, user: user && (ownerOf(directory.cluster) ?? user) }
}

/** What another user's database was made as, it keeps running as: root may have been an ordinary user before. */
function ownerOf(cluster: string): ServerUser | undefined {
  const found = statSync(cluster, { throwIfNoEntry: false })
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined
}

/** Opens it, and makes it where there is none yet. What a failed attempt made is gone again. */
export async function openOwnDatabase({ directory, user }: OwnPlace, options: OwnDatabaseOptions): Promise<OwnDatabase> {
  const { keyring: given, servesAt, ...rest } = options
  const undo = [makeDataDirectory(directory, user)]
  const leave = () => {
    for (const step of undo.splice(0).reverse()) step()
  }
  try {
    const entry = servesAt === undefined ? undefined : enterRunFile(directory.runFile, directory.path, servesAt)
    if (entry) undo.push(entry.leave)
    if (existsSync(directory.cluster)) {
      checkVersion(directory)
      if (!given) readRootKeys(directory.rootKeys)
    }
    const onMade = () => {
      if (!given) keepSecret(directory.rootKeys, generateRootKeys())
    }
    const server = await startEmbedded({ ...rest, directory, user, onMade })
    entry?.confirm()
    return {
      url: server.url,
      keyring: given ?? readRootKeys(directory.rootKeys),
      rootKeysFile: given ? undefined : directory.rootKeys,
      stop: async (withinMs) => {
        await server.stop(withinMs)
        leave()
      },
    }
  } catch (error) {
    leave()
    throw error
  }
}

function readRootKeys(path: string): Keyring {
  const text = readSecret(path)
  if (text === undefined)
    throw new SetupError(
      `The root key file ${path} is missing, and the database beside it holds values that only its keys open.`,
      'Put back the file, or set KEYLOFT_ROOT_KEYS to the keys this database was made with.',
    )
  try {
    return parseKeyring(text)
  } catch (cause) {
    throw new SetupError(
      `The root key file ${path} ${(cause as Error).message}.`,
      'Put back the file as it was made; without it sealed values stay closed.',
      cause,
    )
  }
}

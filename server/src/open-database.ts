import type { Config } from './config.ts'
import { prepareDatabase } from './platform/database/database.ts'
import type { LoginUrls } from './platform/database/logins.ts'
import type { DataDirectory } from './platform/embedded/data-directory.ts'
import { type OwnDatabaseOptions, type OwnPlace, openOwnDatabase } from './platform/embedded/own-database.ts'
import type { Keyring } from './platform/sealing/keyring.ts'

/** A database that is up, and how this process gets in. */
export interface OpenedDatabase {
  readonly logins: LoginUrls
  readonly keyring: Keyring
  /** Past any transaction pooler. */
  readonly directUrl: string | undefined
  /** In words, for a person. */
  readonly described: string
  readonly rootKeys: string
  readonly directory: DataDirectory | undefined
  stop(withinMs?: number): Promise<void>
}

const theEnvironment = 'the environment'

/** The embedded one: started or visited, and migrated where this process is the server. */
export async function openOwn(
  place: OwnPlace,
  { onMigration, ...options }: OwnDatabaseOptions & { onMigration?: (name: string) => void },
): Promise<OpenedDatabase> {
  const own = await openOwnDatabase(place, options)
  try {
    const migrate = options.whenRunning === 'refuse'
    const logins = await prepareDatabase(own.url, {
      migrate,
      keyring: own.keyring,
      loginUrls: undefined,
      ...(onMigration ? { onStep: onMigration } : {}),
    })
    return {
      logins,
      keyring: own.keyring,
      directUrl: undefined,
      described: 'embedded PostgreSQL 18',
      rootKeys: own.rootKeysFile ?? theEnvironment,
      directory: place.directory,
      stop: (withinMs) => own.stop(withinMs),
    }
  } catch (error) {
    await own.stop()
    throw error
  }
}

/** The one that DATABASE_URL names, or the three logins' addresses alone. */
export async function openGiven(
  config: Config,
  { migrate, onMigration }: { migrate: boolean; onMigration?: (name: string) => void },
): Promise<OpenedDatabase> {
  const { database, keyring } = config
  if (database.kind !== 'external' || !keyring) throw new Error('no database is configured')
  const { ownerUrl, directUrl, loginUrls } = database
  const logins =
    ownerUrl === undefined
      ? loginUrls
      : await prepareDatabase(directUrl ?? ownerUrl, {
          migrate,
          keyring,
          loginUrls,
          servingUrl: ownerUrl,
          ...(onMigration ? { onStep: onMigration } : {}),
        })
  if (!logins) throw new Error('no login is configured')
  const { hostname, port, pathname } = new URL(logins.keyloft_service)
  return {
    logins,
    keyring,
    directUrl,
    described: `PostgreSQL at ${hostname}:${port || 5432}${pathname}`,
    rootKeys: theEnvironment,
    directory: undefined,
    stop: async () => {},
  }
}

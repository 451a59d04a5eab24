import { rmSync, writeFileSync } from 'node:fs'
import pino, { type Logger } from 'pino'
import { AppError } from './base/errors.ts'
import type { Config } from './config.ts'
import { type DataDirectory, openDataDirectory, readOrMakeSecret } from './platform/database/data-directory.ts'
import { createDatabase, type Database, prepareDatabase, requireMigrated } from './platform/database/database.ts'
import { serverUser } from './platform/database/embedded-binaries.ts'
import { serverHolder, startEmbedded } from './platform/database/embedded-server.ts'
import type { LoginUrls } from './platform/database/logins.ts'
import { SetupError } from './platform/database/setup-error.ts'
import { createHttp } from './platform/http/http.ts'
import { generateRootKeys, type Keyring, parseKeyring } from './platform/sealing/keyring.ts'

export interface Keyloft {
  url: string
  /** What a person wants to know at start, in words. */
  database: string
  dataDirectory: DataDirectory | undefined
  rootKeys: string
  stop(): Promise<void>
}

const drainTimeoutMs = 4_000

/** Builds everything once. What was begun is undone in reverse order, whether by `stop` or by a failure on the way. */
export async function startKeyloft(config: Config, onProgress: (message: string) => void = () => {}): Promise<Keyloft> {
  const releasers: (() => Promise<unknown> | unknown)[] = []
  const stop = async () => {
    for (const release of releasers.splice(0).reverse()) await release()
  }
  try {
    return { ...(await build(config, onProgress, (release) => releasers.push(release))), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function build(
  config: Config,
  onProgress: (message: string) => void,
  onStop: (release: () => Promise<unknown> | unknown) => void,
): Promise<Omit<Keyloft, 'stop'>> {
  const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2))
  let database: Database | undefined

  const app = createHttp({ log: log.child({}, { level: quieter(config.logLevel) }), readiness: () => readiness(database) })
  onStop(async () => {
    const timer = setTimeout(() => app.server.closeAllConnections(), drainTimeoutMs)
    await app.close()
    clearTimeout(timer)
  })
  const embedded = config.database.kind === 'embedded' ? openEmbedded(config) : undefined
  const url = await listen(app, config.http)

  const { logins, described } = embedded
    ? await startOwnDatabase(embedded, log, onProgress, onStop)
    : await openGivenDatabase(config, onProgress)
  const opened = createDatabase(logins, {
    poolSize: config.poolSize,
    onError: (error) => log.warn({ reason: error.message }, 'a database connection broke'),
  })
  onStop(() => opened.end())
  requireMigrated(await opened.migrations())
  database = opened

  if (embedded) {
    const { runFile } = embedded.directory
    writeFileSync(runFile, `${JSON.stringify({ pid: process.pid, url })}\n`, { mode: 0o600 })
    onStop(() => rmSync(runFile, { force: true }))
  }
  return { url, database: described, dataDirectory: embedded?.directory, rootKeys: embedded?.rootKeys ?? 'the environment' }
}

interface Embedded {
  directory: DataDirectory
  keyring: Keyring
  rootKeys: string
}

function openEmbedded(config: Config): Embedded {
  const directory = openDataDirectory(config.dataDir, serverUser())
  if (config.keyring) return { directory, keyring: config.keyring, rootKeys: 'the environment' }
  const { value } = readOrMakeSecret(directory.rootKeys, generateRootKeys)
  try {
    return { directory, keyring: parseKeyring(value), rootKeys: directory.rootKeys }
  } catch (cause) {
    throw new SetupError(
      `The root key file ${directory.rootKeys} ${(cause as Error).message}.`,
      'Put back the file as it was made; without it sealed values stay closed.',
      cause,
    )
  }
}

async function startOwnDatabase(
  { directory, keyring }: Embedded,
  log: Logger,
  onProgress: (message: string) => void,
  onStop: (release: () => Promise<unknown>) => void,
) {
  onProgress('Starting the database')
  const server = await startEmbedded({
    directory,
    user: serverUser(),
    holder: `${serverHolder} (pid ${process.pid})`,
    whenRunning: 'refuse',
    onEvent: (message) => log.warn(message),
  })
  onStop(() => server.stop())
  const logins = await prepareDatabase(server.url, {
    migrate: true,
    keyring,
    loginUrls: undefined,
    onStep: (name) => onProgress(`Migrating: ${name}`),
  })
  return { logins, described: 'embedded PostgreSQL 18' }
}

async function openGivenDatabase(config: Config, onProgress: (message: string) => void): Promise<{ logins: LoginUrls; described: string }> {
  const { database, keyring } = config
  if (database.kind !== 'external' || !keyring) throw new Error('no database is configured')
  const { ownerUrl, directUrl, loginUrls, migrateAtStart } = database
  const logins =
    ownerUrl === undefined
      ? loginUrls
      : await prepareDatabase(directUrl ?? ownerUrl, {
          migrate: migrateAtStart,
          keyring,
          loginUrls,
          servingUrl: ownerUrl,
          onStep: (name) => onProgress(`Migrating: ${name}`),
        })
  if (!logins) throw new Error('no login is configured')
  const { hostname, port, pathname } = new URL(logins.keyloft_service)
  return { logins, described: `PostgreSQL at ${hostname}:${port || 5432}${pathname}` }
}

async function listen(app: ReturnType<typeof createHttp>, { host, port }: Config['http']): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new SetupError(`Port ${port} on ${host} is in use.`, `Set PORT to another one, such as PORT=${port + 1}.`, error)
    if (code === 'EACCES')
      throw new SetupError(`Port ${port} on ${host} may not be opened by this user.`, 'Set PORT to one above 1023.', error)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new SetupError(`${host} is not an address of this machine.`, 'Set HOST to one of its own, such as 127.0.0.1 or 0.0.0.0.', error)
    throw error
  }
}

async function readiness(database: Database | undefined) {
  if (!database) return { code: 'server.starting', message: 'Keyloft is starting.' }
  try {
    requireMigrated(await database.migrations())
    return undefined
  } catch (error) {
    if (error instanceof SetupError) return { code: 'server.not_migrated', message: error.message }
    if (error instanceof AppError) return { code: error.code, message: error.message }
    throw error
  }
}

/** Fastify speaks of every start and stop at info; ours says that once, in its own words. */
function quieter(level: string): string {
  return level === 'info' ? 'warn' : level
}

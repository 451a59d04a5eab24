import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import pino, { type Logger } from 'pino'
import { AppError } from './base/errors.ts'
import type { Config } from './config.ts'
import type { DataDirectory } from './platform/database/data-directory.ts'
import { createDatabase, type Database, prepareDatabase, requireMigrated } from './platform/database/database.ts'
import { serverHolder } from './platform/database/embedded-server.ts'
import { databaseErrors } from './platform/database/errors.ts'
import type { LoginUrls } from './platform/database/logins.ts'
import { locateOwnDatabase, type OwnPlace, openOwnDatabase } from './platform/database/own-database.ts'
import { refuseIfRunning } from './platform/database/run-file.ts'
import { SetupError } from './platform/database/setup-error.ts'
import { createHttp, type Readiness } from './platform/http/http.ts'

export interface Keyloft {
  url: string
  /** What a person wants to know at start, in words. */
  database: string
  dataDirectory: DataDirectory | undefined
  rootKeys: string
  stop(): Promise<void>
}

export interface StartOptions {
  onProgress?: (message: string) => void
  /** Gives up starting. */
  signal?: AbortSignal
}

// A stop may take ten seconds. What the requests do not need of them is the database's.
const stopTimeoutMs = 9_000
const drainTimeoutMs = 5_000
const disconnectTimeoutMs = 500
const readinessTimeoutMs = 3_000

type Release = (withinMs: number) => Promise<unknown>
type OnStop = (release: Release) => void

/** Builds everything once. What was begun is undone in reverse order, whether by `stop` or by a failure on the way. */
export async function startKeyloft(config: Config, { onProgress = () => {}, signal }: StartOptions = {}): Promise<Keyloft> {
  const log = createLog(config.logLevel)
  let database: Database | undefined
  const app = createHttp({ log: log.child({}, { level: quieter(config.logLevel) }), readiness: createReadiness(() => database) })
  const releasers: Release[] = []
  const stop = async () => {
    const deadline = Date.now() + stopTimeoutMs
    await drain(app) // before all else: what is in flight still needs the database
    for (const release of releasers.splice(0).reverse()) {
      await release(deadline - Date.now()).catch((error) => log.error({ reason: (error as Error).message }, 'a part did not stop cleanly'))
    }
  }
  try {
    const own = config.database.kind === 'embedded' ? locateOwnDatabase(config.dataDir) : undefined
    if (own) refuseIfRunning(own.directory.runFile, own.directory.path)
    const url = await listen(app, config.http, own) // before anything is made on disk
    const opened = own
      ? await openOwn(own, config, url, { log, onProgress, signal, onStop: (release) => releasers.push(release) })
      : await openGiven(config, onProgress)
    signal?.throwIfAborted()
    const serving = createDatabase(opened.logins, {
      poolSize: config.poolSize,
      onError: (error) => log.warn({ reason: error.message }, 'a database connection broke'),
    })
    releasers.push(() => Promise.race([serving.end(), sleep(disconnectTimeoutMs)]))
    requireMigrated(await serving.migrations())
    signal?.throwIfAborted()
    database = serving
    return { url, database: opened.described, dataDirectory: own?.directory, rootKeys: opened.rootKeys, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Opened {
  logins: LoginUrls
  /** In words, for a person. */
  described: string
  rootKeys: string
}

async function openOwn(
  place: OwnPlace,
  config: Config,
  url: string,
  options: { log: Logger; onProgress: (message: string) => void; signal: AbortSignal | undefined; onStop: OnStop },
): Promise<Opened> {
  const { log, onProgress, signal, onStop } = options
  onProgress('Starting the database')
  const own = await openOwnDatabase(place, {
    keyring: config.keyring,
    servesAt: url,
    holder: `${serverHolder} (pid ${process.pid})`,
    whenRunning: 'refuse',
    onEvent: (message) => log.warn(message),
    ...(signal ? { signal } : {}),
  })
  onStop((withinMs) => own.stop(withinMs))
  const logins = await prepareDatabase(own.url, {
    migrate: true,
    keyring: own.keyring,
    loginUrls: undefined,
    onStep: (name) => onProgress(`Migrating: ${name}`),
  })
  return { logins, described: 'embedded PostgreSQL 18', rootKeys: own.rootKeysFile ?? theEnvironment }
}

const theEnvironment = 'the environment'

async function openGiven(config: Config, onProgress: (message: string) => void): Promise<Opened> {
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
  return { logins, described: `PostgreSQL at ${hostname}:${port || 5432}${pathname}`, rootKeys: theEnvironment }
}

async function listen(app: FastifyInstance, { host, port }: Config['http'], own: OwnPlace | undefined): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      if (own) refuseIfRunning(own.directory.runFile, own.directory.path) // it may have begun a moment ago
      throw new SetupError(`Port ${port} on ${host} is in use.`, `Set PORT to another one, such as PORT=${port + 1}.`, error)
    }
    if (code === 'EACCES')
      throw new SetupError(`Port ${port} on ${host} may not be opened by this user.`, 'Set PORT to one above 1023.', error)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new SetupError(`${host} is not an address of this machine.`, 'Set HOST to one of its own, such as 127.0.0.1 or 0.0.0.0.', error)
    throw error
  }
}

/** Lets what is in flight finish, for as long as there is time. A connection that has nothing more to do is closed. */
async function drain(app: FastifyInstance) {
  const sweep = setInterval(() => app.server.closeIdleConnections(), 50)
  const end = setTimeout(() => app.server.closeAllConnections(), drainTimeoutMs)
  await app.close()
  clearInterval(sweep)
  clearTimeout(end)
}

/** One question at a time, however many ask for it. A database that does not answer in time counts as away. */
function createReadiness(database: () => Database | undefined): Readiness {
  let asked: ReturnType<Readiness> | undefined
  return () => {
    const late = sleep(readinessTimeoutMs, toFault(databaseErrors.unavailable()), { ref: false })
    asked ??= Promise.race([ask(database()), late]).finally(() => {
      asked = undefined
    })
    return asked
  }
}

async function ask(database: Database | undefined): ReturnType<Readiness> {
  if (!database) return { code: 'server.starting', message: 'Keyloft is starting.' }
  try {
    requireMigrated(await database.migrations())
    return undefined
  } catch (error) {
    if (error instanceof SetupError) return { code: 'server.not_migrated', message: error.message }
    if (error instanceof AppError) return toFault(error)
    throw error
  }
}

function toFault({ code, message }: AppError) {
  return { code, message }
}

function createLog(level: Config['logLevel']): Logger {
  const destination = pino.destination(2)
  destination.on('error', () => {}) // the terminal it wrote to may be closed; that must not end the process
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}

/** Fastify speaks of every start and stop at info; ours says that once, in its own words. */
function quieter(level: string): string {
  return level === 'info' ? 'warn' : level
}

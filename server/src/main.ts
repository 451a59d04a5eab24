import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { createApp } from './app.ts'
import type { Config } from './config.ts'
import { makePartitions } from './domains/ledger/jobs.ts'
import { createLedger } from './domains/ledger/ledger.ts'
import { loadShippedModels } from './domains/models/models.ts'
import { startJobs } from './jobs.ts'
import { type OpenedDatabase, openGiven, openOwn } from './open-database.ts'
import { openOutgoing } from './outgoing.ts'
import { createDatabase, requireServable } from './platform/database/database.ts'
import { directUrlOf } from './platform/database/direct-url.ts'
import { SetupError } from './platform/database/setup-error.ts'
import { serverHolder } from './platform/embedded/embedded-server.ts'
import { locateOwnDatabase, type OwnPlace } from './platform/embedded/own-database.ts'
import { refuseIfRunning } from './platform/embedded/run-file.ts'
import type { Route } from './platform/http/define-route.ts'
import { type FrontDoor, openFrontDoor } from './platform/http/front-door.ts'
import { createSignals } from './platform/signals/signals.ts'
import { createLog } from './platform/telemetry/log.ts'
import { createMetrics } from './platform/telemetry/metrics.ts'

export interface Keyloft extends Pick<OpenedDatabase, 'directory' | 'rootKeys'> {
  url: string
  /** What a person wants to know at start, in words. */
  database: string
  stop(): Promise<void>
}

export interface StartOptions {
  onProgress?: (message: string) => void
  /** Gives up starting. */
  signal?: AbortSignal
  /** Beside ours: a test's own. */
  moreRoutes?: readonly Route[]
}

// A stop may take ten seconds. What the requests do not need of them is the database's.
const stopTimeoutMs = 9_000
const drainTimeoutMs = 5_000
const jobsTimeoutMs = 1_000
const ledgerTimeoutMs = 1_000
const disconnectTimeoutMs = 500

type Release = (withinMs: number) => Promise<unknown>
type OnStop = (release: Release) => void

/** Builds everything once. What was begun is undone in reverse order, whether by `stop` or by a failure on the way. */
export async function startKeyloft(
  config: Config,
  { onProgress = () => {}, signal, moreRoutes = [] }: StartOptions = {},
): Promise<Keyloft> {
  const log = createLog(config.logLevel)
  const releasers: Release[] = []
  const onStop: OnStop = (release) => void releasers.push(release)
  const stop = async () => {
    const deadline = Date.now() + stopTimeoutMs
    for (const release of releasers.splice(0).reverse()) {
      await release(deadline - Date.now()).catch((error) => log.error({ reason: (error as Error).message }, 'a part did not stop cleanly'))
    }
  }
  try {
    const own = config.database.kind === 'embedded' ? locateOwnDatabase(config.dataDir) : undefined
    if (own) refuseIfRunning(own.directory.runFile, own.directory.path)
    const door = await claimPort(config.http, own)
    onStop(() => door.close(0))
    const opened = await openDatabase(config, own, door, { log, onProgress, signal })
    onStop((withinMs) => opened.stop(withinMs))
    signal?.throwIfAborted()
    await serve({ config, opened, door, log, moreRoutes }, onStop)
    signal?.throwIfAborted()
    return { url: door.url, database: opened.described, directory: opened.directory, rootKeys: opened.rootKeys, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function claimPort({ host, port }: Config['http'], own: OwnPlace | undefined): Promise<FrontDoor> {
  try {
    return await openFrontDoor({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      if (own) refuseIfRunning(own.directory.runFile, own.directory.path) // it may have begun a moment ago
      throw new SetupError(`Port ${port} on ${host} is in use.`, `Set PORT to another one, such as PORT=${port + 1}.`, error)
    }
    if (code === 'EACCES')
      throw new SetupError(`Port ${port} on ${host} may not be opened by this user.`, 'Set PORT to one above 1023.', error)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new SetupError(`${host} is not an address of this machine.`, 'Set HOST to one of its own, such as 127.0.0.1 or 0.0.0.0.', error)
    }
    throw error
  }
}

interface OpenOptions {
  log: Logger
  onProgress: (message: string) => void
  signal: AbortSignal | undefined
}

function openDatabase(config: Config, own: OwnPlace | undefined, door: FrontDoor, { log, onProgress, signal }: OpenOptions) {
  const onMigration = (name: string) => onProgress(`Migrating: ${name}`)
  if (!own) return openGiven(config, { migrate: config.database.kind === 'external' && config.database.migrateAtStart, onMigration })
  onProgress('Starting the database')
  return openOwn(own, {
    keyring: config.keyring,
    servesAt: door.url,
    holder: `${serverHolder} (pid ${process.pid})`,
    whenRunning: 'refuse',
    onEvent: (message) => log.warn(message),
    onMigration,
    ...(signal ? { signal } : {}),
  })
}

interface Serving {
  config: Config
  opened: OpenedDatabase
  door: FrontDoor
  log: Logger
  moreRoutes: readonly Route[]
}

/** Everything that runs on the opened database, and in which order it stops: requests first, then jobs, then the rest. */
async function serve({ config, opened, door, log, moreRoutes }: Serving, onStop: OnStop) {
  const { keyring, logins, directUrl } = opened
  let ending = false
  const database = createDatabase(logins, {
    poolSize: config.poolSize,
    onError: (error) => ending || log.warn({ reason: error.message }, 'a database connection broke'),
  })
  onStop(() => {
    ending = true // the last connections may still be closing when the embedded database stops
    return Promise.race([database.end(), sleep(disconnectTimeoutMs)])
  })
  await requireServable(database, logins)
  await Promise.all([loadShippedModels(database), makePartitions(database)])
  const { egress, tracing, close } = await openOutgoing(config, log)
  onStop(close)
  const ledger = createLedger({ database, clock: Date.now })
  onStop((withinMs) => ledger.stop({ timeoutMs: Math.max(0, Math.min(withinMs, ledgerTimeoutMs)) })) // what was in flight is written by then
  const { keepUsageMonths, worksOnJobs: works } = config
  const metrics = createMetrics()
  const queue = await startJobs({ logins, directUrl, database, log, tracing, metrics, keepUsageMonths, works })
  onStop(() => queue.stop({ timeoutMs: jobsTimeoutMs }))

  const signals = createSignals({ databaseUrl: directUrlOf(logins.keyloft_auth, directUrl), clock: Date.now, log })
  onStop(() => signals.stop())
  signals.start()
  const mailFolder = opened.directory && !config.http.publicUrl?.startsWith('https:') ? join(opened.directory.path, 'mail') : undefined
  let handler: RequestListener | undefined
  const adoptServer = (made: RequestListener) => {
    handler = made
    return door.server
  }
  const app = await createApp({
    config,
    url: door.url,
    database,
    signals,
    keyring,
    egress,
    ledger,
    mailFolder,
    log,
    tracing,
    metrics,
    adoptServer,
    onStop,
    moreRoutes,
  })
  await app.ready()
  if (handler) door.serve(handler)
  // Starting leaves behind more than serving needs, in a young generation that has grown by it (decision 0009).
  if (typeof gc === 'function') gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  onStop(async () => {
    await app.close() // new requests on open connections are refused from here on
    await door.close(drainTimeoutMs) // and what is in flight still has everything it needs
  })
}

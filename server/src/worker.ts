import pino from 'pino'
import type { Config } from './config.ts'
import { startJobs } from './jobs.ts'
import { createDatabase, prepareDatabase, requireMigrated } from './platform/database/database.ts'
import { serverHolder } from './platform/database/embedded-server.ts'
import type { LoginUrls } from './platform/database/logins.ts'
import { locateOwnDatabase, openOwnDatabase } from './platform/database/own-database.ts'
import { findRunning } from './platform/database/run-file.ts'
import { SetupError } from './platform/database/setup-error.ts'

export interface Worker {
  /** The names of the jobs it does. */
  jobs: string[]
  stop(): Promise<void>
}

const stopTimeoutMs = 7_000

/** Jobs and nothing else: no HTTP, no migrations. As many of them as one likes, beside servers with KEYLOFT_WORKER=0. */
export async function startWorker(config: Config, signal?: AbortSignal): Promise<Worker> {
  const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2))
  const { logins, directUrl } = await findLogins(config, signal)
  const database = createDatabase(logins, {
    poolSize: config.poolSize,
    onError: (error) => log.warn({ reason: error.message }, 'a database connection broke'),
  })
  try {
    requireMigrated(await database.migrations())
    signal?.throwIfAborted()
    const queue = await startJobs({ logins, directUrl, pools: database.pools, log, works: true })
    return {
      jobs: queue.jobs,
      stop: async () => {
        await queue.stop({ timeoutMs: stopTimeoutMs })
        await database.end()
      },
    }
  } catch (error) {
    await database.end()
    throw error
  }
}

async function findLogins(config: Config, signal: AbortSignal | undefined): Promise<{ logins: LoginUrls; directUrl: string | undefined }> {
  const options = { migrate: false, keyring: config.keyring } as const
  if (config.database.kind === 'embedded') {
    const place = locateOwnDatabase(config.dataDir)
    // Started by a worker, the database would stop with it, and keep the server from starting.
    if (!findRunning(place.directory.runFile))
      throw new SetupError('No server runs on this data directory.', `Run: ${serverHolder} first, or set DATABASE_URL.`)
    const own = await openOwnDatabase(place, {
      keyring: config.keyring,
      holder: `keyloft worker (pid ${process.pid})`,
      whenRunning: 'visit',
      ...(signal ? { signal } : {}),
    })
    return { logins: await prepareDatabase(own.url, { ...options, keyring: own.keyring, loginUrls: undefined }), directUrl: undefined }
  }
  const { ownerUrl, directUrl, loginUrls } = config.database
  if (ownerUrl === undefined && loginUrls) return { logins: loginUrls, directUrl }
  if (ownerUrl === undefined || !options.keyring) throw new Error('no database is configured')
  const logins = await prepareDatabase(directUrl ?? ownerUrl, { ...options, keyring: options.keyring, loginUrls, servingUrl: ownerUrl })
  return { logins, directUrl }
}

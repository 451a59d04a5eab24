import type { Config } from './config.ts'
import { startJobs } from './jobs.ts'
import { type OpenedDatabase, openGiven, openOwn } from './open-database.ts'
import { openOutgoing } from './outgoing.ts'
import { createDatabase, requireServable } from './platform/database/database.ts'
import { SetupError } from './platform/database/setup-error.ts'
import { serverHolder } from './platform/embedded/embedded-server.ts'
import { locateOwnDatabase } from './platform/embedded/own-database.ts'
import { findRunning } from './platform/embedded/run-file.ts'
import { createLog } from './platform/telemetry/log.ts'

export interface Worker {
  /** The names of the jobs it does. */
  jobs: string[]
  stop(): Promise<void>
}

const stopTimeoutMs = 7_000

/** Jobs and nothing else: no HTTP, no migrations. As many of them as one likes, beside servers with KEYLOFT_WORKER=0. */
export async function startWorker(config: Config, signal?: AbortSignal): Promise<Worker> {
  const log = createLog(config.logLevel)
  const { logins, directUrl } = await visitDatabase(config, signal)
  const database = createDatabase(logins, {
    poolSize: config.poolSize,
    onError: (error) => log.warn({ reason: error.message }, 'a database connection broke'),
  })
  const outgoing = await openOutgoing(config, log)
  const end = async () => {
    await outgoing.close()
    await database.end()
  }
  try {
    await requireServable(database, logins)
    signal?.throwIfAborted()
    const { keepUsageMonths } = config
    const queue = await startJobs({ logins, directUrl, database, log, tracing: outgoing.tracing, keepUsageMonths, works: true })
    return {
      jobs: queue.jobs,
      stop: async () => {
        await queue.stop({ timeoutMs: stopTimeoutMs })
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

function visitDatabase(config: Config, signal: AbortSignal | undefined): Promise<OpenedDatabase> {
  if (config.database.kind === 'external') return openGiven(config, { migrate: false })
  const place = locateOwnDatabase(config.dataDir)
  // Started by a worker, the database would stop with it, and keep the server from starting.
  if (!findRunning(place.directory.runFile))
    throw new SetupError('No server runs on this data directory.', `Run: ${serverHolder} first, or set DATABASE_URL.`)
  return openOwn(place, {
    keyring: config.keyring,
    holder: `keyloft worker (pid ${process.pid})`,
    whenRunning: 'visit',
    ...(signal ? { signal } : {}),
  })
}

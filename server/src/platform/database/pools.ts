import pg from 'pg'
import { openDatabaseSocket } from './database-socket.ts'
import type { LoginName, LoginUrls } from './logins.ts'
import { knowAsDatabase } from './sql-errors.ts'

export interface PoolOptions {
  size: number
  onError: (error: Error) => void
  /** How long any of them waits for an answer, in place of what fits each login. */
  answerTimeoutMs?: number | undefined
}

export interface Pools {
  user: pg.Pool
  service: pg.Pool
  auth: pg.Pool
  end(): Promise<void>
}

/**
 * A connection that was cut without a word (a firewall, a failover) answers never. Idle, it is found out by TCP within
 * half a minute; in use, a flight without an answer ends it. The server's own statement_timeout (30 s, 60 s) must
 * always be the first to act, because that keeps the connection.
 */
const keepAliveDelayMs = 10_000
const answerTimeoutMs: Record<LoginName, number> = { keyloft_user: 45_000, keyloft_service: 90_000, keyloft_auth: 90_000 }

/** One pool per login. None dials before its first query, and each dials again after the database was away. */
export function createPools(urls: LoginUrls, options: PoolOptions): Pools {
  const poolFor = (login: LoginName) => {
    const pool = new pg.Pool({
      connectionString: urls[login],
      stream: openDatabaseSocket,
      max: options.size,
      pipeline: true,
      application_name: login,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveDelayMs,
      query_timeout: options.answerTimeoutMs ?? answerTimeoutMs[login],
    })
    pool.on('error', options.onError) // an idle connection broke; the pool has dropped it already
    // A connection in use that breaks fails its query and emits besides; unheard, that would end the process.
    pool.on('connect', (client) => client.on('error', knowAsDatabase))
    return pool
  }
  const user = poolFor('keyloft_user')
  const service = poolFor('keyloft_service')
  const auth = poolFor('keyloft_auth')
  return {
    user,
    service,
    auth,
    end: async () => {
      await Promise.all([user.end(), service.end(), auth.end()])
    },
  }
}

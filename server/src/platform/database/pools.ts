import pg from 'pg'
import { openSocket } from '../egress/known-sockets.ts'
import type { LoginName, LoginUrls } from './logins.ts'

export interface Pools {
  user: pg.Pool
  service: pg.Pool
  auth: pg.Pool
  end(): Promise<void>
}

/** One pool per login. None dials before its first query, and each dials again after the database was away. */
export function createPools(urls: LoginUrls, options: { size: number; onError: (error: Error) => void }): Pools {
  const poolFor = (login: LoginName) => {
    const pool = new pg.Pool({
      connectionString: urls[login],
      stream: openSocket,
      max: options.size,
      pipeline: true,
      application_name: login,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
    })
    pool.on('error', options.onError) // an idle connection broke; the pool has dropped it already
    // A connection in use that breaks fails its query and emits besides; unheard, that would end the process.
    pool.on('connect', (client) => client.on('error', () => {}))
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

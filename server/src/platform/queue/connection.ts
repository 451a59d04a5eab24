import pg from 'pg'
import type { Db } from 'pg-boss'
import type { Logger } from 'pino'
import { AppError } from '../../base/errors.ts'
import { translateSqlError } from '../database/sql-errors.ts'
import { openSocket } from '../egress/known-sockets.ts'

export type QueueLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

export interface QueueConnection extends Db {
  /** For our own statements; what it throws is one of our errors. */
  // biome-ignore lint/suspicious/noExplicitAny: each statement knows its columns
  query<R = any>(text: string, values?: unknown[]): Promise<R[]>
  readonly isAway: boolean
  end(): Promise<void>
}

const connections = 4
const connectTimeoutMs = 5_000
/** A connection that a firewall has forgotten answers never; a job's heartbeat must not wait for that. */
const queryTimeoutMs = 30_000
const disconnectTimeoutMs = 1_000

/**
 * The queue's own few connections, so that jobs and requests never wait for each other. pg-boss's pool would do but
 * for two things: a connection that breaks in use would end the process, and every loop would log the same outage.
 */
export function connectQueue(databaseUrl: string, log: QueueLog): QueueConnection {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    stream: openSocket,
    max: connections,
    application_name: 'keyloft queue',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  })
  pool.on('error', () => {}) // an idle connection broke; the pool has dropped it already
  pool.on('connect', (client) => client.on('error', () => {}))
  let away = false

  const notice = (isAway: boolean) => {
    if (isAway === away) return
    away = isAway
    if (away) log.warn('the job queue has lost its database; jobs wait')
    else log.info('the job queue has its database again')
  }
  const executeSql = async (text: string, values?: unknown[]) => {
    try {
      const result = await pool.query(text, values)
      notice(false)
      return result
    } catch (error) {
      notice(isUnavailable(translateSqlError(error)))
      throw error
    }
  }
  return {
    executeSql,
    query: async (text, values) => {
      try {
        return (await executeSql(text, values)).rows
      } catch (error) {
        throw translateSqlError(error)
      }
    },
    get isAway() {
      return away
    },
    end: async () => {
      const late = new Promise((resolve) => setTimeout(resolve, disconnectTimeoutMs).unref())
      await Promise.race([pool.end(), late])
    },
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'database.unavailable'
}

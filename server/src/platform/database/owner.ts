import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { openSocket } from '../egress/known-sockets.ts'
import { SetupError } from './setup-error.ts'

/** The connecting user's one connection: for migrations and for reading the logins. Let go before the server serves. */
export interface Owner {
  // biome-ignore lint/suspicious/noExplicitAny: migrations run before the tables exist that would type it
  readonly db: Kysely<any>
  readonly url: string
  readonly serverVersion: number
  end(): Promise<void>
}

const oldestServer = 150_000
const newestServer = 189_999

/** @throws SetupError when nobody answers, the login is refused or the version is not one of 15 to 18 */
export async function connectAsOwner(url: string): Promise<Owner> {
  const pool = new pg.Pool({
    connectionString: url,
    stream: openSocket,
    max: 1,
    connectionTimeoutMillis: 5_000,
    application_name: 'keyloft owner',
  })
  pool.on('error', () => {}) // the next query reports it
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    const { rows } = await sql<{ version: number }>`select current_setting('server_version_num')::int as version`.execute(db)
    const serverVersion = rows[0]?.version ?? 0
    if (serverVersion < oldestServer || serverVersion > newestServer) {
      throw new SetupError(
        `This is PostgreSQL ${Math.floor(serverVersion / 10_000)}; Keyloft runs on 15 to 18.`,
        'Point DATABASE_URL at another server, or unset it to use the embedded one.',
      )
    }
    return { db, url, serverVersion, end: () => db.destroy() }
  } catch (error) {
    await db.destroy()
    throw error instanceof SetupError ? error : unreachable(url, error)
  }
}

/** Says where it was tried, without the password. */
export function unreachable(url: string, error: unknown): SetupError {
  const { hostname, port, pathname, username } = new URL(url)
  const { code, message } = error as { code?: string; message?: string }
  const place = `${hostname}:${port || 5432}${pathname}`
  if (code === '28P01' || code === '28000')
    return new SetupError(`The database at ${place} refuses the login ${username}.`, 'Check user and password in its address.', error)
  if (code === '3D000') return new SetupError(`There is no database at ${place}.`, 'Create it, or correct the name in its address.', error)
  return new SetupError(
    `The database at ${place} cannot be reached (${code ?? message}).`,
    'Check that it runs, and host and port in its address.',
    error,
  )
}

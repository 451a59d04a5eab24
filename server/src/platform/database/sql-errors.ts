import pg from 'pg'
import { AppError, type ErrorDetail } from '../../base/errors.ts'
import { databaseErrors } from './errors.ts'

type Make = (detail?: ErrorDetail) => AppError

/** SQLSTATE (whole, or its class of two) → our error. The first that fits wins. */
const table: readonly [string, Make][] = [
  ['42501', databaseErrors.forbidden],
  ['23505', databaseErrors.conflict],
  ['23', databaseErrors.invalid],
  ['22', databaseErrors.invalid],
  ['40', databaseErrors.busy],
  ['55P03', databaseErrors.busy],
  ['57014', databaseErrors.busy], // statement_timeout
  ['25P03', databaseErrors.busy], // idle_in_transaction_session_timeout
  ['08', databaseErrors.unavailable],
  ['57P', databaseErrors.unavailable], // shutting down, starting up
  ['53', databaseErrors.unavailable], // too many connections, a full disk
  ['28', databaseErrors.unavailable], // a login was refused: the operator's to mend, not the caller's
  ['3D000', databaseErrors.unavailable],
  // Raised by functions of ours, with a sentence and a hint for the caller.
  ['KL0', databaseErrors.refused],
  ['KL1', databaseErrors.limit_reached],
]

/** What a socket or the pool says when there is nobody at the other end. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EACCES',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
/** A file that is absent or closed bears the same codes. */
const socketCalls = new Set(['connect', 'read', 'write', 'getaddrinfo'])
const connectionMessages =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client .*not queryable|Cannot use a pool after calling end)/

/** Only of what the server itself reported: EPIPE has the form of a SQLSTATE too. */
export function sqlstateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** Errors of a socket say nothing of who was at its other end. These were seen to come from the database's. */
const fromDatabase = new WeakSet<Error>()

export function knowAsDatabase(error: unknown) {
  if (error instanceof Error) fromDatabase.add(error)
}

/** Of what a call of the driver failed with. */
function isConnectionError(error: unknown): boolean {
  // The server answered; its words may quote a value that reads like one of the driver's.
  if (!(error instanceof Error) || error instanceof pg.DatabaseError) return false
  const { code, syscall, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] } // an AggregateError for a host with several addresses
  if (code !== undefined && connectionCodes.has(code) && syscall !== undefined && socketCalls.has(syscall)) return true
  if (errors?.some(isConnectionError)) return true
  return connectionMessages.test(error.message)
}

/** A statement that the connection keeps by name is gone, or was parsed before a migration changed what it gives. */
function isStaleStatement(error: pg.DatabaseError): boolean {
  return error.code === '26000' || error.routine === 'RevalidateCachedQuery'
}

function wordsOf({ message, hint }: pg.DatabaseError): ErrorDetail {
  return { message, ...(hint ? { hint } : {}) }
}

/** Whatever was thrown, by whomever: only what is known for the database's is translated. */
export function translateAnyError(error: unknown): unknown {
  const isOfDatabase =
    error instanceof pg.DatabaseError || (error instanceof Error && (fromDatabase.has(error) || connectionMessages.test(error.message)))
  return isOfDatabase ? translateSqlError(error) : error
}

/** What a call of the driver failed with, as one of ours; what is already ours, or nobody's, passes. */
export function translateSqlError(error: unknown): unknown {
  if (error instanceof AppError) return error
  if (isConnectionError(error)) return databaseErrors.unavailable({ cause: error, retryAfterSeconds: 2 })
  const sqlstate = sqlstateOf(error)
  if (sqlstate === undefined) return error
  const stale = error instanceof pg.DatabaseError && isStaleStatement(error)
  const [, make] = stale
    ? ['', databaseErrors.busy]
    : (table.find(([prefix]) => sqlstate.startsWith(prefix)) ?? ['', databaseErrors.failed])
  const detail: ErrorDetail = { cause: error, internal: `SQLSTATE ${sqlstate}` }
  if (sqlstate.startsWith('KL')) Object.assign(detail, wordsOf(error as pg.DatabaseError))
  return make({ cause: error }).status === 503 ? make({ ...detail, retryAfterSeconds: 2 }) : make(detail)
}

import {
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import pg from 'pg'
import { databaseErrors } from './errors.ts'
import type { Statement, WireValue } from './flight.ts'
import type { Tables } from './tables.ts'

/** What a transaction gives: queries, and no way to begin or end another. */
export type Tx = Omit<Kysely<Tables>, 'transaction' | 'startTransaction' | 'connection' | 'destroy' | typeof Symbol.asyncDispose>

type Run = (query: CompiledQuery) => Promise<pg.QueryResult<Record<string, unknown>>>

/** Kysely whose every query goes through `run`, in a transaction that somebody else begins and ends. */
export function bindKysely(run: Run): Kysely<Tables> {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) => {
      try {
        return toKyselyResult<R>(await run(query))
      } catch (error) {
        if (error instanceof Error) Error.captureStackTrace(error) // it came from the socket; this leads back to who asked
        throw error
      }
    },
    streamQuery: () => {
      throw new Error('streaming reads are not supported on a pipelined connection')
    },
  }
  // Made for each transaction, so only what differs is new: a dialect of its own would cost more than the query.
  const executor = new DefaultQueryExecutor(queryCompiler, adapter, { provideConnection: (consumer) => consumer(connection) })
  return new Kysely<Tables>({ config: { dialect }, dialect, driver: refusingDriver, executor })
}

async function refuseNested(): Promise<never> {
  throw databaseErrors.nested()
}

/** Transactions are begun and ended in transactions.ts alone; queries go past the driver. */
const refusingDriver: Driver = {
  init: async () => {},
  acquireConnection: refuseNested,
  beginTransaction: refuseNested,
  commitTransaction: refuseNested,
  rollbackTransaction: refuseNested,
  releaseConnection: async () => {},
  destroy: async () => {},
}
const adapter = new PostgresAdapter()
const queryCompiler = new PostgresQueryCompiler()
const dialect: Dialect = {
  createAdapter: () => adapter,
  createDriver: () => refusingDriver,
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => queryCompiler,
}

/** Compiles and never runs. */
export const compiler = bindKysely(() => Promise.reject(new Error('this Kysely only compiles')))

function toKyselyResult<R>({ command, rowCount, rows }: Awaited<ReturnType<Run>>): QueryResult<R> {
  if (command === 'INSERT' || command === 'UPDATE' || command === 'DELETE' || command === 'MERGE') {
    return { numAffectedRows: BigInt(rowCount ?? 0), rows: rows as R[] }
  }
  return { rows: rows as R[] }
}

/**
 * A name lets PostgreSQL keep the parsed statement. Names are given once per text and process, and only to the
 * first thousand texts: a text that varies without end would otherwise fill every connection's memory.
 */
const names = new Map<string, string>()
const mostNames = 1_000

/** pg's own way from a value to what is sent. It is asked before anything is under way, because it can throw. */
const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): WireValue } }).utils

/** @throws for a value that cannot be sent */
export function toNamed({ sql: text, parameters }: CompiledQuery): Statement {
  const values = parameters.map((value) => prepareValue(value))
  let name = names.get(text)
  if (name === undefined && names.size < mostNames) {
    name = `q${names.size}`
    names.set(text, name)
  }
  return name === undefined ? { text, values } : { text, values, name }
}

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
import type { PoolClient } from 'pg'
import { databaseErrors } from './errors.ts'
import { spoilsConnection } from './sql-errors.ts'
import type { Tables } from './tables.ts'

/** What a transaction gives: queries, and no way to begin or end another. */
export type Tx = Omit<Kysely<Tables>, 'transaction' | 'startTransaction' | 'connection' | 'destroy'>

async function refuseNested(): Promise<never> {
  throw databaseErrors.nested()
}

/** Transactions are begun and ended in transactions.ts alone. */
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

export interface BoundKysely {
  readonly tx: Kysely<Tables>
  /** From here on every query is refused: the client may be acting for somebody else already. */
  end(): void
  /** Whether a query failed in a way that makes the client unfit for another transaction. */
  readonly spoiled: boolean
}

/** Kysely for one transaction on a client, which somebody else began and will end. */
export function bindKysely(client: PoolClient): BoundKysely {
  let ended = false
  let spoiled = false
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
      if (ended) throw databaseErrors.ended()
      try {
        return toKyselyResult(await client.query(toNamed(query)))
      } catch (error) {
        spoiled ||= spoilsConnection(error)
        throw error
      }
    },
    streamQuery: () => {
      throw new Error('streaming reads are not supported on a pipelined connection')
    },
  }
  return {
    tx: kyselyOver((consumer) => consumer(connection)),
    end: () => {
      ended = true
    },
    get spoiled() {
      return spoiled
    },
  }
}

/** Compiles and never runs. */
export const compiler = kyselyOver(() => Promise.reject(new Error('this Kysely only compiles')))

type ProvideConnection = <T>(consumer: (connection: DatabaseConnection) => Promise<T>) => Promise<T>

/** Made for each transaction, so only what differs is new; a dialect of its own would cost more than the query. */
function kyselyOver(provideConnection: ProvideConnection): Kysely<Tables> {
  const executor = new DefaultQueryExecutor(queryCompiler, adapter, { provideConnection })
  return new Kysely<Tables>({ config: { dialect }, dialect, driver: refusingDriver, executor })
}

interface PgResult {
  command: string
  rowCount: number | null
  rows: unknown[]
}

function toKyselyResult<R>({ command, rowCount, rows }: PgResult): QueryResult<R> {
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

export function toNamed(query: CompiledQuery): { text: string; values: unknown[]; name?: string; queryMode: 'extended' } {
  const text = query.sql
  let name = names.get(text)
  if (name === undefined && names.size < mostNames) {
    name = `q${names.size}`
    names.set(text, name)
  }
  const values = query.parameters as unknown[]
  // Without a name and without values the driver would send a text that may hold several statements.
  return name === undefined ? { text, values, queryMode: 'extended' } : { text, values, name, queryMode: 'extended' }
}

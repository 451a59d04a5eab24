import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import type { PoolClient } from 'pg'
import { databaseErrors } from './errors.ts'
import type { Tables } from './tables.ts'

/** What a transaction gives: queries, and no way to begin or end another. */
export type Tx = Omit<Kysely<Tables>, 'transaction' | 'startTransaction' | 'connection' | 'destroy'>

const bound = new WeakMap<PoolClient, Kysely<Tables>>()

/** Kysely on one client whose transaction somebody else began and will end. Made once per client. */
export function bindKysely(client: PoolClient): Kysely<Tables> {
  let kysely = bound.get(client)
  if (!kysely) {
    kysely = kyselyOver(new BoundDriver(client))
    bound.set(client, kysely)
  }
  return kysely
}

/** Compiles and never runs. */
export const compiler = kyselyOver({
  init: async () => {},
  acquireConnection: () => Promise.reject(new Error('this Kysely only compiles')),
  beginTransaction: refuseNested,
  commitTransaction: refuseNested,
  rollbackTransaction: refuseNested,
  releaseConnection: async () => {},
  destroy: async () => {},
})

function kyselyOver(driver: Driver): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

async function refuseNested(): Promise<never> {
  throw databaseErrors.nested()
}

class BoundDriver implements Driver {
  readonly #connection: DatabaseConnection

  constructor(client: PoolClient) {
    this.#connection = {
      executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => toKyselyResult(await client.query(toNamed(query))),
      streamQuery: () => {
        throw new Error('streaming reads are not supported on a pipelined connection')
      },
    }
  }

  async init() {}
  async acquireConnection() {
    return this.#connection
  }
  beginTransaction = refuseNested
  commitTransaction = refuseNested
  rollbackTransaction = refuseNested
  async releaseConnection() {}
  async destroy() {}
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

export function toNamed(query: CompiledQuery): { text: string; values: unknown[]; name?: string } {
  const text = query.sql
  let name = names.get(text)
  if (name === undefined && names.size < mostNames) {
    name = `q${names.size}`
    names.set(text, name)
  }
  const values = query.parameters as unknown[]
  return name === undefined ? { text, values } : { text, values, name }
}

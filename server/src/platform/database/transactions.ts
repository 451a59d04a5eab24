import type { Compilable, InferResult, Kysely } from 'kysely'
import type { Pool, PoolClient, QueryResult } from 'pg'
import type { Principal, Role } from '../../base/principal.ts'
import { bindKysely, compiler, type Tx, toNamed } from './bound-kysely.ts'
import { databaseErrors } from './errors.ts'
import { spoilsConnection, translateSqlError } from './sql-errors.ts'
import type { Tables } from './tables.ts'

/**
 * The ways into the database. Each transaction acts as one role with one set of claims, both of which end with it.
 *
 * There are two pools because of what `set_config('role', …)` can undo: inside a transaction of a login that may
 * become service_role, injected SQL could become it. So requests of people run over keyloft_user, which cannot.
 */
export interface Transactions {
  /** For requests: runs `work` in one transaction in which policies see this principal alone. */
  asPrincipal<T>(principal: Principal, work: (tx: Tx) => Promise<T>): Promise<T>
  /** For requests that read with one statement: everything, commit included, travels at once. */
  readAs<Q extends Compilable<unknown>>(
    principal: Principal,
    query: (db: Pick<Kysely<Tables>, 'selectFrom' | 'with' | 'fn'>) => Q,
  ): Promise<InferResult<Q>>
  /** For our own named jobs, as service_role. */
  system<T>(job: string, work: (tx: Tx) => Promise<T>): Promise<T>
}

const enter = {
  name: 'enter',
  text: `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`,
}

export function createTransactions(pools: { user: Pool; service: Pool }): Transactions {
  const poolOf = (role: Role) => (role === 'service_role' ? pools.service : pools.user)

  return {
    asPrincipal: (principal, work) => transact(poolOf(principal.role), principal, work),

    async readAs(principal, query) {
      const compiled = toNamed(query(compiler).compile())
      const client = await connect(poolOf(principal.role))
      // One flight. A refused step aborts the transaction, so the statement behind it cannot run outside the role.
      const flight = [client.query('begin read only'), client.query(settings(principal)), client.query(compiled), client.query('commit')]
      const [, , read, commit] = await land(client, flight)
      requireCommitted(commit)
      return (read as QueryResult).rows as InferResult<ReturnType<typeof query>>
    },

    system: (job, work) => transact(pools.service, { role: 'service_role', claims: { role: 'service_role', job } }, work),
  }
}

function settings({ role, claims }: Principal) {
  return { ...enter, values: [role, JSON.stringify(claims)] }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw translateSqlError(error)
  }
}

async function transact<T>(pool: Pool, principal: Principal, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await connect(pool)
  // Sent without waiting: the first statement of `work` is already on its way behind them.
  const begun = Promise.all([client.query('begin'), client.query(settings(principal))])
  begun.catch(() => {}) // looked at below; until then it must not count as unhandled
  const bound = bindKysely(client)
  let result: T
  try {
    result = await work(bound.tx)
    bound.end()
    await begun
    if (wasEndedWithin(client)) throw databaseErrors.failed({ internal: 'a statement ended the transaction it ran in' })
  } catch (error) {
    bound.end()
    const cause = await begun.then(
      () => error,
      (refused) => refused,
    ) // a refused role explains whatever failed behind it
    await land(client, [client.query('rollback')], bound.spoiled || wasEndedWithin(client)).catch(() => {})
    throw translateSqlError(cause)
  }
  const [commit] = await land(client, [client.query('commit')], bound.spoiled)
  requireCommitted(commit)
  return result
}

/** Outside its transaction a connection has no role, and may keep for the next one what was set on it. */
function wasEndedWithin(client: PoolClient): boolean {
  return client.getTransactionStatus() === 'I'
}

/**
 * Waits for everything that is under way, gives the client back, and only then reports the first failure.
 * @param unfit for another transaction: it is closed instead
 */
async function land(client: PoolClient, flight: Promise<QueryResult>[], unfit = false): Promise<QueryResult[]> {
  try {
    const results = await Promise.all(flight)
    client.release(unfit)
    return results
  } catch (error) {
    const landed = await Promise.allSettled([...flight, client.query('rollback')])
    const spoiled = landed.some((one) => one.status === 'rejected' && spoilsConnection(one.reason))
    client.release(unfit || spoiled || landed.at(-1)?.status === 'rejected') // one that cannot even roll back is thrown away
    throw translateSqlError(error)
  }
}

/** The commit of an aborted transaction "succeeds", with another tag. */
function requireCommitted(commit: QueryResult | undefined) {
  if (commit?.command !== 'COMMIT') throw databaseErrors.not_committed({ internal: `tag ${commit?.command}` })
}

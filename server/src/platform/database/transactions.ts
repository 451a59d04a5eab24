import type { Compilable, CompiledQuery, InferResult, Kysely } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import type { Principal, Role } from '../../base/principal.ts'
import { bindKysely, compiler, type Tx, toNamed } from './bound-kysely.ts'
import { databaseErrors } from './errors.ts'
import { Flight, type Statement } from './flight.ts'
import { knowAsDatabase, translateAnyError, translateSqlError } from './sql-errors.ts'
import type { Tables } from './tables.ts'

/**
 * The ways into the database. Each transaction acts as one role with one set of claims, both of which end with it.
 *
 * There are two pools because of what `set_config('role', …)` can undo: inside a transaction of a login that may
 * become service_role, injected SQL could become it. So requests of people run over keyloft_user, which cannot.
 */
export interface Transactions {
  /** For requests: runs `work` in one transaction in which policies see this principal alone. It begins with the first statement. */
  asPrincipal<T>(principal: Principal, work: (tx: Tx) => Promise<T>): Promise<T>
  /** For requests that read with one statement: everything, commit included, travels at once. */
  readAs<Q extends Compilable<unknown>>(
    principal: Principal,
    query: (db: Pick<Kysely<Tables>, 'selectFrom' | 'with' | 'fn'>) => Q,
  ): Promise<InferResult<Q>>
  /** For our own named jobs, as service_role. `asked` is whom the audit names, where it is done for somebody's request. */
  system<T>(job: string, work: (tx: Tx) => Promise<T>, asked?: Asked): Promise<T>
  /** As `system`, for a job that is one statement of one row: everything, commit included, travels at once. */
  systemOnce(job: string, statement: Statement): Promise<Record<string, unknown>>
}

/** Who asked for what the system then does, as the audit keeps it. */
export interface Asked {
  readonly principal: Principal
  readonly requestId: string
  /** It was an operator, by a command, on this person's behalf. */
  readonly byOperator?: true
}

const begin: Statement = { name: 'begin', text: 'begin', values: [] }
const commit: Statement = { name: 'commit', text: 'commit', values: [] }

function enter({ role, claims }: Principal): Statement {
  return {
    name: 'enter',
    text: `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`,
    values: [role, JSON.stringify(claims)],
  }
}

const jobs = new Map<string, Statement>()

/** A job's claims are always the same. Their names are constants of ours. */
function enterJob(job: string): Statement {
  const entering = jobs.get(job) ?? enter(system(job))
  jobs.set(job, entering)
  return entering
}

/**
 * As `enter`, for a flight that only reads: one statement along a key, which is planned once. Left to choose, PostgreSQL
 * plans it anew each time from some millions of rows on, which takes longer than to run it.
 */
function enterReading(principal: Principal): Statement {
  const { values } = enter(principal)
  const text = `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true), set_config('transaction_read_only', 'on', true), set_config('plan_cache_mode', 'force_generic_plan', true)`
  return { name: 'enter_reading', text, values }
}

export function createTransactions(pools: { user: Pool; service: Pool }): Transactions {
  const poolOf = (role: Role) => (role === 'service_role' ? pools.service : pools.user)

  return {
    asPrincipal: (principal, work) => transact(poolOf(principal.role), principal, work),

    // Without begin and commit: what is sent up to one Sync is one transaction, which the Sync ends.
    async readAs(principal, query) {
      const flight = new Flight([enterReading(principal), toNamed(query(compiler).compile())])
      return lend(poolOf(principal.role), async (fly) => (await fly(flight)).rows as InferResult<ReturnType<typeof query>>)
    },

    system: (job, work, asked) => transact(pools.service, system(job, asked), work),

    // Nor has this a begin and a commit, and it may write: the answer comes when the Sync has committed.
    async systemOnce(job, statement) {
      const flight = new Flight([enterJob(job), statement])
      const { rows } = await lend(pools.service, (fly) => fly(flight))
      if (!rows[0]) throw databaseErrors.failed({ internal: `${job}: no row` })
      return rows[0]
    },
  }
}

function system(job: string, asked?: Asked): Principal {
  return { role: 'service_role', claims: { role: 'service_role', job, ...(asked && claimsOf(asked)) } }
}

function claimsOf({ principal: { role, claims, tokenId }, requestId, byOperator }: Asked) {
  return { actor: byOperator ? { role: 'operator' } : { role, id: claims.sub, token: tokenId }, request_id: requestId }
}

function transact<T>(pool: Pool, principal: Principal, work: (tx: Tx) => Promise<T>): Promise<T> {
  return lend(pool, async (fly, spoil) => {
    let opening = [begin, enter(principal)] // they travel with the first statement
    let ended = false
    let escaped = false
    let refusal: unknown
    const run = async (query: CompiledQuery) => {
      if (ended) throw databaseErrors.ended() // the client may be acting for somebody else already
      const statements = [...opening, toNamed(query)]
      opening = []
      const flight = new Flight(statements)
      try {
        const result = await fly(flight)
        if (!flight.leftOpen) escaped = true
        return result
      } catch (error) {
        if (flight.tags.length < statements.length - 1) refusal = error
        throw error
      }
    }
    let result: T
    try {
      result = await work(bindKysely(run))
    } catch (error) {
      throw refusal ?? error // it explains whatever failed behind it
    } finally {
      ended = true
      if (escaped) spoil() // no role binds the connection any more, and it may keep for the next one what was set on it
    }
    const last = new Flight([...opening, commit])
    await fly(last)
    if (refusal) throw refusal
    if (escaped) throw databaseErrors.failed({ internal: 'a statement ended the transaction it ran in' })
    requireCommitted(last)
    return result
  })
}

/** The commit of an aborted transaction "succeeds", with another tag. */
function requireCommitted({ tags }: Flight) {
  if (tags.at(-1) !== 'COMMIT') throw databaseErrors.not_committed({ internal: `tag ${tags.at(-1)}` })
}

type Fly = (flight: Flight) => ReturnType<Flight['over']>

/**
 * Lends a client. It goes back to the pool outside of any transaction and with nothing under way, or it is closed.
 * @param use may ask for the latter with `spoil`
 */
async function lend<T>(pool: Pool, use: (fly: Fly, spoil: () => void) => Promise<T>): Promise<T> {
  const client = await connect(pool)
  let flown = false
  let spoiled = false
  const fly: Fly = (flight) => {
    flown = true
    return flight.over(client).catch((error) => {
      knowAsDatabase(error) // and what else is thrown in there may be anybody's
      throw error
    })
  }
  try {
    const result = await use(fly, () => {
      spoiled = true
    })
    client.release(spoiled || client.getTransactionStatus() !== 'I')
    return result
  } catch (error) {
    if (flown && !(await rollBack(client))) spoiled = true
    client.release(spoiled)
    throw translateAnyError(error)
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw translateSqlError(error)
  }
}

/** It is answered behind everything that is under way, so after it nothing is. */
async function rollBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('rollback')
    return client.getTransactionStatus() === 'I'
  } catch {
    return false
  }
}

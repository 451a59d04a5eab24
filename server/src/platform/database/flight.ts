import pg from 'pg'

/*
 * Several statements that travel together: one write, one answer.
 *
 * pg ends every statement with a Sync, and each Sync costs the server a write and us a read. Measured on one core,
 * begin, settings, select and commit as four of pg's queries reach 0.55 of a bare select, in one flight 1.0.
 * It is the safer way too: behind a statement that fails the server skips everything up to the Sync, so nothing can
 * run after a role that was refused.
 */

export interface Statement {
  readonly text: string
  readonly values: readonly WireValue[]
  /** Lets each connection keep the parsed statement. One name, one text, in the whole process. */
  readonly name?: string
}
export type WireValue = string | Buffer | null

type Rows = pg.QueryResult<Record<string, unknown>>

/** What pg calls on a query to send it and as its answer comes in, as pg-cursor does it. @types/pg leaves it out. */
interface PgQuery {
  values: readonly WireValue[]
  handleDataRow(message: object): void
  handleCommandComplete(message: { text: string }, connection: Wire): void
}
const PgQuery = pg.Query as unknown as new (
  text: string,
  values: readonly WireValue[],
  callback: (error: unknown, result: Rows) => void,
) => PgQuery

/** The part of pg's Connection that a flight uses. */
interface Wire {
  stream: pg.Connection['stream']
  close(what: { type: 'S'; name: string }): void
  parse(statement: { text: string; name: string }): void
  bind(values: { statement: string; values: readonly WireValue[] }): void
  describe(what: { type: 'P' }): void
  execute(): void
  sync(): void
}

/** The names whose statements a connection holds for certain. */
const held = new WeakMap<Wire, Set<string>>()

export class Flight extends PgQuery {
  /** What each statement reported, in order: `BEGIN`, `INSERT 0 1` … Where one failed, those before it. */
  readonly tags: string[] = []
  /** Whether it left its connection inside a transaction. */
  leftOpen = false
  #statements: readonly Statement[]
  readonly #reading: number
  readonly #answer: Promise<Rows>
  #client: pg.Client | undefined
  #held: Set<string> | undefined

  /** @param reading whose rows are wanted; the last one's unless told */
  constructor(statements: readonly Statement[], reading = statements.length - 1) {
    const { promise, resolve, reject } = Promise.withResolvers<Rows>()
    const { text, values } = statements[reading] as Statement
    super(text, values, (error, result) => {
      this.#remember(!error)
      this.leftOpen = this.#client?.getTransactionStatus() !== 'I'
      // One that is over lives on until the whole heap is gone through, and its values were most of what filled that.
      this.#statements = []
      this.values = []
      if (error) reject(error)
      else resolve(result)
    })
    this.#statements = statements
    this.#reading = reading
    this.#answer = promise
  }

  /** Resolves when all have run; when it rejects, nothing behind the one that failed has, nor will. */
  over(client: pg.Client): Promise<Rows> {
    this.#client = client
    client.query(this as unknown as pg.Submittable)
    return this.#answer
  }

  submit(connection: Wire) {
    let known = held.get(connection)
    if (!known) {
      known = new Set()
      held.set(connection, known)
    }
    this.#held = known
    connection.stream.cork()
    for (const [index, { text, values, name = '' }] of this.#statements.entries()) {
      if (!known.has(name)) {
        if (name) connection.close({ type: 'S', name }) // a flight that failed may have left it there; to close nothing is no fault
        connection.parse({ text, name })
      }
      connection.bind({ statement: name, values })
      if (index === this.#reading) connection.describe({ type: 'P' })
      connection.execute()
    }
    connection.sync()
    connection.stream.uncork()
  }

  /** After a failure all are parsed anew: a connection may have lost one, or a migration changed what it gives. */
  #remember(landed: boolean) {
    for (const { name } of this.#statements) {
      if (name === undefined) continue
      if (landed) this.#held?.add(name)
      else this.#held?.delete(name)
    }
  }

  /** The other statements' rows come without a description, so nothing could read them. */
  override handleDataRow(message: object) {
    if (this.#isRead()) super.handleDataRow(message)
  }

  override handleCommandComplete(message: { text: string }, connection: Wire) {
    if (this.#isRead()) super.handleCommandComplete(message, connection)
    this.tags.push(message.text)
  }

  /** Of a statement without text. */
  handleEmptyQuery() {
    this.tags.push('')
  }

  #isRead() {
    return this.tags.length === this.#reading
  }
}

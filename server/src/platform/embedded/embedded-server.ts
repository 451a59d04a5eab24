import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { SetupError } from '../database/setup-error.ts'
import { sqlstateOf } from '../database/sql-errors.ts'
import { openSocket } from '../egress/known-sockets.ts'
import { type DataDirectory, readSecret } from './data-directory.ts'
import { embeddedBinaries, type ServerUser, systemDir } from './embedded-binaries.ts'
import { checkVersion, makeCluster } from './make-cluster.ts'
import { findPostmaster, isPassing, type Launched, launchPostmaster, refuseIfHopeless, stopPostmaster, superuser } from './postmaster.ts'
import { isAlive } from './processes.ts'
import { alreadyRunning, findRunning } from './run-file.ts'

/*
 * A real PostgreSQL as a child process, on loopback alone and behind a password of its own.
 *
 * Who owns it: whoever holds the advisory lock. The lock belongs to a session, so it ends with its process, however
 * that ends. A postmaster that outlived a `kill -9` is found by its pid file and taken over; one whose lock is held
 * is in use, and left alone.
 */

export interface EmbeddedServer {
  /** Of the superuser, for the database `keyloft`. */
  readonly url: string
  /** False where another process runs the server and this one only visits. */
  readonly owned: boolean
  /** Where it cannot stop in order within this time, it is ended at once and recovers at the next start. */
  stop(withinMs?: number): Promise<void>
}

export interface EmbeddedOptions {
  directory: DataDirectory
  user: ServerUser | undefined
  /** Named in the refusal that a second process gets; ends in `(pid …)`. */
  holder: string
  /** What a command does when a server runs here already. Waiting for another command is always tried. */
  whenRunning: 'refuse' | 'visit'
  onMade?: () => void
  onEvent?: (message: string) => void
  /** Gives up starting. */
  signal?: AbortSignal
}

const database = 'keyloft'
const lockKey = [0x6b65_796c, 1] as const
export const serverHolder = 'keyloft start'

const startTimeoutMs = 60_000
/** How long the lock of a process that was just killed may still stand. */
const lingeringLockMs = 10_000
const hopelessLaunches = 5
const retryMs = 50
const stopTimeoutMs = 8_000
const lastWordMs = 500

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { directory, user, onEvent = () => {} } = options
  const stopping = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal
  const bin = embeddedBinaries(user, user ? systemDir : directory.path)
  const programs = { directory, user, bin }
  if (!existsSync(directory.cluster)) await makeCluster({ ...programs, onMade: options.onMade, signal })
  checkVersion(directory)
  const password = readSecret(directory.databasePassword)
  if (!password)
    throw new SetupError(
      `${directory.databasePassword} is missing, and the database beside it does not open without.`,
      'Put back the file that was made with it.',
    )

  const { client, port, held } = await comeUp()
  const url = `postgresql://${superuser}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
  if (!held) {
    await client.end()
    return { url, owned: false, stop: async () => {} }
  }

  const watching = watch(client, port)
  return {
    url,
    owned: true,
    async stop(withinMs = stopTimeoutMs) {
      stopping.abort()
      // The lock is held to the end, so that nobody takes over a server that is going down.
      await stopPostmaster(programs, withinMs - lastWordMs, onEvent)
      await Promise.race([watching, sleep(lastWordMs)])
    },
  }

  /** Finds the server or starts it, and takes the lock. Whatever it started and does not come to own, it ends again. */
  async function comeUp(wantedPort?: number): Promise<{ client: pg.Client; port: number; held: boolean }> {
    const launches: Launched[] = []
    let client: pg.Client | undefined
    try {
      const found = await findOrLaunch(wantedPort, launches)
      client = found.client
      await ensureDatabase(client)
      return found
    } catch (error) {
      await client?.end().catch(() => {})
      const ours = launches.find((launched) => launched.running())
      if (ours && !(error instanceof HeldByAnother)) {
        const ended = new Promise((resolve) => ours.child.once('exit', resolve))
        await stopPostmaster(programs, stopTimeoutMs, onEvent)
        if (ours.running()) ours.child.kill('SIGQUIT')
        await Promise.race([ended, sleep(lastWordMs)])
      }
      throw error
    }
  }

  /** Tries again while an old one is still going down, or a lock is about to be let go. */
  async function findOrLaunch(wantedPort: number | undefined, launches: Launched[]) {
    const started = Date.now()
    const deadline = started + startTimeoutMs
    for (let unexplained = 0; Date.now() < deadline; await sleep(retryMs)) {
      signal.throwIfAborted()
      const running = findPostmaster(directory)
      if (running) {
        const client = await connectUntil(running.port, () => isAlive(running.pid), deadline)
        const held = client && (await settle(client, started))
        if (client && held !== undefined) return { client, port: running.port, held }
        continue
      }
      const launched = await launchPostmaster(programs, wantedPort)
      launches.push(launched)
      const client = await connectUntil(launched.port, launched.running, deadline)
      if (!client) {
        const said = launched.said()
        refuseIfHopeless(said, directory)
        if (!isPassing(said) && ++unexplained === hopelessLaunches) break
        continue
      }
      const held = await settle(client, started)
      if (held !== undefined) return { client, port: launched.port, held }
    }
    throw new SetupError('PostgreSQL does not come up.', `Its log is ${directory.postgresLog}.`)
  }

  /** Whether the lock is ours now; undefined when it is worth another try, and then the connection is let go. */
  async function settle(client: pg.Client, started: number): Promise<boolean | undefined> {
    let holder: string | undefined
    try {
      holder = await takeLock(client)
      if (holder === undefined) return true
      if (options.whenRunning === 'visit' && holder.startsWith(serverHolder)) return false
    } catch {
      // It went away in this very moment.
    }
    await client.end().catch(() => {})
    if (holder === undefined) return undefined
    const waitedMs = Date.now() - started
    const dead = !isAlive(Number(/\(pid (\d+)\)$/.exec(holder)?.[1] ?? 0))
    if (holder.startsWith(serverHolder) ? !dead || waitedMs > lingeringLockMs : waitedMs > startTimeoutMs - 1_000) {
      const running = findRunning(directory.runFile)
      throw new HeldByAnother(alreadyRunning(directory.path, running ? `on ${running.url}, pid ${running.pid}` : holder))
    }
    return undefined
  }

  /** A connection as soon as the server takes one; undefined when it ended first. */
  async function connectUntil(port: number, alive: () => boolean, deadline: number): Promise<pg.Client | undefined> {
    while (alive() && Date.now() < deadline) {
      signal.throwIfAborted()
      const client = new pg.Client({
        host: '127.0.0.1',
        port,
        stream: openSocket,
        user: superuser,
        password: password as string,
        database: 'postgres',
        application_name: options.holder,
        connectionTimeoutMillis: 5_000,
        keepAlive: true,
      })
      client.on('error', () => {})
      try {
        await client.connect()
        return client
      } catch (error) {
        await client.end().catch(() => {})
        if (sqlstateOf(error) === '28P01') {
          throw new SetupError(
            `The database in ${directory.path} does not take the password in its file database-password.`,
            'Put back the file that belongs to it.',
            error,
          )
        }
        await sleep(25)
      }
    }
    return undefined
  }

  /** The lock's session ends when the server goes away. It is brought back on the same port, as often as it takes. */
  async function watch(first: pg.Client, port: number) {
    for (let client = first; ; ) {
      await new Promise((resolve) => client.once('end', resolve))
      if (signal.aborted) return
      onEvent('The embedded database went away; bringing it back.')
      for (let attempt = 0, back = false; !back; attempt++) {
        try {
          client = (await comeUp(port)).client
          back = true
          onEvent('The embedded database is back.')
        } catch (error) {
          if (signal.aborted) return
          onEvent(`The embedded database does not come back: ${(error as Error).message}`)
          await sleep(Math.min(5_000, 250 * 2 ** attempt), undefined, { signal }).catch(() => {})
        }
      }
    }
  }
}

/** The server is another process's now: it must not be stopped on the way out. */
class HeldByAnother extends SetupError {
  constructor({ message, hint }: SetupError) {
    super(message, hint)
  }
}

/** Undefined when the lock is ours; else who holds it. */
async function takeLock(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [...lockKey])
  if (rows[0]?.taken) return undefined
  const holders = await client.query<{ application_name: string }>(
    `select application_name from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and classid = $1 and objid = $2 and granted`,
    [...lockKey],
  )
  return holders.rows[0]?.application_name ?? 'Another process'
}

async function ensureDatabase(client: pg.Client) {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [database])
  if (rowCount !== 0) return
  await client.query(`create database ${database}`)
  // What injected SQL could otherwise leave behind on a connection: a temporary table that hides one of ours.
  await client.query(`revoke temporary on database ${database} from public`)
}

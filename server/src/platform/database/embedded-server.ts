import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { type DataDirectory, giveTo, readOrMakeSecret } from './data-directory.ts'
import { embeddedBinaries, type ServerUser } from './embedded-binaries.ts'
import { SetupError } from './setup-error.ts'
import { sqlstateOf } from './sql-errors.ts'

/*
 * A real PostgreSQL as a child process, on loopback alone and behind a password of its own.
 *
 * Who owns it: whoever holds the advisory lock. The lock belongs to a session, so it ends with its process, however
 * that ends. A postmaster that outlived a `kill -9` is found by its pid file and taken over; one whose lock is held
 * is in use, and left alone. The postmaster is in a process group of its own: a terminal's Ctrl-C must not reach it
 * before the server has finished what is in flight.
 */

export interface EmbeddedServer {
  /** Of the superuser, for the database `keyloft`. */
  readonly url: string
  /** False where another process runs the server and this one only visits. */
  readonly owned: boolean
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  directory: DataDirectory
  user: ServerUser | undefined
  /** Named in the refusal that a second process gets. */
  holder: string
  /** What a command does when a server runs here already. Waiting for another command is always tried. */
  whenRunning: 'refuse' | 'visit'
  onEvent?: (message: string) => void
}

/** None of ours: the server needs nothing of it, and it holds secrets. */
const environment = { LC_ALL: 'C', TZ: 'UTC' }

const majorVersion = '18'
const superuser = 'postgres'
const database = 'keyloft'
const lockKey = [0x6b65_796c, 1] as const
export const serverHolder = 'keyloft start'

const startTimeoutMs = 60_000
const stopTimeoutSeconds = 8
const largestLogBytes = 10 * 1024 * 1024

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  password_encryption: 'scram-sha-256',
  max_wal_senders: '0',
  // No statement and no parameter may reach a log: they can hold what a person wrote.
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_error_verbosity: 'terse',
}

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { directory, user, onEvent = () => {} } = options
  const bin = embeddedBinaries(user)
  const password = readOrMakeSecret(directory.databasePassword, () => randomBytes(24).toString('base64url')).value
  if (!existsSync(directory.cluster)) await initialise(directory, user, bin, password)
  checkVersion(directory)

  let lock = await comeUp()
  const port = lock.client.port
  const urlOf = (name: string) => `postgresql://${superuser}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`
  try {
    await ensureDatabase(lock.client)
  } catch (error) {
    await lock.client.end().catch(() => {})
    if (lock.held) await stopServer()
    throw error
  }
  if (!lock.held) {
    await lock.client.end()
    return { url: urlOf(database), owned: false, stop: async () => {} }
  }

  let stopping = false
  watch(lock.client)
  return {
    url: urlOf(database),
    owned: true,
    async stop() {
      if (stopping) return
      stopping = true
      await lock.client.end().catch(() => {})
      await stopServer()
    },
  }

  /** Finds the server or starts it, and takes the lock; tries again while an old one is still going down. */
  async function comeUp(wantedPort?: number): Promise<{ client: pg.Client; held: boolean }> {
    const deadline = Date.now() + startTimeoutMs
    for (;;) {
      const running = findPostmaster(directory)
      const client = running ? await connectUntil(running.port, () => isAlive(running.pid), deadline) : await launch(wantedPort, deadline)
      if (client) {
        const holder = await takeLock(client)
        if (holder === undefined) return { client, held: true }
        if (options.whenRunning === 'visit' && holder.startsWith(serverHolder)) return { client, held: false }
        await client.end()
        // A command that is just at work here lets go soon.
        if (holder.startsWith(serverHolder) || Date.now() > deadline) {
          throw new SetupError(
            `${holder} is running on this data directory already (${directory.path}).`,
            'Stop it first, or choose another KEYLOFT_DATA_DIR and PORT.',
          )
        }
      }
      if (Date.now() > deadline) throw new SetupError('PostgreSQL did not come up within a minute.', `Its log is ${directory.postgresLog}.`)
      await sleep(100)
    }
  }

  async function launch(wantedPort: number | undefined, deadline: number): Promise<pg.Client | undefined> {
    const port = wantedPort ?? (await freePort())
    const log = openLog(directory.postgresLog)
    const logStart = statSync(directory.postgresLog).size
    const flags = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(join(bin, 'postgres'), ['-D', directory.cluster, ...flags], {
      ...user,
      cwd: directory.cluster,
      env: environment,
      stdio: ['ignore', log, log],
      detached: true,
      windowsHide: true,
    })
    closeSync(log)
    let ended = false
    child.on('exit', () => {
      ended = true
    })
    child.on('error', (error) => {
      ended = true
      onEvent(`PostgreSQL could not be started: ${error.message}`)
    })
    child.unref()
    const client = await connectUntil(port, () => !ended, deadline)
    if (!client) refuseIfHopeless(readFrom(directory.postgresLog, logStart), directory)
    return client
  }

  /** A connection as soon as the server takes one; undefined when it ended first. */
  async function connectUntil(port: number, alive: () => boolean, deadline: number): Promise<pg.Client | undefined> {
    while (alive() && Date.now() < deadline) {
      const client = new pg.Client({
        host: '127.0.0.1',
        port,
        user: superuser,
        password,
        database: 'postgres',
        application_name: options.holder,
        connectionTimeoutMillis: 5_000,
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
  function watch(client: pg.Client) {
    client.once('end', async () => {
      for (let attempt = 0; !stopping; attempt++) {
        onEvent('The embedded database went away; bringing it back.')
        try {
          const port = client.port
          lock = await comeUp(port)
          if (stopping) return void lock.client.end().catch(() => {})
          onEvent('The embedded database is back.')
          return watch(lock.client)
        } catch (error) {
          onEvent(`The embedded database does not come back: ${(error as Error).message}`)
          await sleep(Math.min(5_000, 250 * 2 ** attempt))
        }
      }
    })
  }

  async function stopServer() {
    const args = ['stop', '-D', directory.cluster, '-m', 'fast', '-w', '-t', String(stopTimeoutSeconds)]
    await promisify(execFile)(join(bin, 'pg_ctl'), args, { ...user, cwd: directory.cluster, env: environment }).catch((error) => {
      if (findPostmaster(directory)) onEvent(`PostgreSQL did not stop by itself: ${(error as Error).message}`)
    })
  }
}

/** Makes the cluster aside and moves it in place whole, so that a failure or a kill leaves nothing half made. */
async function initialise(directory: DataDirectory, user: ServerUser | undefined, bin: string, password: string) {
  const half = `${directory.cluster}.${process.pid}`
  const passwordFile = join(half, 'password')
  const data = join(half, 'data')
  try {
    mkdirSync(half, { mode: 0o700 })
    writeFileSync(passwordFile, password, { mode: 0o600 })
    for (const path of [half, passwordFile]) giveTo(path, user)
    const args = [
      `--pgdata=${data}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--locale=C.UTF-8',
      '--data-checksums',
    ]
    execFileSync(join(bin, 'initdb'), args, { ...user, cwd: half, env: environment, stdio: 'pipe' })
    renameSync(data, directory.cluster)
  } catch (error) {
    if (existsSync(directory.cluster)) return // another process made it meanwhile
    const said = String((error as { stderr?: Buffer }).stderr ?? error)
    refuseIfHopeless(said, directory)
    throw new SetupError(
      `A database could not be made in ${directory.path}: ${lastLine(said)}`,
      'Choose another KEYLOFT_DATA_DIR, or set DATABASE_URL.',
      error,
    )
  } finally {
    rmSync(half, { recursive: true, force: true })
  }
}

function checkVersion(directory: DataDirectory) {
  const version = readIfThere(join(directory.cluster, 'PG_VERSION'))?.trim()
  if (version === majorVersion) return
  throw new SetupError(
    version
      ? `The data in ${directory.cluster} was made by PostgreSQL ${version}; this Keyloft brings ${majorVersion}.`
      : `${directory.cluster} is not a database.`,
    'Choose another KEYLOFT_DATA_DIR, or use the Keyloft version that made it.',
  )
}

/** What no second attempt would mend. */
function refuseIfHopeless(said: string, directory: DataDirectory) {
  if (/No space left on device/i.test(said))
    throw new SetupError(`The data directory ${directory.path} is full.`, 'Free some space there, or choose another KEYLOFT_DATA_DIR.')
  if (/Permission denied|Read-only file system/i.test(said))
    throw new SetupError(
      `PostgreSQL cannot write to ${directory.cluster}.`,
      'Give the folder to the user it runs as, or choose another KEYLOFT_DATA_DIR.',
    )
  if (/FATAL|PANIC/.test(said) && !/still in use|already exists|Address already in use|could not create any TCP/.test(said)) {
    throw new SetupError(`PostgreSQL does not start: ${lastLine(said)}`, `Its log is ${directory.postgresLog}.`)
  }
}

const lastLine = (text: string) =>
  text
    .trim()
    .split('\n')
    .findLast((line) => /FATAL|PANIC|error/i.test(line))
    ?.replace(/^.*?(FATAL|PANIC|error):\s*/i, '') ??
  text.trim().split('\n').at(-1) ??
  ''

interface Postmaster {
  pid: number
  port: number
}

/** From postmaster.pid: line 1 is the pid, line 4 the port. The file outlives a kill, so the process must live too. */
function findPostmaster({ cluster }: DataDirectory): Postmaster | undefined {
  const lines = readIfThere(join(cluster, 'postmaster.pid'))?.split('\n') ?? []
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return pid > 0 && port > 0 && isAlive(pid) && isPostgres(pid) ? { pid, port } : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** After a reboot the pid may be anybody's. Where /proc can tell, ask it; elsewhere PostgreSQL itself decides. */
function isPostgres(pid: number): boolean {
  const name = readIfThere(`/proc/${pid}/comm`)
  return name === undefined || name.startsWith('postgres')
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
  if (rowCount === 0) await client.query(`create database ${database}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** The server writes to a file, not to us: it must be able to outlive us. */
function openLog(path: string): number {
  if (existsSync(path) && statSync(path).size > largestLogBytes) truncateSync(path)
  return openSync(path, 'a', 0o600)
}

function readFrom(path: string, start: number): string {
  const file = openSync(path, 'r')
  const buffer = Buffer.alloc(64 * 1024)
  const length = readSync(file, buffer, 0, buffer.length, start)
  closeSync(file)
  return buffer.toString('utf8', 0, length)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readSync, statSync, truncateSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SetupError } from '../database/setup-error.ts'
import type { DataDirectory } from './data-directory.ts'
import type { ServerUser } from './embedded-binaries.ts'
import { isAlive, isPostgres, readIfThere } from './processes.ts'

/** The postmaster as a process: how it is found, launched, stopped, and what it says when it does not want to run. */

export interface Programs {
  directory: DataDirectory
  user: ServerUser | undefined
  bin: string
}

export const superuser = 'postgres'

/** None of ours: the server needs nothing of it, and it holds secrets. */
export const environment = { LC_ALL: 'C', TZ: 'UTC' }

const immediateStopSeconds = 1
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

/** From postmaster.pid: line 1 is the pid, line 4 the port. The file outlives a kill, so the process must live too. */
export function findPostmaster({ cluster }: DataDirectory): { pid: number; port: number } | undefined {
  const lines = readIfThere(join(cluster, 'postmaster.pid'))?.split('\n') ?? []
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return pid > 0 && port > 0 && isAlive(pid) && isPostgres(pid) ? { pid, port } : undefined
}

export interface Launched {
  readonly port: number
  readonly child: ChildProcess
  running(): boolean
  /** What it wrote into its log since. */
  said(): string
}

/** In a process group of its own: a terminal's Ctrl-C must not reach it before what is in flight has finished. */
export async function launchPostmaster({ directory, user, bin }: Programs, wantedPort: number | undefined): Promise<Launched> {
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
  let failure = ''
  let ended = false
  child.on('exit', () => {
    ended = true
  })
  child.on('error', (error) => {
    failure = `FATAL: ${error.message}`
    ended = true
  })
  child.unref()
  return { port, child, running: () => !ended, said: () => failure || readFrom(directory.postgresLog, logStart) }
}

/** Sessions are ended and what they had committed is kept. If that takes too long, the next start recovers from the WAL. */
export async function stopPostmaster({ directory, user, bin }: Programs, withinMs: number, onEvent: (message: string) => void) {
  const stop = (mode: string, seconds: number) =>
    promisify(execFile)(join(bin, 'pg_ctl'), ['stop', '-D', directory.cluster, '-m', mode, '-w', '-t', String(seconds)], {
      ...user,
      cwd: directory.cluster,
      env: environment,
    })
  try {
    await stop('fast', Math.max(1, Math.floor(withinMs / 1_000) - immediateStopSeconds))
  } catch {
    if (!findPostmaster(directory)) return
    onEvent('PostgreSQL does not stop by itself; ending it at once.')
    await stop('immediate', immediateStopSeconds).catch((error) => onEvent(`PostgreSQL did not stop: ${(error as Error).message}`))
  }
}

/** Throws where no second attempt would mend it. */
export function refuseIfHopeless(said: string, directory: DataDirectory) {
  if (/No space left on device|Disk quota exceeded/i.test(said))
    throw new SetupError(`The data directory ${directory.path} is full.`, 'Free some space there, or choose another KEYLOFT_DATA_DIR.')
  if (/Permission denied|Read-only file system/i.test(said))
    throw new SetupError(
      `PostgreSQL cannot write to ${directory.cluster}.`,
      'Give the folder to the user it runs as, or choose another KEYLOFT_DATA_DIR.',
    )
  if (/FATAL|PANIC/.test(said) && !isPassing(said))
    throw new SetupError(`PostgreSQL does not start: ${lastError(said)}`, `Its log is ${directory.postgresLog}.`)
}

/** Another one is just going down or coming up here, or took the port a moment ago. */
export function isPassing(said: string): boolean {
  return /still in use|already exists|Address already in use|could not create any TCP/.test(said)
}

export function lastError(text: string): string {
  const lines = text.trim().split('\n')
  const line = lines.findLast((one) => /FATAL|PANIC|error/i.test(one)) ?? lines.at(-1) ?? ''
  return line.replace(/^.*?(FATAL|PANIC|error):\s*/i, '')
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

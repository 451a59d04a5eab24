import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { SetupError } from '../database/setup-error.ts'
import { type DataDirectory, giveTo, keepSecret, readSecret } from './data-directory.ts'
import type { ServerUser } from './embedded-binaries.ts'
import { environment, lastError, refuseIfHopeless, superuser } from './postmaster.ts'
import { isAlive, readIfThere } from './processes.ts'

const majorVersion = '18'

export interface MakeClusterOptions {
  directory: DataDirectory
  user: ServerUser | undefined
  bin: string
  /** Called when all went well so far, right before the new database is put in place: for what must exist from then on. */
  onMade?: (() => void) | undefined
  signal: AbortSignal
}

/**
 * Makes the cluster aside and moves it in place whole, so that a failure or a kill leaves nothing half made. The secrets
 * that belong to it are kept only when it is ready: a database never lacks them, and a failed attempt leaves none.
 */
export async function makeCluster(options: MakeClusterOptions) {
  clearLeftovers(options.directory)
  while (!existsSync(options.directory.cluster)) await tryToMake(options)
}

async function tryToMake({ directory, user, bin, onMade, signal }: MakeClusterOptions) {
  const password = readSecret(directory.databasePassword) ?? randomBytes(24).toString('base64url')
  let half: string | undefined
  try {
    half = mkdtempSync(`${directory.cluster}.${process.pid}.`)
    const passwordFile = join(half, 'password')
    const data = join(half, 'data')
    chmodSync(half, 0o700)
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
    await promisify(execFile)(join(bin, 'initdb'), args, { ...user, cwd: half, env: environment, signal })
    if (keepSecret(directory.databasePassword, password) !== password) return // another process makes one too; its password stands
    onMade?.()
    renameSync(data, directory.cluster)
  } catch (error) {
    if (existsSync(directory.cluster)) return // another process was faster
    signal.throwIfAborted()
    if (error instanceof SetupError) throw error
    const said = String((error as { stderr?: string }).stderr || error)
    refuseIfHopeless(said, directory)
    throw new SetupError(
      `A database could not be made in ${directory.path}: ${lastError(said)}`,
      'Choose another KEYLOFT_DATA_DIR, or set DATABASE_URL.',
      error,
    )
  } finally {
    if (half) rmSync(half, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** What a killed attempt left behind. Its number is the pid of who made it, who may still be at work. */
function clearLeftovers({ path, cluster }: DataDirectory) {
  const form = new RegExp(`^${basename(cluster)}\\.(\\d+)\\.`)
  for (const name of readdirSync(path)) {
    const pid = Number(form.exec(name)?.[1])
    if (pid > 0 && (pid === process.pid || !isAlive(pid))) rmSync(join(path, name), { recursive: true, force: true, maxRetries: 3 })
  }
}

export function checkVersion({ cluster }: DataDirectory) {
  const version = readIfThere(join(cluster, 'PG_VERSION'))?.trim()
  if (version === majorVersion) return
  throw new SetupError(
    version
      ? `The data in ${cluster} was made by PostgreSQL ${version}; this Keyloft brings ${majorVersion}.`
      : `${cluster} is not a database.`,
    'Choose another KEYLOFT_DATA_DIR, or use the Keyloft version that made it.',
  )
}

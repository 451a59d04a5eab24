import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { canEnter, type ServerUser, systemDir } from './embedded-binaries.ts'
import { SetupError } from './setup-error.ts'

/** Everything Keyloft keeps on disk when it runs its own database. */
export interface DataDirectory {
  readonly path: string
  readonly cluster: string
  readonly postgresLog: string
  readonly databasePassword: string
  readonly rootKeys: string
  readonly runFile: string
  /** The folder that was asked for, where another had to be taken. */
  readonly insteadOf: string | undefined
}

export interface DataDirectoryRequest {
  path: string
  /** Nobody asked for this very folder, so another may be taken. */
  isDefault: boolean
}

/**
 * Settles where the data lies and makes the folder. As root, the database runs as the postgres user, who must be able
 * to enter the folder and all above it: below root's home it cannot, so the default gives way to a system folder.
 */
export function openDataDirectory(
  { path, isDefault }: DataDirectoryRequest,
  user: ServerUser | undefined,
  fallback = systemDir,
): DataDirectory {
  let place = path
  if (!canEnter(nearestExisting(dirname(path)), user)) {
    if (!isDefault) {
      throw new SetupError(
        `The user postgres cannot enter ${path}, because a folder above it is closed to others.`,
        `Choose another KEYLOFT_DATA_DIR, such as ${fallback}.`,
      )
    }
    place = fallback
  }
  try {
    mkdirSync(place, { recursive: true, mode: 0o700 })
    // Others may pass through to the cluster's folder, which is the postgres user's own, but list or read nothing.
    chmodSync(place, user ? 0o711 : 0o700)
    const probe = join(place, `.writable-${process.pid}`)
    closeSync(openSync(probe, 'wx', 0o600))
    rmSync(probe)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const full = code === 'ENOSPC'
    throw new SetupError(
      full ? `The data directory ${place} is full.` : `The data directory ${place} cannot be written to (${code}).`,
      full
        ? 'Free some space there, or choose another KEYLOFT_DATA_DIR.'
        : 'Give it to the user who starts Keyloft, or choose another KEYLOFT_DATA_DIR.',
      cause,
    )
  }
  return {
    path: place,
    cluster: join(place, 'postgres'),
    postgresLog: join(place, 'postgres.log'),
    databasePassword: join(place, 'database-password'),
    rootKeys: join(place, 'root-keys'),
    runFile: join(place, 'run.json'),
    insteadOf: place === path ? undefined : path,
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path))
}

/** Reads a secret's file, or makes it with mode 0600. Whole or not at all, whoever else does the same. */
export function readOrMakeSecret(path: string, make: () => string): { value: string; made: boolean } {
  if (!existsSync(path)) {
    const half = `${path}.${process.pid}`
    const value = make()
    try {
      writeFileSync(half, `${value}\n`, { mode: 0o600, flush: true })
      renameSync(half, path)
      return { value, made: true }
    } catch (cause) {
      rmSync(half, { force: true })
      const { code } = cause as NodeJS.ErrnoException
      throw new SetupError(`${path} cannot be written (${code}).`, 'Check the free space and the rights of its folder.', cause)
    }
  }
  return { value: readFileSync(path, 'utf8').trim(), made: false }
}

export function giveTo(path: string, user: ServerUser | undefined) {
  if (user) chownSync(path, user.uid, user.gid)
}

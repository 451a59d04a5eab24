import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { SetupError } from '../database/setup-error.ts'
import { canEnter, type ServerUser, systemDir } from './embedded-binaries.ts'

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
 * Settles where the data lies, and touches nothing. As root, the database runs as the postgres user, who must be able
 * to enter the folder and all above it: below root's home it cannot, so the default gives way to a system folder.
 */
export function locateDataDirectory(
  { path, isDefault }: DataDirectoryRequest,
  user: ServerUser | undefined,
  fallback = systemDir,
): DataDirectory {
  let place = path
  if (!canEnter(dirname(path), user)) {
    if (!isDefault) {
      throw new SetupError(
        `The user postgres cannot enter ${path}, because a folder above it is closed to others.`,
        `Choose another KEYLOFT_DATA_DIR, such as ${fallback}.`,
      )
    }
    place = fallback
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

/** Enough to notice a full disk here, in plain words, and not somewhere inside PostgreSQL. */
const probeBytes = 64 * 1024

/** Makes the folder where it is missing, and makes sure that it can be written to and entered. Gives back how to undo it. */
export function makeDataDirectory({ path }: DataDirectory, user: ServerUser | undefined): () => void {
  let firstMade: string | undefined
  const undo = () => {
    if (firstMade !== undefined) removeWhileEmpty(path, firstMade)
  }
  try {
    firstMade = mkdirSync(path, { recursive: true, mode: 0o700 })
    // The postgres user passes through to the cluster's folder, which is its own, but lists and reads nothing here.
    for (const place of upwards(path, firstMade ?? path).reverse()) {
      if (!canEnter(place, user)) chmodSync(place, statSync(place).mode | 0o011)
    }
    const probe = join(path, '.writable') // of one name, so that the next start takes away what one that was killed here has left
    try {
      writeFileSync(probe, Buffer.alloc(probeBytes), { mode: 0o600, flush: true })
    } finally {
      rmSync(probe, { force: true })
    }
    return undo
  } catch (cause) {
    undo()
    throw notWritable(path, cause)
  }
}

export function openDataDirectory(request: DataDirectoryRequest, user: ServerUser | undefined, fallback = systemDir): DataDirectory {
  const directory = locateDataDirectory(request, user, fallback)
  makeDataDirectory(directory, user)
  return directory
}

function notWritable(path: string, cause: unknown): SetupError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SetupError(`The data directory ${path} is full.`, 'Free some space there, or choose another KEYLOFT_DATA_DIR.', cause)
  return new SetupError(
    `The data directory ${path} cannot be written to (${code}).`,
    'Give it to the user who starts Keyloft, or choose another KEYLOFT_DATA_DIR.',
    cause,
  )
}

/** The folder and those above it, as far as the one named. */
function upwards(path: string, upTo: string): string[] {
  return path.length < upTo.length ? [] : [path, ...(path === upTo ? [] : upwards(dirname(path), upTo))]
}

function removeWhileEmpty(path: string, upTo: string) {
  try {
    for (const place of upwards(path, upTo)) rmdirSync(place)
  } catch {
    // It holds something after all, and stays.
  }
}

export function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new SetupError(`${path} cannot be read (${code}).`, 'Start Keyloft as the user it belongs to.', cause)
  }
}

/**
 * Keeps a secret in a file with mode 0600 and gives back what the file holds now. The first to come decides, the file
 * is never seen half written, and a secret that stands is never replaced: what was sealed under it would stay closed.
 */
export function keepSecret(path: string, value: string): string {
  const half = `${path}.${process.pid}`
  try {
    rmSync(half, { force: true })
    writeFileSync(half, `${value}\n`, { mode: 0o600, flag: 'wx', flush: true })
    linkSync(half, path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'EEXIST')
      throw new SetupError(`${path} cannot be written (${code}).`, 'Check the free space and the rights of its folder.', cause)
  } finally {
    if (existsSync(half)) unlinkSync(half)
  }
  return readSecret(path) ?? value
}

export function giveTo(path: string, user: ServerUser | undefined) {
  if (user) chownSync(path, user.uid, user.gid)
}

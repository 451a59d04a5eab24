import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { SetupError } from '../database/setup-error.ts'
import { beganAt, isAlive } from './processes.ts'

/*
 * run.json in the data directory: who serves from it, and where. It makes a second start on the same directory refuse
 * at once and by name, even while the first is still at its beginning, and it tells tools the address. What decides in
 * the end is the lock in the database, which also holds where two machines share a folder or a file was deleted.
 */

export interface Running {
  readonly pid: number
  readonly url: string
}

interface Entry extends Running {
  readonly began: ReturnType<typeof beganAt>
}

/** The server that runs on this data directory; undefined where there is none or its entry has outlived it. */
export function findRunning(runFile: string): Running | undefined {
  const entry = read(runFile)
  if (!entry || entry.pid === process.pid || !isAlive(entry.pid)) return undefined
  return entry.began === beganAt(entry.pid) ? entry : undefined
}

export function refuseIfRunning(runFile: string, path: string) {
  const running = findRunning(runFile)
  if (running) throw alreadyRunning(path, `on ${running.url}, pid ${running.pid}`)
}

export function alreadyRunning(path: string, where: string): SetupError {
  return new SetupError(
    `Keyloft is already running on this data directory (${where}; ${path}).`,
    'Stop it first, or choose another KEYLOFT_DATA_DIR and PORT.',
  )
}

/** Enters this process, unless another is there already. Gives back how to leave. */
export function enterRunFile(runFile: string, path: string, url: string): { confirm(): void; leave(): void } {
  const text = `${JSON.stringify({ pid: process.pid, url, began: beganAt(process.pid) } satisfies Entry)}\n`
  const half = `${runFile}.${process.pid}`
  const place = (move: (from: string, to: string) => void) => {
    rmSync(half, { force: true })
    writeFileSync(half, text, { mode: 0o600, flag: 'wx' })
    try {
      move(half, runFile)
    } finally {
      rmSync(half, { force: true })
    }
  }
  try {
    place(linkSync) // of two that start at once, one succeeds
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    refuseIfRunning(runFile, path)
    place(renameSync)
  }
  return {
    /** Whoever holds the lock is who serves, whatever stands there meanwhile. */
    confirm: () => {
      if (read(runFile)?.pid !== process.pid) place(renameSync)
    },
    leave: () => {
      if (read(runFile)?.pid === process.pid) rmSync(runFile, { force: true })
    },
  }
}

function read(runFile: string): Entry | undefined {
  try {
    const entry = JSON.parse(readFileSync(runFile, 'utf8')) as Entry
    return Number.isInteger(entry.pid) && entry.pid > 0 ? entry : undefined
  } catch {
    return undefined
  }
}

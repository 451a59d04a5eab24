import { readFileSync } from 'node:fs'

/** Other processes of this machine, as far as they can be known by their pid. */

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return !/^[ZX]$/.test(procStat(pid)?.[0] ?? '') // ended, and not yet noticed by its parent
}

/** When it began, in its system's own count, where that can be known: a pid alone may be anybody's after a reboot. */
export function beganAt(pid: number): string | null {
  return procStat(pid)?.[19] ?? null
}

/** After a reboot the pid may be anybody's. Where /proc can tell, ask it; elsewhere PostgreSQL itself decides. */
export function isPostgres(pid: number): boolean {
  return readIfThere(`/proc/${pid}/comm`)?.startsWith('postgres') ?? true
}

/** Linux only. From the third field on: the second is a name that may hold spaces and brackets. */
function procStat(pid: number): string[] | undefined {
  return readIfThere(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

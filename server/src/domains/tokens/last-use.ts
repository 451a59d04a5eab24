import type { Clock } from '../../base/clock.ts'

const writeEveryMs = 10_000
const mostTokens = 50_000

export type Use = readonly [tokenId: string, atMs: number]

/**
 * When each token was last used: gathered here, because it is told of every request, and written together. SQL writes
 * no row more often than once a minute. A crash loses seconds of a date that a person looks at.
 */
export function createLastUse(write: (uses: readonly Use[]) => Promise<void>, clock: Clock) {
  const gathered = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()

  function writeGathered(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const uses = [...gathered].sort(([one], [other]) => (one < other ? -1 : 1)) // two processes take rows in one order
    gathered.clear()
    if (uses.length > 0) writing = writing.then(() => write(uses)).catch(() => {}) // the next use is written instead
    return writing
  }

  return {
    note(tokenId: string) {
      if (gathered.size >= mostTokens && !gathered.has(tokenId)) return
      gathered.set(tokenId, clock())
      timer ??= setTimeout(writeGathered, writeEveryMs).unref()
    },
    /** Before the process ends. */
    flush: writeGathered,
  }
}

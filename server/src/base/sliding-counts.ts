import type { Clock } from './clock.ts'

const minuteMs = 60_000

/** Counts of the last so many minutes, in as many slots: the oldest minute gives way to the newest. */
export interface SlidingCounts {
  add(index?: number): void
  /** One sum for each of the things that are counted. */
  sums(): number[]
}

export function createSlidingCounts(clock: Clock, { minutes, width = 1 }: { minutes: number; width?: number }): SlidingCounts {
  const counts = new Uint32Array(minutes * width)
  let newest = Math.floor(clock() / minuteMs)

  function turn(): number {
    const minute = Math.floor(clock() / minuteMs)
    for (let passed = Math.max(newest + 1, minute - minutes + 1); passed <= minute; passed++) {
      const slot = (passed % minutes) * width
      counts.fill(0, slot, slot + width)
    }
    newest = Math.max(newest, minute)
    return (newest % minutes) * width
  }

  return {
    add(index = 0) {
      const at = turn() + index
      counts[at] = (counts[at] ?? 0) + 1
    },
    sums() {
      turn()
      return Array.from({ length: width }, (_, index) => {
        let sum = 0
        for (let at = index; at < counts.length; at += width) sum += counts[at] ?? 0
        return sum
      })
    },
  }
}

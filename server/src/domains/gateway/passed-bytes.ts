/*
 * What passes through lies beside the heap, piece by piece, until the young generation is collected, and the collector
 * takes little notice of what lies there: left to itself it let 40 MB of a gigabyte gather. To collect it takes a
 * millisecond, and the memory that is used again is still in the cache.
 */

const mostUncollectedBytes = 8 * 1024 * 1024
let uncollectedBytes = 0

/** So many bytes of a body, of whatever call. */
export function notePassed(bytes: number) {
  uncollectedBytes += bytes
  if (uncollectedBytes < mostUncollectedBytes) return
  uncollectedBytes = 0
  if (typeof gc === 'function') void gc({ type: 'minor', execution: 'async' }) // where it was started with --expose-gc
}

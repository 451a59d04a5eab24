import type { Clock } from '../../base/clock.ts'
import { createSlidingCounts, type SlidingCounts } from '../../base/sliding-counts.ts'

/** What this process refused or failed at: of one code, by one route. No word of any request is kept. */
export interface RecentError {
  code: string
  status: number
  /** `POST /v1/chat/completions`, never the address itself. */
  route: string
  /** Since this process began, as far as it was not forgotten. */
  count: number
  lately: number
  firstAt: Date
  lastAt: Date
  /** By which the log names the last one. */
  lastRequestId: string
}

interface Answered {
  readonly status: number
  /** Of ours, where it was refused. */
  readonly code: string | undefined
  readonly requestId: string
}

export interface RecentRequests {
  /** Since when this process counts. */
  readonly since: Date
  /** What is to be told of each answer on a route: its pattern, or undefined where nothing is. */
  watch(method: string, route: string | undefined): (answer: Answered) => void
  /** Newest first. */
  errors(): RecentError[]
  /** How many requests of the last minutes fit. */
  requests(fits: (route: string) => boolean): number
}

/** How far back "lately" goes. */
export const latelyMinutes = 15
/** Codes and routes are few; whoever invents more pushes out the one that was not seen for longest. */
const mostErrors = 500

interface Kept extends Omit<RecentError, 'lately'> {
  counts: SlidingCounts
}

/** Of this process alone: each counts for itself, and what it knew ends with it. */
export function createRecentRequests(clock: Clock): RecentRequests {
  const since = new Date(clock())
  const errors = new Map<string, Kept>()
  const requests = new Map<string, SlidingCounts>()
  const count = () => createSlidingCounts(clock, { minutes: latelyMinutes })

  function noteError(named: string, { status, requestId }: Answered, code: string) {
    const key = `${code} ${named}`
    const now = new Date(clock())
    const kept = errors.get(key) ?? {
      code,
      status,
      route: named,
      count: 0,
      firstAt: now,
      lastAt: now,
      lastRequestId: requestId,
      counts: count(),
    }
    errors.delete(key) // so that the map is in the order of the last time
    errors.set(key, Object.assign(kept, { status, count: kept.count + 1, lastAt: now, lastRequestId: requestId }))
    kept.counts.add()
    if (errors.size > mostErrors) errors.delete(errors.keys().next().value ?? '')
  }

  /** As many as there are routes. */
  function countsOf(route: string): SlidingCounts {
    const counts = requests.get(route) ?? count()
    requests.set(route, counts)
    return counts
  }

  return {
    since,
    watch(method, route) {
      const named = `${method} ${route ?? '(no route)'}`
      const counts = route === undefined ? undefined : countsOf(route)
      return (answer) => {
        counts?.add()
        if (answer.code !== undefined) noteError(named, answer, answer.code)
      }
    },
    errors: () => [...errors.values()].reverse().map(({ counts, ...error }) => ({ ...error, lately: counts.sums()[0] ?? 0 })),
    requests: (fits) => [...requests].reduce((sum, [route, counts]) => sum + (fits(route) ? (counts.sums()[0] ?? 0) : 0), 0),
  }
}

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from '../../base/clock.ts'
import { createSlidingCounts, type SlidingCounts } from '../../base/sliding-counts.ts'
import type { Pools } from '../database/pools.ts'
import { createRecentRequests, latelyMinutes, type RecentRequests } from './recent-requests.ts'

export interface Metrics {
  observeRequest(request: {
    method: string
    route: string | undefined
    status: number
    seconds: number
    code?: string
    requestId: string
  }): void
  /** What of these a reader of pages is told; the figures above are for machines. */
  readonly recent: RecentRequests
  watchPools(pools: Pools): void
  /** A domain's own, declared once where it is built. */
  counter<Label extends string>(name: string, help: string, labels: readonly Label[]): (labels: Record<Label, string>) => void
  timer<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
  ): (labels: Record<Label, string>, seconds: number) => void
  /** Of a timer, over the last quarter of an hour: below which bound so much of it was. */
  lately(name: string, share: number): { count: number; withinSeconds: number | undefined }
  /** In Prometheus's text form. */
  render(): Promise<{ contentType: string; text: string }>
}

const timerBuckets = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5]

export function createMetrics({ clock = Date.now }: { clock?: Clock } = {}): Metrics {
  const registry = new Registry()
  const recent = createRecentRequests(clock)
  const timers = new Map<string, SlidingCounts>()
  collectDefaultMetrics({ register: registry })
  // The route's pattern, never the address itself: ids in labels would grow without end.
  const labelNames = ['method', 'route', 'status'] as const
  const requests = new Counter({ name: 'http_requests_total', help: 'Requests that were answered.', labelNames, registers: [registry] })
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the request line to the last byte of the reply.',
    labelNames,
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers: [registry],
  })

  return {
    recent,
    observeRequest({ method, route, status, seconds, code, requestId }) {
      const labels = { method, route: route ?? 'unknown', status: String(status) }
      recent.note({ method, route, status, code, requestId })
      requests.inc(labels)
      durations.observe(labels, seconds)
    },
    watchPools({ user, service, auth }) {
      const pools = { user, service, auth }
      new Gauge({
        name: 'database_connections',
        help: 'Connections of each pool, by state; waiting is requests without one.',
        labelNames: ['pool', 'state'] as const,
        registers: [registry],
        collect() {
          for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
            this.set({ pool, state: 'idle' }, idleCount)
            this.set({ pool, state: 'busy' }, totalCount - idleCount)
            this.set({ pool, state: 'waiting' }, waitingCount)
          }
        },
      })
    },
    counter(name, help, labelNames) {
      const counter = new Counter({ name, help, labelNames, registers: [registry] })
      return (labels) => counter.inc(labels)
    },
    timer(name, help, labelNames) {
      const histogram = new Histogram({ name, help, labelNames, buckets: timerBuckets, registers: [registry] })
      const counts = createSlidingCounts(clock, { minutes: latelyMinutes, width: timerBuckets.length + 1 })
      timers.set(name, counts)
      return (labels, seconds) => {
        histogram.observe(labels, seconds)
        const bucket = timerBuckets.findIndex((bound) => seconds <= bound)
        counts.add(bucket < 0 ? timerBuckets.length : bucket)
      }
    },
    lately(name, share) {
      const sums = timers.get(name)?.sums() ?? []
      const count = sums.reduce((total, sum) => total + sum, 0)
      const bucket = sums.findIndex((_, index) => sums.slice(0, index + 1).reduce((total, sum) => total + sum, 0) >= share * count)
      return { count, withinSeconds: count === 0 ? undefined : (timerBuckets[bucket] ?? Number.POSITIVE_INFINITY) }
    },
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}

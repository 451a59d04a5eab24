import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import type { Clock } from '../../base/clock.ts'
import { createSlidingCounts, type SlidingCounts } from '../../base/sliding-counts.ts'
import { databaseErrors } from '../database/errors.ts'
import type { Pools } from '../database/pools.ts'
import { createRecentRequests, latelyMinutes, type RecentRequests } from './recent-requests.ts'
import { Counter, Histogram } from './series.ts'

/** How a request was answered. */
export interface Answer {
  readonly status: number
  readonly seconds: number
  /** Of ours, where it was refused. */
  readonly code: string | undefined
  readonly requestId: string
}

export interface Metrics {
  /**
   * What is to be told of each answer on a route: its pattern, never the address itself, since ids would grow without
   * end; undefined for addresses where nothing is.
   */
  watchRoute(method: string, route: string | undefined): (answer: Answer) => void
  /** What of these a reader of pages is told; the figures above are for machines. */
  readonly recent: RecentRequests
  watchPools(pools: Pools): void
  /** A domain's own, declared once where it is built. */
  counter<Label extends string>(name: string, help: string, labels: readonly Label[]): Counter<Label>
  timer<Label extends string>(name: string, help: string, labels: readonly Label[], bounds?: readonly number[]): Histogram<Label>
  /** Something that is asked for when the metrics are. */
  gauge(name: string, help: string, read: () => number): void
  /** Of a timer, over the last quarter of an hour: below which bound so much of it was. */
  lately(name: string, share: number): { count: number; withinSeconds: number | undefined }
  /** In Prometheus's text form. */
  render(): Promise<{ contentType: string; text: string }>
}

const usualBounds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5]
const requestBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30]

export function createMetrics({ clock = Date.now }: { clock?: Clock } = {}): Metrics {
  const registry = new Registry()
  const recent = createRecentRequests(clock)
  const timers = new Map<string, { bounds: readonly number[]; counts: SlidingCounts }>()
  collectDefaultMetrics({ register: registry })
  const register = <M extends { name: string }>(metric: M): M => {
    registry.registerMetric(metric as unknown as Metric)
    return metric
  }
  const labels = ['method', 'route', 'status'] as const
  const requests = register(new Counter('http_requests_total', 'Requests that were answered.', labels))
  const violations = register(
    new Counter('rls_policy_violation_total', 'Requests that a policy or a right of the database refused.', ['route'] as const),
  )
  const durations = register(
    new Histogram('http_request_duration_seconds', 'From the request line to the last byte of the reply.', labels, requestBounds),
  )

  return {
    recent,
    watchRoute(method, route) {
      const note = recent.watch(method, route)
      const rowsOf = (status: number) => {
        const labels = { method, route: route ?? 'unknown', status: String(status) }
        return { count: requests.of(labels), duration: durations.of(labels) }
      }
      const rows = new Map<number, ReturnType<typeof rowsOf>>()
      return (answer) => {
        let row = rows.get(answer.status)
        if (!row) {
          row = rowsOf(answer.status)
          rows.set(answer.status, row)
        }
        row.count.add()
        row.duration.observe(answer.seconds)
        note(answer)
        if (answer.code === databaseErrors.forbidden.code) violations.of({ route: route ?? 'unknown' }).add()
      }
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
    counter: (name, help, labels) => register(new Counter(name, help, labels)),
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read())
        },
      })
    },
    timer(name, help, labels, bounds = usualBounds) {
      const counts = createSlidingCounts(clock, { minutes: latelyMinutes, width: bounds.length + 1 })
      timers.set(name, { bounds, counts })
      return register(new Histogram(name, help, labels, bounds, counts))
    },
    lately(name, share) {
      const { bounds = [], counts } = timers.get(name) ?? {}
      const sums = counts?.sums() ?? []
      const count = sums.reduce((total, sum) => total + sum, 0)
      const bucket = sums.findIndex((_, index) => sums.slice(0, index + 1).reduce((total, sum) => total + sum, 0) >= share * count)
      return { count, withinSeconds: count === 0 ? undefined : (bounds[bucket] ?? Number.POSITIVE_INFINITY) }
    },
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}

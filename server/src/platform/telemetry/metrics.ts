import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Pools } from '../database/pools.ts'

export interface Metrics {
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void
  watchPools(pools: Pools): void
  /** A domain's own, declared once where it is built. */
  counter<Label extends string>(name: string, help: string, labels: readonly Label[]): (labels: Record<Label, string>) => void
  timer<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
  ): (labels: Record<Label, string>, seconds: number) => void
  /** In Prometheus's text form. */
  render(): Promise<{ contentType: string; text: string }>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
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
    observeRequest({ method, route, status, seconds }) {
      const labels = { method, route, status: String(status) }
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
      const histogram = new Histogram({ name, help, labelNames, buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5], registers: [registry] })
      return (labels, seconds) => histogram.observe(labels, seconds)
    },
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}

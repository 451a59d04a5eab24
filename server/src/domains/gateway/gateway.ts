import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { Egress } from '../../platform/egress/egress.ts'
import type { Route } from '../../platform/http/define-route.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { Traced } from '../../platform/telemetry/tracing.ts'
import type { CallBound } from './bounds.ts'
import { Breaker, type BreakerSettings, type Way } from './breaker.ts'
import { createCallMetrics } from './call-metrics.ts'
import { createBook } from './entry.ts'
import { TokenCounter } from './estimate/token-counter.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { FindProvider, Habits, Ledger, Objects, Resolve } from './ports.ts'
import { gatewayRoutes } from './routes.ts'
import { Watch } from './watch.ts'

export type { Limits as CallLimits } from './limits.ts'
export type { Candidate, Ledger, Made, Objects, Resolve } from './ports.ts'

export interface GatewayDeps {
  resolve: Resolve
  habitsOf: (provider: string) => Habits
  findProvider: FindProvider
  objects: Objects
  ledger: Ledger
  egress: Pick<Egress, 'dispatcherFor'>
  clock: Clock
  metrics: Pick<Metrics, 'counter' | 'timer'>
  /** Absent: nobody receives traces. */
  traced?: Traced | undefined
  /** For the operator: what went wrong, and with which error. */
  onProblem: (what: string, error: unknown) => void
  limits?: Partial<Limits>
  breaker?: Partial<BreakerSettings>
  bounds?: readonly CallBound[]
  counter?: TokenCounter
  /** Whether calls are made that cannot be written down. */
  servesUnaccounted?: boolean
}

export interface Gateway {
  routes: readonly Route[]
  /** Calls that are under way, those included whose client has left. */
  readonly underWay: number
  /** Until when a way is left alone, because it failed. */
  restsUntil(way: Way): number | undefined
  /** Ends calls whose clients have left, and waits until they are written down: the ledger must still be there. */
  stop(withinMs: number): Promise<void>
  close(): void
}

const defaultBreaker: BreakerSettings = { failures: 5, restMs: 15_000 }

/** Calls to models: transport, and no opinion on whose key is used (the resolver's) or what it costs (the ledger's). */
export function createGateway(deps: GatewayDeps): Gateway {
  const {
    resolve,
    findProvider,
    habitsOf,
    objects,
    ledger,
    egress,
    clock,
    metrics,
    traced,
    onProblem,
    servesUnaccounted = false,
    bounds = [],
  } = deps
  const limits = { ...defaultLimits, ...deps.limits }
  const watch = new Watch(Math.min(500, limits.idleMs / 4, limits.firstByteMs / 4, limits.settleMs / 4))
  const counter = deps.counter ?? new TokenCounter()
  const breaker = new Breaker({ ...defaultBreaker, ...deps.breaker }, clock)
  const routes = gatewayRoutes({
    resolve,
    findProvider,
    objects,
    egress,
    habitsOf,
    book: createBook(ledger, { limitMs: limits.settleMs, servesUnaccounted }, clock, createCallMetrics(metrics), onProblem),
    breaker,
    watch,
    counter,
    limits,
    bounds,
    clock,
    traced,
    onMistake: (error) => onProblem('a mistake of ours in a call', error),
  })
  return {
    routes,
    get underWay() {
      return watch.size
    },
    restsUntil: (way) => breaker.restsUntil(way),
    async stop(withinMs) {
      watch.stop()
      await emptied(watch, withinMs / 2)
      if (!deps.counter) counter.close() // whoever still waits for a count is written down by the bound
      await emptied(watch, withinMs / 2)
      watch.close()
    },
    close() {
      watch.close()
      if (!deps.counter) counter.close()
    },
  }
}

async function emptied(watch: Watch, withinMs: number) {
  for (const until = performance.now() + withinMs; watch.size > 0 && performance.now() < until; ) await sleep(10)
}

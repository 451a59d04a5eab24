import type { Clock } from '../../base/clock.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Route } from '../../platform/http/define-route.ts'
import type { Readiness } from '../../platform/http/probes.ts'
import type { Signals } from '../../platform/signals/signals.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import { alertsRoute } from './alerts.ts'
import { auditRoute } from './audit.ts'
import { databaseRoute } from './database-figures.ts'
import { errorsRoute } from './errors-route.ts'
import { healthRoute } from './health.ts'

export interface OperatorDeps {
  database: Pick<Database, 'system' | 'pools'>
  readiness: Readiness
  metrics: Pick<Metrics, 'lately' | 'recent'>
  signals: Pick<Signals, 'isLive'>
  version: string
  clock: Clock
}

export interface Operator {
  readonly routes: Route[]
}

/** What an operator looks at: how this process and its database do, and what was done. It reads; what changes things is elsewhere. */
export function createOperator(deps: OperatorDeps): Operator {
  return { routes: [healthRoute(deps), databaseRoute(deps), alertsRoute(deps), errorsRoute(deps), auditRoute(deps)] }
}

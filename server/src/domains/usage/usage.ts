import type { Clock } from '../../base/clock.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Route } from '../../platform/http/define-route.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { usageRoutes } from './routes.ts'

export { isDay, readInvoice } from './invoice-file.ts'
export { type Difference, reconcile } from './reconcile.ts'
export { type Prices, rerate } from './rerate.ts'

export interface UsageDeps {
  database: Pick<Database, 'readAs' | 'asPrincipal' | 'system'>
  ledger: Pick<Ledger, 'settle' | 'posted'>
  clock: Clock
}

export interface Usage {
  readonly routes: Route[]
}

export function createUsage(deps: UsageDeps): Usage {
  return { routes: usageRoutes(deps) }
}

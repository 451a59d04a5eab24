import type { Database } from '../../platform/database/database.ts'
import type { Route } from '../../platform/http/define-route.ts'
import { operatorRoutes } from './operator-routes.ts'
import { personRoutes } from './person-routes.ts'
import { platformRoutes } from './platform-routes.ts'

export { listPlatformLimits, listQuotas, type Quota, tierOf } from './quota.ts'
export { type Limits, operatorLimitSchema, removeQuota, setByOperator, setTierLimit, tierLimitSchema, tiers } from './set-quota.ts'

export interface QuotasDeps {
  database: Pick<Database, 'asPrincipal' | 'system'>
  /** Resolves when all calls that have ended are counted. */
  posted(): Promise<void>
}

/** Limits of what people may use: setting and showing them. Keeping them is the ledger's (keyloft.open_calls). */
export function createQuotas(deps: QuotasDeps): { routes: Route[] } {
  return { routes: [...personRoutes(deps), ...operatorRoutes(deps), ...platformRoutes(deps)] }
}

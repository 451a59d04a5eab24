import type { Route } from '../../platform/http/define-route.ts'
import type { ExportDeps } from './export-account.ts'
import { exportRoute } from './export-route.ts'
import { type ProfileDeps, profileRoutes } from './profile-routes.ts'
import { settingsRoutes } from './settings-routes.ts'

/** A person's own account: what they show, what they choose, and closing it. */
export function createSettings(deps: ProfileDeps & ExportDeps): { routes: Route[] } {
  return { routes: [...profileRoutes(deps), ...settingsRoutes(deps.database), exportRoute(deps)] }
}

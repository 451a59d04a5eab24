import type { Database } from '../../platform/database/database.ts'
import type { Route } from '../../platform/http/define-route.ts'
import { modelRoutes } from './routes.ts'

export { importModels, loadShippedModels } from './load-models.ts'
export { readModelFile } from './model-file.ts'

export interface Models {
  readonly routes: Route[]
}

export function createModels({ database }: { database: Pick<Database, 'readAs'> }): Models {
  return { routes: modelRoutes(database) }
}

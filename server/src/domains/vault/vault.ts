import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Egress } from '../../platform/egress/egress.ts'
import type { Route } from '../../platform/http/define-route.ts'
import type { Secrets } from '../../platform/secrets/secrets.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { Providers } from '../providers/providers.ts'
import { type Backend, createBackend } from './backend.ts'
import { backendRoutes } from './backend-routes.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { createKeys, type Keys } from './keys.ts'
import { personRoutes } from './person-routes.ts'

export interface VaultDeps {
  database: Pick<Database, 'system' | 'readAs'>
  secrets: Secrets
  providers: Providers
  egress: Egress
  clock: Clock
}

/** People's provider keys: kept so that nobody else can read them. */
export interface Vault {
  readonly keys: Keys
  readonly gateway: Gateway
  readonly backend: Backend
  readonly routes: readonly Route[]
}

export function createVault({ metrics, ...deps }: VaultDeps & { metrics: Pick<Metrics, 'timer' | 'counter'> }): Vault {
  const measure = measured(metrics)
  const keys = measure(createKeys(deps))
  const gateway = measure(createGateway(deps))
  const backend = measure(createBackend(deps))
  return {
    keys,
    gateway,
    backend,
    routes: [...personRoutes({ keys, gateway, providers: deps.providers }), ...backendRoutes(backend)],
  }
}

/** Every function of a part, timed by its name, and what it refuses counted by its code. */
function measured(metrics: Pick<Metrics, 'timer' | 'counter'>) {
  const observe = metrics.timer('vault_operation_duration_seconds', 'What the vault does, from the question to the answer.', [
    'operation',
    'outcome',
  ])
  const refuse = metrics.counter('vault_refusals_total', 'What the vault did not do, by the code that said so.', ['code'])
  return <Part extends object>(part: Part): Part =>
    Object.fromEntries(
      Object.entries(part).map(([operation, work]: [string, (...given: unknown[]) => Promise<unknown>]) => [
        operation,
        async (...given: unknown[]) => {
          const begun = performance.now()
          const end = (outcome: 'done' | 'refused' | 'failed') =>
            observe.of({ operation, outcome }).observe((performance.now() - begun) / 1_000)
          try {
            const result = await work(...given)
            end('done')
            return result
          } catch (error) {
            const refused = error instanceof AppError && error.status < 500
            end(refused ? 'refused' : 'failed')
            refuse.of({ code: error instanceof AppError ? error.code : 'unknown' }).add()
            throw error
          }
        },
      ]),
    ) as Part
}

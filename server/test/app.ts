import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { afterAll } from 'vitest'
import { type AppOptions, createApp } from '../src/app.ts'
import { createLedger } from '../src/domains/ledger/ledger.ts'
import { usualOrder } from '../src/domains/resolver/sources.ts'
import { createEgress, type EgressOptions } from '../src/platform/egress/egress.ts'
import type { Route } from '../src/platform/http/define-route.ts'
import { createSignals } from '../src/platform/signals/signals.ts'
import { createLog } from '../src/platform/telemetry/log.ts'
import type { Tracing } from '../src/platform/telemetry/tracing.ts'
import { createTestDatabase, type TestDatabase } from './harness.ts'
import { jwtSecret, publicUrl } from './identity.ts'

type AuthSettings = Partial<AppOptions['config']['auth']>

export interface TestApp extends TestDatabase {
  app: FastifyInstance
  /** A second server on the same database: it remembers for itself, and hears of changes by itself. */
  anotherApp(changed?: Partial<AppOptions>, auth?: AuthSettings): Promise<FastifyInstance>
}

/** The whole server on a database of its own, with a test's own routes beside the real ones. */
export async function createTestApp(
  routes: (test: TestDatabase) => Route[] = () => [],
  options: {
    poolSize?: number
    clusterUrl?: string
    tracing?: Tracing
    log?: Logger
    auth?: AuthSettings
    providers?: AppOptions['config']['providers']
    mail?: AppOptions['config']['mail']
    resolver?: AppOptions['config']['resolver']
    egress?: EgressOptions
    callLimits?: AppOptions['callLimits']
  } = {},
): Promise<TestApp> {
  const test = await createTestDatabase(options)
  const egress = createEgress(options.egress)
  const { log = createLog('silent') } = options
  const apps: FastifyInstance[] = []
  const anotherApp = async (changed: Partial<AppOptions> = {}, auth: AuthSettings = {}) => {
    const signals = createSignals({ databaseUrl: test.urls.keyloft_auth, clock: Date.now, log })
    signals.start()
    const ledger = createLedger({ database: test.database, clock: Date.now })
    const app = await createApp({
      config: {
        http: { host: '127.0.0.1', port: 0, publicUrl, corsOrigins: [], trustedProxies: undefined },
        mockProvider: false,
        servesUnaccounted: false,
        auth: { jwtSecret, externalIssuer: undefined, signInWith: {}, ...options.auth, ...auth },
        providers: options.providers ?? { baseUrls: {}, added: {} },
        eraseAfterDays: 30,
        mail: options.mail,
        resolver: options.resolver ?? { order: usualOrder, serverKeys: {} },
      },
      url: publicUrl,
      database: test.database,
      signals,
      keyring: test.keyring,
      egress,
      ledger,
      log,
      ...(options.callLimits ? { callLimits: options.callLimits } : {}),
      ...(options.tracing ? { tracing: options.tracing } : {}),
      moreRoutes: routes(test),
      ...changed,
    })
    app.addHook('onClose', async () => {
      await ledger.stop()
      await signals.stop()
    })
    apps.push(app)
    return app
  }
  const app = await anotherApp()
  afterAll(async () => {
    for (const one of apps) await one.close()
    await egress.close()
  })
  return { ...test, app, anotherApp }
}

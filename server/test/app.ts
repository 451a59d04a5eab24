import type { FastifyInstance } from 'fastify'
import { afterAll } from 'vitest'
import { createApp } from '../src/app.ts'
import { createEgress } from '../src/platform/egress/egress.ts'
import type { Route } from '../src/platform/http/define-route.ts'
import { createLog } from '../src/platform/telemetry/log.ts'
import type { Tracing } from '../src/platform/telemetry/tracing.ts'
import { createTestDatabase, type TestDatabase } from './harness.ts'
import { jwtSecret, publicUrl } from './identity.ts'

export interface TestApp extends TestDatabase {
  app: FastifyInstance
}

/** The whole server on a database of its own, with a test's own routes beside the real ones. */
export async function createTestApp(
  routes: (test: TestDatabase) => Route[] = () => [],
  options: { poolSize?: number; tracing?: Tracing } = {},
): Promise<TestApp> {
  const test = await createTestDatabase(options)
  const egress = createEgress()
  const app = await createApp({
    config: {
      http: { host: '127.0.0.1', port: 0, publicUrl, corsOrigins: [], trustedProxies: undefined },
      auth: { jwtSecret, externalIssuer: undefined },
    },
    url: publicUrl,
    database: test.database,
    keyring: test.keyring,
    egress,
    log: createLog('silent'),
    ...(options.tracing ? { tracing: options.tracing } : {}),
    moreRoutes: routes(test),
  })
  afterAll(async () => {
    await app.close()
    await egress.close()
  })
  return { ...test, app }
}

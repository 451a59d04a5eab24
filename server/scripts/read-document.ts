import { createApp } from '../src/app.ts'
import { createLedger } from '../src/domains/ledger/ledger.ts'
import type { Database } from '../src/platform/database/database.ts'
import { createEgress } from '../src/platform/egress/egress.ts'
import type { Keyring } from '../src/platform/sealing/keyring.ts'
import { deaf } from '../src/platform/signals/signals.ts'
import { createLog } from '../src/platform/telemetry/log.ts'

/** The OpenAPI document as the server gives it, without listening. */
export async function readDocument({ database, keyring }: { database: Database; keyring: Keyring }): Promise<unknown> {
  const egress = createEgress()
  const app = await createApp({
    config: {
      http: { host: '127.0.0.1', port: 0, publicUrl: undefined, corsOrigins: [], trustedProxies: undefined },
      auth: { jwtSecret: undefined, externalIssuer: undefined, signInWith: {} },
      providers: { baseUrls: {}, added: {} },
      mockProvider: false,
      servesUnaccounted: false,
      eraseAfterDays: 30,
      mail: undefined,
      resolver: { order: [], serverKeys: {} },
    },
    url: 'http://127.0.0.1:8787',
    database,
    signals: deaf,
    keyring,
    egress,
    ledger: createLedger({ database, clock: Date.now }),
    log: createLog('error'),
  })
  try {
    const reply = await app.inject('/openapi.json')
    if (reply.statusCode !== 200) throw new Error(`/openapi.json answered with ${reply.statusCode}: ${reply.body}`)
    return reply.json()
  } finally {
    await app.close()
    await egress.close()
  }
}

import type { AddressInfo } from 'node:net'
import { createApp } from '../../../server/src/app.ts'
import { createLedger } from '../../../server/src/domains/ledger/ledger.ts'
import { usualOrder } from '../../../server/src/domains/resolver/sources.ts'
import { directUrlOf } from '../../../server/src/platform/database/direct-url.ts'
import { createEgress } from '../../../server/src/platform/egress/egress.ts'
import { createSignals } from '../../../server/src/platform/signals/signals.ts'
import { createLog } from '../../../server/src/platform/telemetry/log.ts'
import { announce } from './announce.ts'
import { withPerson } from './person.ts'

/* The whole server on the embedded PostgreSQL, durability included: a person with an API token and a provider key. */

const [, , provider = '', limits = ''] = process.argv
const ended = new AbortController()
process.on('disconnect', () => ended.abort())

await withPerson(ended.signal, limits === 'capped', async ({ database, logins, keyring, token, measureCommit }) => {
  const log = createLog('warn')
  const signals = createSignals({ databaseUrl: directUrlOf(logins.keyloft_auth, undefined), clock: Date.now, log })
  signals.start()
  const egress = createEgress()
  const ledger = createLedger({ database, clock: Date.now })
  const app = await createApp({
    config: {
      http: { host: '127.0.0.1', port: 0, publicUrl: undefined, corsOrigins: [], trustedProxies: undefined },
      auth: { jwtSecret: undefined, externalIssuer: undefined, signInWith: {} },
      providers: { baseUrls: { openai: `${provider}/v1` }, added: {} },
      mockProvider: false,
      servesUnaccounted: false,
      eraseAfterDays: 30,
      mail: undefined,
      resolver: { order: usualOrder, serverKeys: {} },
    },
    url: 'http://127.0.0.1:8787',
    database,
    signals,
    keyring,
    egress,
    ledger,
    log,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const key = { provider: 'openai', apiKey: 'sk-mock-0123456789abcdef', verify: false }
  const headers = { authorization: `Bearer ${token}` }
  const kept = await app.inject({ method: 'POST', url: '/api/profile/api-keys', headers, payload: key })
  if (kept.statusCode >= 300) throw new Error(`the key was not kept: ${kept.body}`)
  announce((app.server.address() as AddressInfo).port, headers, measureCommit)
  await new Promise((resolve) => process.once('disconnect', resolve))
  app.server.closeAllConnections()
  await app.close()
  await ledger.stop()
  await signals.stop()
  await egress.close()
})

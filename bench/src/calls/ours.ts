import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import { createApp } from '../../../server/src/app.ts'
import { makePartitions } from '../../../server/src/domains/ledger/jobs.ts'
import { createLedger } from '../../../server/src/domains/ledger/ledger.ts'
import { loadShippedModels } from '../../../server/src/domains/models/models.ts'
import { usualOrder } from '../../../server/src/domains/resolver/sources.ts'
import { readMarkKey } from '../../../server/src/domains/tokens/queries.ts'
import { makeToken } from '../../../server/src/domains/tokens/token-format.ts'
import { createDatabase } from '../../../server/src/platform/database/database.ts'
import { directUrlOf } from '../../../server/src/platform/database/direct-url.ts'
import { ensureLogins } from '../../../server/src/platform/database/logins.ts'
import { migrateUp } from '../../../server/src/platform/database/migrator.ts'
import { connectAsOwner } from '../../../server/src/platform/database/owner.ts'
import { createEgress } from '../../../server/src/platform/egress/egress.ts'
import { createSignals } from '../../../server/src/platform/signals/signals.ts'
import { createLog } from '../../../server/src/platform/telemetry/log.ts'
import { median } from '../figures.ts'
import { withDatabase } from '../throwaway.ts'
import { announce } from './announce.ts'

/* The whole server on the embedded PostgreSQL, durability included: a person with an API token and a provider key. */

const [, , provider = '', limits = ''] = process.argv
const ended = new AbortController()
process.on('disconnect', () => ended.abort())

await withDatabase(ended.signal, async ({ url, keyring }) => {
  const owner = await connectAsOwner(url)
  await migrateUp(owner)
  const logins = await ensureLogins(owner, keyring)
  const database = createDatabase(logins, { poolSize: 10, onError: () => {} })
  await Promise.all([loadShippedModels(database), makePartitions(database)])
  const { id: userId } = await owner.db
    .insertInto('auth.users')
    .values({ email: 'bench@example.com' })
    .returning('id')
    .executeTakeFirstOrThrow()
  const { token, publicId, secretHash, prefix } = makeToken(await database.system('bench', readMarkKey))
  await owner.db
    .insertInto('api_tokens')
    .values({ user_id: userId, name: 'bench', public_id: publicId, secret_hash: secretHash, token_prefix: prefix })
    .execute()
  if (limits === 'capped') {
    const rows = { token_limit: '1000000000000000', cost_limit: '1000000000' }
    await owner.db
      .insertInto('user_quota_limits')
      .values(['daily', 'monthly'].map((type) => ({ user_id: userId, type, ...rows })))
      .execute()
  }
  await sql`create table public.bench_commits (at timestamptz)`.execute(owner.db)
  const measureCommit = async () => {
    const times: number[] = []
    for (let round = 0; round < 300; round++) {
      const begun = performance.now()
      await sql`insert into public.bench_commits values (now())`.execute(owner.db)
      times.push(performance.now() - begun)
    }
    return median(times)
  }

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
  await owner.end()
  await database.end()
})

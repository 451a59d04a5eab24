import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { createIdentity } from '../../server/src/domains/identity/identity.ts'
import { signJwt } from '../../server/src/domains/identity/sign-jwt.ts'
import { readMarkKey } from '../../server/src/domains/tokens/queries.ts'
import { makeToken, type NewToken } from '../../server/src/domains/tokens/token-format.ts'
import { createTokens } from '../../server/src/domains/tokens/tokens.ts'
import { createDatabase } from '../../server/src/platform/database/database.ts'
import { ensureLogins } from '../../server/src/platform/database/logins.ts'
import { migrateUp } from '../../server/src/platform/database/migrator.ts'
import { connectAsOwner } from '../../server/src/platform/database/owner.ts'
import { generateRootKeys, parseKeyring } from '../../server/src/platform/sealing/keyring.ts'
import { createSecrets } from '../../server/src/platform/secrets/secrets.ts'
import { binaries, startCluster } from '../../server/test/cluster.ts'

/*
 * How many credentials one core checks in a second: remembered ones, new ones, and floods of bad ones, with the queries
 * each costs. The database runs without durability, because only reads are timed. Prints, and judges nothing.
 */

interface Line {
  what: string
  perSecond: number
  queriesPerThousand: number
}

export const rememberedToken = 'API token, remembered'
const sliceMs = 1_500
const lanes = 64

export async function benchAuthenticate(): Promise<Line[]> {
  const cluster = await startCluster(binaries['postgres-18']())
  const owner = await connectAsOwner(cluster.url)
  const keyring = parseKeyring(generateRootKeys())
  await migrateUp(owner)
  const database = createDatabase(await ensureLogins(owner, keyring), { poolSize: 10, onError: () => {} })
  try {
    let queries = 0
    const counted: typeof database.system = (job, work) => {
      queries++
      return database.system(job, work)
    }
    const jwtSecret = generateRootKeys()
    const identity = createIdentity({
      database: { pools: database.pools, system: counted },
      tokens: createTokens({ database: { ...database, system: counted }, clock: Date.now }),
      signals: { isLive: () => true, onChanged: () => {} },
      keyring,
      secrets: createSecrets({ database, keyring, clock: Date.now }),
      settings: { publicUrl: 'http://localhost:8787', corsOrigins: [], jwtSecret, externalIssuer: undefined, signInWith: {} },
      clock: Date.now,
      sendMail: () => {},
      fetchJson: () => Promise.reject(new Error('nothing is fetched here')),
      onProblem: () => {},
    })
    const people = Array.from({ length: 1_000 }, () => randomUUID())
    const [userId = ''] = people
    await owner.db
      .insertInto('auth.users')
      .values(people.map((id) => ({ id, email: `${id}@example.com` })))
      .execute()
    const markKey = await database.system('bench', readMarkKey)
    const tokens = Array.from({ length: 20_000 }, () => makeToken(markKey))
    for (let from = 0; from < tokens.length; from += 1_000) {
      const rows = tokens.slice(from, from + 1_000).map((token, index) => toRow(people[index] ?? userId, token))
      await owner.db.insertInto('api_tokens').values(rows).execute()
    }
    const { jwt } = await signJwt(jwtSecret, { role: 'authenticated', userId, ttlSeconds: 3_600 }, Date.now)
    const bearer = (text: string): IncomingHttpHeaders => ({ authorization: `Bearer ${text}`, 'user-agent': 'bench', host: 'localhost' })

    const lines: Line[] = []
    const time = async (what: string, next: () => IncomingHttpHeaders) => {
      const before = queries
      let count = 0
      const start = performance.now()
      await Promise.all(
        Array.from({ length: lanes }, async () => {
          while (performance.now() - start < sliceMs) {
            await Promise.resolve(identity.authenticate(next())).catch(() => {})
            count++
          }
        }),
      )
      const perSecond = count / ((performance.now() - start) / 1_000)
      lines.push({ what, perSecond, queriesPerThousand: ((queries - before) / count) * 1_000 })
    }
    const [known] = tokens as [NewToken]
    const warmToken = bearer(known.token)
    const warmJwt = bearer(jwt)
    let taken = 1
    await time('(warming up)', () => warmToken)
    await time(rememberedToken, () => warmToken)
    await time('JWT (HS256), remembered', () => warmJwt)
    await time('no credential', () => ({ host: 'localhost' }))
    await time('API token, each another', () => bearer(tokens[taken++ % tokens.length]?.token ?? ''))
    const elsewhere = randomBytes(32)
    const invented = Array.from({ length: 100_000 }, () => makeToken(elsewhere).token)
    const garbage = invented.map((token) => `${token.slice(0, -6)}000000`)
    let at = 0
    const gone = bearer(makeToken(markKey).token)
    await time('a token that is gone', () => gone)
    await time('invented tokens, right checksum', () => bearer(invented[at++ % invented.length] ?? ''))
    await time('invented tokens, wrong checksum', () => bearer(garbage[at++ % garbage.length] ?? ''))
    return lines.slice(1)
  } finally {
    await database.end()
    await owner.end()
    await cluster.stop()
  }
}

function toRow(userId: string, { publicId, secretHash, prefix }: NewToken) {
  return { user_id: userId, name: 'bench', public_id: publicId, secret_hash: secretHash, token_prefix: prefix }
}

if (process.argv[1] === import.meta.filename) {
  for (const { what, perSecond, queriesPerThousand } of await benchAuthenticate()) {
    console.log(
      `${what.padEnd(48)} ${Math.round(perSecond).toLocaleString('en').padStart(9)}/s   ${queriesPerThousand.toFixed(2)} queries per 1,000`,
    )
  }
}

import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { type Principal, type Scope, userPrincipal } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Route } from '../../platform/http/define-route.ts'
import { createLastUse } from './last-use.ts'
import { findApiTokens, noteTokenUse, readMarkKey, type TokenRow } from './queries.ts'
import { tokenRoutes } from './routes.ts'
import { hashToken, isWellFormed, readPublicId } from './token-format.ts'

export { lendToken } from './lend-token.ts'
export { tokenPrefix } from './token-format.ts'

type TokenVerdict =
  | { readonly principal: Principal }
  /** Why, for the operator alone: a caller must not learn which part was wrong. */
  | { readonly refused: string }

export interface Tokens {
  /** Whether a presented text is a token that holds, and whose. What was never issued here costs no query. */
  check(token: string): Promise<TokenVerdict>
  /** That a token of this id came with a request; kept soon, not at once. */
  noteUse(tokenId: string): void
  readonly routes: Route[]
  /** Keeps what is gathered, before the process ends. */
  flush(): Promise<void>
}

export interface TokensDeps {
  database: Pick<Database, 'asPrincipal' | 'readAs' | 'system'>
  clock: Clock
}

export function createTokens({ database, clock }: TokensDeps): Tokens {
  const find = gather((publicIds) => database.system('check API tokens', (tx) => findApiTokens(tx, publicIds)))
  const markKey = readOnce(() => database.system('check API tokens', readMarkKey))
  const lastUse = createLastUse((uses) => database.system('note the use of tokens', (tx) => noteTokenUse(tx, uses)), clock)
  return {
    noteUse: lastUse.note,
    flush: lastUse.flush,
    routes: tokenRoutes({ database, markKey, clock }),
    async check(token) {
      if (!isWellFormed(token)) return { refused: 'malformed token' }
      const publicId = readPublicId(token, await markKey())
      if (publicId === undefined) return { refused: 'a token that was not issued here' }
      const row = await find(publicId)
      const isRight = timingSafeEqual(hashToken(token), row.secret_hash)
      if (!row.is_known) return { refused: 'unknown token' }
      if (!isRight) return { refused: `wrong secret for token ${row.id}` }
      if (row.is_closed) return { refused: `the account of token ${row.id} is closed` }
      if (row.revoked_at) return { refused: `token ${row.id} is revoked` }
      if (row.expires_at && row.expires_at.getTime() <= clock()) return { refused: `token ${row.id} has expired` }
      return { principal: toPrincipal(row) }
    },
  }
}

function toPrincipal({ id, user_id, scopes, allowed_models, expires_at }: TokenRow): Principal {
  return {
    ...userPrincipal(user_id),
    scopes: scopes as Scope[], // a constraint of the table
    ...(allowed_models ? { models: allowed_models } : {}),
    tokenId: id,
    ...(expires_at ? { endsAtMs: expires_at.getTime() } : {}),
  }
}

/** What never changes; asked for again where asking failed. */
function readOnce<T>(read: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= read().catch((error) => {
      answer = undefined
      throw error
    })
    return answer
  }
}

const mostInOneQuery = 500

/**
 * One question at a time: ids that arrive while one is under way wait and go together with the next. So however many
 * tokens are new at once, after a start say, they cost the database a query per round trip and hold one connection.
 */
function gather(ask: (publicIds: readonly string[]) => Promise<TokenRow[]>): (publicId: string) => Promise<TokenRow> {
  interface Waiting {
    publicId: string
    resolve: (row: TokenRow) => void
    reject: (error: unknown) => void
  }
  let waiting: Waiting[] = []
  let asking = false

  async function run() {
    asking = true
    while (waiting.length > 0) {
      const group = waiting.slice(0, mostInOneQuery)
      waiting = waiting.slice(mostInOneQuery)
      try {
        const rows = await ask([...new Set(group.map(({ publicId }) => publicId))])
        const byId = new Map(rows.map((row) => [row.public_id, row]))
        for (const { publicId, resolve, reject } of group) {
          const row = byId.get(publicId)
          if (row) resolve(row)
          else reject(new Error('the answer lacks an id that was asked for'))
        }
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    asking = false
  }

  return (publicId) =>
    new Promise((resolve, reject) => {
      waiting.push({ publicId, resolve, reject })
      if (!asking) void run()
    })
}

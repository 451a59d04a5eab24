import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { Principal, Scope } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import { sqlstateOf } from '../../platform/database/sql-errors.ts'
import { tokenErrors } from './errors.ts'
import { insertToken } from './queries.ts'
import { makeToken } from './token-format.ts'

export interface TokenWish {
  name: string
  scopes: Scope[]
  models: string[] | null
  expiresAt: Date | null
}

export interface IssueDeps {
  database: Pick<Database, 'asPrincipal'>
  markKey: () => Promise<Buffer>
  clock: Clock
}

/** Made for whoever asks, and for nobody else. The text of the token is in the answer and nowhere else, ever. */
export async function issueToken({ database, markKey, clock }: IssueDeps, principal: Principal, wish: TokenWish) {
  if (wish.expiresAt && wish.expiresAt.getTime() <= clock()) throw tokenErrors.over_already()
  if (!isWithin(principal, wish)) throw tokenErrors.beyond_own()
  const { token, publicId, secretHash, prefix } = makeToken(await markKey())
  const kept = await database
    .asPrincipal(principal, (tx) =>
      insertToken(tx, {
        user_id: principal.claims.sub ?? '',
        name: wish.name,
        public_id: publicId,
        secret_hash: secretHash,
        token_prefix: prefix,
        scopes: wish.scopes,
        allowed_models: wish.models,
        expires_at: wish.expiresAt,
      }),
    )
    .catch(refuseTooMany)
  return { token, kept }
}

/** Whoever steals a token that may do little for a short time must not make of it one that may do all for ever. */
function isWithin({ tokenId, scopes, models, endsAtMs }: Principal, wish: TokenWish): boolean {
  if (tokenId === undefined) return true
  const endsInTime = endsAtMs === undefined || (wish.expiresAt !== null && wish.expiresAt.getTime() <= endsAtMs)
  const callsNoMore = models === undefined || (wish.models?.every((model) => models.includes(model)) ?? false)
  return endsInTime && callsNoMore && wish.scopes.every((scope) => scopes?.includes(scope))
}

function refuseTooMany(error: unknown): never {
  throw error instanceof AppError && sqlstateOf(error.cause) === 'KL201' ? tokenErrors.too_many({ cause: error }) : error
}

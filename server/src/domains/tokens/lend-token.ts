import type { Clock } from '../../base/clock.ts'
import { userPrincipal } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import { issueToken } from './issue-token.ts'
import { deleteToken, readMarkKey } from './queries.ts'

const name = 'keyloft call'
const holdsMs = 5 * 60 * 1_000

/**
 * A person's token for calls, for a command of the operator, who could sign a JWT as well. It is taken back behind the
 * command; one that was broken off leaves a token that ends by itself, and its row goes with the next.
 */
export async function lendToken(
  { database, clock }: { database: Pick<Database, 'asPrincipal' | 'system'>; clock: Clock },
  userId: string,
): Promise<{ token: string; takeBack: () => Promise<unknown> }> {
  const principal = userPrincipal(userId)
  const markKey = () => database.system('lend a token', readMarkKey)
  await database.asPrincipal(principal, (tx) =>
    tx.deleteFrom('api_tokens').where('name', '=', name).where('expires_at', '<=', new Date(clock())).execute(),
  )
  const wish = { name, scopes: ['calls' as const], models: null, expiresAt: new Date(clock() + holdsMs) }
  const { token, kept } = await issueToken({ database, markKey, clock }, principal, wish)
  return { token, takeBack: () => database.asPrincipal(principal, (tx) => deleteToken(tx, kept.id)) }
}

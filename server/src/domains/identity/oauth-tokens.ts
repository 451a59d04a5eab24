import { tryGetCurrentAuthEndpointContext } from '@better-auth/core/context'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError } from 'better-auth/api'
import { sql } from 'kysely'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Database } from '../../platform/database/database.ts'
import { findSecret, keepSecret, type Secrets } from '../../platform/secrets/secrets.ts'

/*
 * What other providers hand out for a person lies in keyloft.secrets, and their row of auth.accounts refers to it. The
 * hooks before a write take the tokens out of it, the ones after it seal them: a secret belongs to a person, and until the
 * row is committed there may be none. Who is cut off in between signs in again.
 */

const fields = { accessToken: 'oauth access token', refreshToken: 'oauth refresh token', idToken: 'oauth id token' } as const
type Field = keyof typeof fields
const names = Object.keys(fields) as Field[]
type Tokens = Partial<Record<Field, string>>

/** As better-auth knows a row; the three of them are references here. */
type Account = { id: string; userId: string; providerId: string } & Partial<Record<Field, string | null>>

/** Where tokens are needed as they are: to get a new one, to ask the provider, to hand one to its owner. */
const readers = new Set(['/get-access-token', '/refresh-token', '/account-info'])
const revealers = new Set(['/get-access-token', '/refresh-token'])

export interface OAuthTokensOptions {
  database: Pick<Database, 'system'>
  secrets: Pick<Secrets, 'seal' | 'open'>
}

export function createOAuthTokens({ database, secrets }: OAuthTokensOptions) {
  /** Between the hook before a write and the one after it. One request writes one account. */
  const taken = new WeakMap<object, Tokens>()

  async function before(data: Record<string, unknown>, context: object | null) {
    const given = names.filter((name) => typeof data[name] === 'string' && data[name] !== '')
    if (given.length === 0) return
    if (!context) throw new Error('tokens outside of a request')
    taken.set(context, Object.fromEntries(given.map((name) => [name, data[name]])))
    // Something must be left to write.
    return { data: { ...Object.fromEntries(names.map((name) => [name, undefined])), updatedAt: new Date() } }
  }

  async function after(account: Record<string, unknown> | null, context: object | null) {
    const tokens = context ? taken.get(context) : undefined
    if (!context || !tokens || !account) return
    taken.delete(context)
    await keep(account as Account, tokens)
  }

  async function keep({ id, userId, providerId }: Account, tokens: Tokens) {
    const seal = (name: Field) => {
      const text = tokens[name]
      return text === undefined ? undefined : secrets.seal({ userId, kind: fields[name], provider: providerId }, text)
    }
    const [access, refresh, identity] = await Promise.all([seal('accessToken'), seal('refreshToken'), seal('idToken')])
    await database.system('keep OAuth tokens', async (tx) => {
      for (const secret of [access, refresh, identity]) if (secret) await keepSecret(tx, secret)
      const { rows } = await sql<{ done: boolean }>`select keyloft.refer_to_oauth_tokens(
        in_account_id => ${id}, in_user_id => ${userId}, in_access_token => ${access?.id ?? null},
        in_refresh_token => ${refresh?.id ?? null}, in_id_token => ${identity?.id ?? null}) as done`.execute(tx)
      if (!rows[0]?.done) throw new APIError('CONFLICT', { message: 'The account was unlinked meanwhile.', code: 'ACCOUNT_NOT_FOUND' })
    })
  }

  async function open(account: Account, isRevealed: boolean): Promise<Account> {
    const { id, userId, providerId } = account
    const found = await database.system('read OAuth tokens', async (tx) => {
      if (isRevealed) await recordAudit(tx, { action: 'oauth_token.revealed', userId, subject: id, details: { provider: providerId } })
      const one = (name: Field) => (account[name] ? findSecret(tx, userId, account[name]) : undefined)
      return { accessToken: await one('accessToken'), refreshToken: await one('refreshToken'), idToken: await one('idToken') }
    })
    const opened = { ...account }
    for (const name of names) {
      const secret = found[name]
      opened[name] = secret ? await secrets.open(secret, { userId, kind: fields[name], provider: providerId }) : null
    }
    return opened
  }

  return {
    hooks: { create: { before, after }, update: { before, after } },

    /** The reading side, for which better-auth has no hook: of the account that a request asks for, where it needs the tokens. */
    plugin: {
      id: 'keyloft-oauth-tokens',
      init: ({ adapter }) => ({
        context: {
          adapter: {
            ...adapter,
            async findMany<T>(query: Parameters<typeof adapter.findMany>[0]): Promise<T[]> {
              const rows = await adapter.findMany<T>(query)
              const context = query.model === 'account' ? tryGetCurrentAuthEndpointContext() : null
              if (!context?.path || !readers.has(context.path)) return rows
              const asked = (context.body ?? context.query)?.accountId
              const isRevealed = revealers.has(context.path)
              return Promise.all(
                rows.map((row) => ((row as Account).id === asked ? (open(row as Account, isRevealed) as Promise<T>) : row)),
              )
            },
          },
        },
      }),
    } satisfies BetterAuthPlugin,
  }
}

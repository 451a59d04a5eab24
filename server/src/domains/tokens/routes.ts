import { z } from 'zod'
import { scopes } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { pageOf, pageQuery, readCursor, toPage } from '../../platform/http/pages.ts'
import { secretText } from '../../platform/http/secret-text.ts'
import { tokenErrors } from './errors.ts'
import { type IssueDeps, issueToken } from './issue-token.ts'
import { deleteToken, type ListedToken, listTokens, revokeToken } from './queries.ts'
import { hashToken, isWellFormed, readPublicId } from './token-format.ts'

const scope = z.enum(scopes).describe('calls: model calls; read: what the person has; account: changing it.')
const model = z.string().regex(/^[\x21-\x7e]{1,200}$/)

const tokenSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string().describe('How it begins, to recognise it by.'),
    scopes: z.array(scope),
    models: z.array(z.string()).nullable().describe('The only models it may call; null for all.'),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable().describe('To the minute.'),
    revokedAt: z.string().nullable().describe('Set where somebody presented it as leaked.'),
    createdAt: z.string(),
  })
  .meta({ id: 'ApiToken' })

const wishSchema = z.object({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(scope).min(1).max(3).default(['calls', 'read']),
  models: z.array(model).min(1).max(50).nullable().default(null),
  expiresAt: z.iso.datetime({ offset: true }).nullable().default(null),
})

const creationLimit = { max: 60, windowSeconds: 3_600 }

export function tokenRoutes(deps: IssueDeps & { database: Pick<Database, 'asPrincipal' | 'readAs' | 'system'> }): Route[] {
  const { database, markKey } = deps
  return [
    defineRoute({
      method: 'GET',
      path: '/api/tokens',
      policy: { allow: 'user', scope: 'read' },
      schema: { summary: 'Your API tokens', query: pageQuery, reply: pageOf(tokenSchema) },
      handler: async ({ principal, query: { limit, cursor } }) => {
        const after = readCursor(cursor)
        const rows = await database.readAs(principal, (db) => listTokens(db, { after, limit }))
        return toPage(rows, limit, render)
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/tokens',
      policy: { allow: 'user', scope: 'account' },
      idempotent: 'secret',
      rateLimit: creationLimit,
      schema: {
        summary: 'Make an API token; it is shown this once',
        body: wishSchema,
        reply: tokenSchema.extend({ token: z.string().describe('Keep it now: it is shown once and kept nowhere.') }),
        status: 201,
      },
      handler: async ({ principal, body, reply }) => {
        reply.header('cache-control', 'no-store')
        const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt)
        const { token, kept } = await issueToken(deps, principal, { ...body, scopes: [...new Set(body.scopes)], expiresAt })
        return { ...render(kept), token }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/tokens/:id',
      policy: { allow: 'user', scope: 'account' },
      schema: {
        summary: 'Take an API token back, and forget it',
        params: z.object({ id: z.uuid() }),
        reply: z.null(),
        status: 204,
        refusals: [404],
      },
      handler: async ({ principal, params: { id } }) => {
        if (!(await database.asPrincipal(principal, (tx) => deleteToken(tx, id)))) throw tokenErrors.not_found()
        return null
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/tokens/revoke',
      policy: { allow: 'anyone', because: 'whoever holds a token may end it, as the finder of a published one' },
      schema: {
        summary: 'End a leaked API token by presenting it',
        description: 'Answers the same however often. An invented token costs the database nothing, so there is no limit.',
        body: z.object({ token: secretText(200) }),
        reply: z.null(),
        status: 204,
        refusals: [404],
      },
      handler: async ({ body: { token } }) => {
        const publicId = isWellFormed(token) ? readPublicId(token, await markKey()) : undefined
        if (publicId === undefined) throw tokenErrors.not_found()
        const revoked = await database.system('revoke a presented token', (tx) => revokeToken(tx, publicId, hashToken(token)))
        if (!revoked) throw tokenErrors.not_found()
        return null
      },
    }),
  ]
}

function render(row: ListedToken): z.input<typeof tokenSchema> {
  return {
    id: row.id,
    name: row.name,
    prefix: row.token_prefix,
    scopes: row.scopes as (typeof scopes)[number][], // a constraint of the table
    models: row.allowed_models,
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  }
}

import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Database } from '../../platform/database/database.ts'
import { sqlstateOf } from '../../platform/database/sql-errors.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { settingsErrors } from './errors.ts'

const choices = {
  allowGatewayFallback: z.boolean().describe('Whether the team’s gateway may serve a call that none of your keys can.'),
  ownKeysOnly: z.boolean().describe('Strict: a call fails rather than being made with a key that is not yours.'),
}
const key = z.string().regex(/^[A-Za-z][A-Za-z0-9_.]{0,99}$/)
const params = z.object({ id: z.uuid(), key })
const settingsSchema = z
  .object({
    ...choices,
    granted: z.record(z.string(), z.string()).describe('What an operator granted you (maxMessagesPerDay …). Not yours to change.'),
  })
  .meta({ id: 'Settings' })

export function settingsRoutes(database: Pick<Database, 'asPrincipal' | 'system'>): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/settings',
      policy: { allow: 'user', scope: 'read' },
      schema: { summary: 'What you chose, and what you were granted', reply: settingsSchema },
      handler: ({ principal }) =>
        database.asPrincipal(principal, async (tx) => {
          const { sub = '' } = principal.claims
          const chosen = await tx.selectFrom('user_settings').selectAll().where('user_id', '=', sub).executeTakeFirst()
          const granted = await tx
            .selectFrom('settings')
            .select(['key', 'value'])
            .where('user_id', '=', sub)
            .orderBy('key')
            .limit(1_000)
            .execute()
          return {
            allowGatewayFallback: chosen?.allow_gateway_fallback ?? true,
            ownKeysOnly: chosen?.own_keys_only ?? false,
            granted: Object.fromEntries(granted.map(({ key, value }) => [key, value])),
          }
        }),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/settings',
      policy: { allow: 'user', scope: 'account' },
      schema: { summary: 'Choose. What is left out stays as it is', body: z.object(choices).partial(), reply: z.object(choices) },
      handler: async ({ principal, body: { allowGatewayFallback, ownKeysOnly } }) => {
        const user_id = principal.claims.sub ?? ''
        const chosen = {
          ...(allowGatewayFallback === undefined ? {} : { allow_gateway_fallback: allowGatewayFallback }),
          ...(ownKeysOnly === undefined ? {} : { own_keys_only: ownKeysOnly }),
        }
        const row = await database.asPrincipal(principal, async (tx) => {
          const insert = tx.insertInto('user_settings').values({ user_id, ...chosen })
          await insert
            .onConflict((on) => (Object.keys(chosen).length > 0 ? on.column('user_id').doUpdateSet(chosen) : on.doNothing()))
            .execute()
          return tx.selectFrom('user_settings').selectAll().where('user_id', '=', user_id).executeTakeFirstOrThrow()
        })
        return { allowGatewayFallback: row.allow_gateway_fallback, ownKeysOnly: row.own_keys_only }
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/admin/users/:id/settings/:key',
      policy: { allow: 'admin' },
      schema: {
        summary: 'Grant a person a setting',
        params,
        body: z.object({ value: z.string().max(10_000) }),
        reply: z.object({ key: z.string(), value: z.string() }),
        refusals: [404],
      },
      handler: async ({ principal, params: { id, key }, body: { value }, request }) => {
        const grant = database.system(
          'grant a setting',
          async (tx) => {
            await tx
              .insertInto('settings')
              .values({ user_id: id, key, value })
              .onConflict((on) => on.columns(['user_id', 'key']).doUpdateSet({ value }))
              .execute()
            await recordAudit(tx, { action: 'setting.granted', userId: id, subject: key })
          },
          { principal, requestId: request.id },
        )
        await grant.catch((error) => {
          throw error instanceof AppError && sqlstateOf(error.cause) === '23503' ? settingsErrors.no_such_user({ cause: error }) : error
        })
        return { key, value }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/admin/users/:id/settings/:key',
      policy: { allow: 'admin' },
      schema: { summary: 'Take a granted setting back', params, reply: z.null(), status: 204, refusals: [404] },
      handler: async ({ principal, params: { id, key }, request }) => {
        await database.system(
          'grant a setting',
          async (tx) => {
            const { numDeletedRows } = await tx.deleteFrom('settings').where('user_id', '=', id).where('key', '=', key).executeTakeFirst()
            if (numDeletedRows === 0n) throw settingsErrors.no_such_setting()
            await recordAudit(tx, { action: 'setting.taken_back', userId: id, subject: key })
          },
          { principal, requestId: request.id },
        )
        return null
      },
    }),
  ]
}

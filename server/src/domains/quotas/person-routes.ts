import { z } from 'zod'
import type { Tx } from '../../platform/database/database.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { listQuotas, quotaSchema, tierOf } from './quota.ts'
import type { QuotasDeps } from './quotas.ts'
import { beginQuotas, ownLimitSchema, removeQuota, setQuota } from './set-quota.ts'

const listSchema = z.object({ items: z.array(quotaSchema), nextCursor: z.null() })

export function personRoutes({ database, posted }: QuotasDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/profile/quotas',
      policy: { allow: 'user', scope: 'read' },
      schema: { summary: 'What you may use, and what is left of it', reply: listSchema },
      handler: async ({ principal, request }) => {
        const userId = principal.claims.sub ?? ''
        await posted()
        const tier = await database.system('look up a tier', (tx) => tierOf(tx, userId), { principal, requestId: request.id })
        return database.asPrincipal(principal, async (tx) => ({ items: await listQuotas(tx, userId, tier), nextCursor: null }))
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/profile/quotas',
      policy: { allow: 'user', scope: 'account' },
      schema: {
        summary: 'Limit what your own keys are used for',
        description:
          'Counts calls with your own keys alone. In the place of your limit for the same before, whose counters go on. With isActive false and no limit, that one is kept and counts nothing.',
        body: ownLimitSchema,
        reply: quotaSchema,
        refusals: [404, 409],
      },
      handler: async ({ principal, body, request }) => {
        const userId = principal.claims.sub ?? ''
        await posted()
        const id = await database.asPrincipal(principal, (tx) => setQuota(tx, 'person', { userId, spend: 'own', ...body }))
        const begin = async (tx: Tx) => {
          await beginQuotas(tx, userId)
          return tierOf(tx, userId)
        }
        const tier = await database.system('begin the window of a limit', begin, { principal, requestId: request.id })
        const all = await database.asPrincipal(principal, (tx) => listQuotas(tx, userId, tier))
        const set = all.find((one) => one.id === id)
        if (!set) throw new Error('what was set is not there')
        return set
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/profile/quotas/:id',
      policy: { allow: 'user', scope: 'account' },
      schema: {
        summary: 'Take back a limit that you set',
        params: z.object({ id: z.uuid() }),
        reply: z.null(),
        status: 204,
        refusals: [404],
      },
      handler: async ({ principal, params: { id } }) => {
        await database.asPrincipal(principal, (tx) => removeQuota(tx, id, 'person'))
        return null
      },
    }),
  ]
}

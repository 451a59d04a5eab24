import { z } from 'zod'
import type { Tx } from '../../platform/database/database.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { listQuotas, quotaSchema, tierOf } from './quota.ts'
import type { QuotasDeps } from './quotas.ts'
import { operatorLimitSchema, removeQuota, setByOperator } from './set-quota.ts'

const policy = { allow: 'admin' } as const

export function operatorRoutes({ database, posted }: QuotasDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/quotas',
      policy,
      schema: {
        summary: 'What a person may use, and what is left of it',
        query: z.strictObject({ userId: z.uuid() }),
        reply: z.object({ items: z.array(quotaSchema), nextCursor: z.null() }),
      },
      handler: async ({ principal, query: { userId }, request }) => {
        await posted()
        const list = async (tx: Tx) => ({ items: await listQuotas(tx, userId, await tierOf(tx, userId)), nextCursor: null })
        return database.system('list quotas', list, { principal, requestId: request.id })
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/quotas',
      policy,
      schema: {
        summary: 'Limit what a person may use',
        description:
          'Counts on every server within a second. In the place of the limit for the same before, whose counters go on. With isActive false and no limit, that one is kept and counts nothing. Audited.',
        body: operatorLimitSchema,
        reply: quotaSchema,
        refusals: [404],
      },
      handler: async ({ principal, body, request }) => {
        await posted()
        return database.system(
          'set a quota',
          async (tx) => {
            const id = await setByOperator(tx, body)
            const set = (await listQuotas(tx, body.userId, await tierOf(tx, body.userId))).find((one) => one.id === id)
            if (!set) throw new Error('what was set is not there')
            return set
          },
          { principal, requestId: request.id },
        )
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/quotas/:id',
      policy,
      schema: {
        summary: 'Take back a limit that an operator set',
        params: z.object({ id: z.uuid() }),
        reply: z.null(),
        status: 204,
        refusals: [404],
      },
      handler: async ({ principal, params: { id }, request }) => {
        await database.system('remove a quota', (tx) => removeQuota(tx, id, 'operator'), { principal, requestId: request.id })
        return null
      },
    }),
  ]
}

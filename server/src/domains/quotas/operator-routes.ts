import { z } from 'zod'
import { recordAudit } from '../../platform/audit/audit.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { listQuotas, quotaSchema } from './quota.ts'
import type { QuotasDeps } from './quotas.ts'
import { limitColumns, operatorLimitSchema, removeQuota, setByOperator, tierLimitSchema } from './set-quota.ts'

const policy = { allow: 'admin' } as const
const tierParams = z.object({ tier: z.enum(['free', 'pro']), type: z.enum(['daily', 'monthly']) })
const tierSchema = z
  .object({
    tier: z.string(),
    type: z.enum(['daily', 'monthly']),
    requestLimit: z.number().nullable(),
    tokenLimit: z.number().nullable(),
    costLimitUsd: z.string().nullable(),
  })
  .meta({ id: 'TierLimit' })
type TierLimit = z.input<typeof tierSchema>

export function operatorRoutes({ database }: Pick<QuotasDeps, 'database'>): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/quotas',
      policy,
      schema: {
        summary: 'What a person may use, and what is left of it',
        query: z.object({ userId: z.uuid() }),
        reply: z.object({ items: z.array(quotaSchema), nextCursor: z.null() }),
      },
      handler: ({ principal, query: { userId }, request }) =>
        database.system('list quotas', async (tx) => ({ items: await listQuotas(tx, userId), nextCursor: null }), {
          principal,
          requestId: request.id,
        }),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/quotas',
      policy,
      schema: {
        summary: 'Limit what a person may use',
        description:
          'Counts on every server within a second. In the place of the limit for the same before, whose counters go on. Audited.',
        body: operatorLimitSchema,
        reply: quotaSchema,
        refusals: [404],
      },
      handler: ({ principal, body, request }) =>
        database.system(
          'set a quota',
          async (tx) => {
            const id = await setByOperator(tx, body)
            const set = (await listQuotas(tx, body.userId)).find((one) => one.id === id)
            if (!set) throw new Error('what was set is not there')
            return set
          },
          { principal, requestId: request.id },
        ),
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
    defineRoute({
      method: 'GET',
      path: '/api/quotas/tiers',
      policy,
      schema: {
        summary: 'What everybody of a tier may use of calls that the operator pays for',
        reply: z.object({ items: z.array(tierSchema), nextCursor: z.null() }),
      },
      handler: ({ principal, request }) =>
        database.system(
          'list tiers',
          async (tx) => {
            const rows = await tx.selectFrom('quota_tiers').selectAll().orderBy('tier').orderBy('type').execute()
            return {
              items: rows.map(({ tier, type, request_limit, token_limit, cost_limit }) => ({
                tier,
                type: type as TierLimit['type'], // a constraint of the table
                requestLimit: request_limit === null ? null : Number(request_limit),
                tokenLimit: token_limit === null ? null : Number(token_limit),
                costLimitUsd: cost_limit,
              })),
              nextCursor: null,
            }
          },
          { principal, requestId: request.id },
        ),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/quotas/tiers/:tier/:type',
      policy,
      schema: { summary: 'Set what a tier may use', description: 'Audited.', params: tierParams, body: tierLimitSchema, reply: tierSchema },
      handler: async ({ principal, params: { tier, type }, body, request }) => {
        const columns = limitColumns(body)
        await database.system(
          'set a tier',
          async (tx) => {
            const insert = tx.insertInto('quota_tiers').values({ tier, type, ...columns })
            await insert.onConflict((on) => on.columns(['tier', 'type']).doUpdateSet(columns)).execute()
            await recordAudit(tx, { action: 'tier.set', userId: null, subject: tier, details: { type, ...body } })
          },
          { principal, requestId: request.id },
        )
        return {
          tier,
          type,
          requestLimit: body.requestLimit ?? null,
          tokenLimit: body.tokenLimit ?? null,
          costLimitUsd: body.costLimitUsd ?? null,
        }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/quotas/tiers/:tier/:type',
      policy,
      schema: {
        summary: 'Let a tier go without a limit',
        description: 'Audited.',
        params: tierParams,
        reply: z.null(),
        status: 204,
      },
      handler: async ({ principal, params: { tier, type }, request }) => {
        await database.system(
          'set a tier',
          async (tx) => {
            await tx.deleteFrom('quota_tiers').where('tier', '=', tier).where('type', '=', type).execute()
            await recordAudit(tx, { action: 'tier.unset', userId: null, subject: tier, details: { type } })
          },
          { principal, requestId: request.id },
        )
        return null
      },
    }),
  ]
}

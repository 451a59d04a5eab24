import { z } from 'zod'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { listPlatformLimits, platformLimitSchema } from './quota.ts'
import type { QuotasDeps } from './quotas.ts'
import { setTierLimit, tierLimitSchema, tiers } from './set-quota.ts'

const policy = { allow: 'admin' } as const
const types = z.enum(['daily', 'monthly'])
const tierParams = z.object({ tier: z.enum(tiers), type: types })
const platformParams = z.object({ type: types })
const tierSchema = z
  .object({
    tier: z.string(),
    type: types,
    requestLimit: z.number().nullable(),
    tokenLimit: z.number().nullable(),
    costLimitUsd: z.string().nullable(),
  })
  .meta({ id: 'TierLimit' })
type TierLimit = z.input<typeof tierSchema>

/** What people may spend of the operator's money: each of a tier, and all together. */
export function platformRoutes({ database }: Pick<QuotasDeps, 'database'>): Route[] {
  return [
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
        await database.system('set a tier', (tx) => setTierLimit(tx, tier, type, body), { principal, requestId: request.id })
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
        await database.system('set a tier', (tx) => setTierLimit(tx, tier, type, undefined), { principal, requestId: request.id })
        return null
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/quotas/platform',
      policy,
      schema: {
        summary: 'What all people together may use of calls that the operator pays for, and what is left of it',
        reply: z.object({ items: z.array(platformLimitSchema), nextCursor: z.null() }),
      },
      handler: ({ principal, request }) =>
        database.system('list the limits of the platform', async (tx) => ({ items: await listPlatformLimits(tx), nextCursor: null }), {
          principal,
          requestId: request.id,
        }),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/quotas/platform/:type',
      policy,
      schema: {
        summary: 'Limit what all people together may use of calls that the operator pays for',
        description: 'Counts on every server within a second; what was used goes on. Audited.',
        params: platformParams,
        body: tierLimitSchema,
        reply: platformLimitSchema,
      },
      handler: ({ principal, params: { type }, body, request }) =>
        database.system(
          'limit the platform',
          async (tx) => {
            await setTierLimit(tx, 'platform', type, body)
            const set = (await listPlatformLimits(tx)).find((one) => one.type === type)
            if (!set) throw new Error('what was set is not there')
            return set
          },
          { principal, requestId: request.id },
        ),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/quotas/platform/:type',
      policy,
      schema: {
        summary: 'Let people together use without a limit what the operator pays for',
        description: 'Audited.',
        params: platformParams,
        reply: z.null(),
        status: 204,
      },
      handler: async ({ principal, params: { type }, request }) => {
        await database.system('limit the platform', (tx) => setTierLimit(tx, 'platform', type, undefined), {
          principal,
          requestId: request.id,
        })
        return null
      },
    }),
  ]
}

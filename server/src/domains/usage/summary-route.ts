import { z } from 'zod'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { providerName } from '../providers/providers.ts'
import { beginningOf, listQuotas, periods, summarise } from './summary.ts'
import type { UsageDeps } from './usage.ts'

/** As a filter. */
export const modelName = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !/\p{Cc}/u.test(text), 'must be without control characters')

const count = z.number().min(0)
const sums = {
  requests: count,
  unpricedRequests: count.describe('Of them, those that costUsd knows nothing of.'),
  presumedRequests: count.describe('Of them, those of which nobody knows how they ended.'),
  tokens: z.object({ total: count, input: count, cachedInput: count, output: count, reasoning: count }),
  costUsd: z.string().describe('With adjustments.'),
  adjustmentUsd: z.string().describe('Of it, what re-rating added or took away.'),
}

const quota = z.object({
  type: z.enum(['daily', 'monthly', 'provider', 'model']),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  requestLimit: count.nullable(),
  tokenLimit: count.nullable(),
  costLimitUsd: z.string().nullable(),
  usedRequests: count,
  usedTokens: count,
  usedCostUsd: z.string(),
  resetAt: z.string().nullable(),
})
type Quota = z.input<typeof quota>

const usageSchema = z
  .object({
    period: z.enum(periods),
    from: z.string().nullable().describe('For all: the hour of the first call, null where there is none.'),
    to: z.string(),
    totals: z.object(sums),
    providers: z.array(z.object({ provider: z.string(), ...sums })).describe('The dearest first.'),
    models: z.array(z.object({ provider: z.string(), model: z.string(), ...sums })).describe('The ten dearest.'),
    days: z.array(z.object({ date: z.string(), ...sums })).describe('Days of UTC on which there were calls.'),
    sources: z.array(z.object({ source: z.string(), ...sums })).describe('By whose key was called.'),
    quotas: z.array(quota),
  })
  .meta({ id: 'Usage' })

export function summaryRoute({ database, ledger, clock }: UsageDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/api/profile/usage',
    policy: { allow: 'user', scope: 'read' },
    schema: {
      summary: 'What you used, and what it cost',
      description: 'Days, weeks and months are those of UTC; a week is today and the six days before. The filters hold for every sum.',
      query: z.strictObject({
        period: z.enum(periods).default('month'),
        provider: providerName.optional().describe('By its id or an alias.'),
        model: modelName.optional(),
      }),
      reply: usageSchema,
    },
    handler: async ({ principal, query: { period, provider, model } }) => {
      await ledger.posted()
      const nowMs = clock()
      const from = beginningOf(period, nowMs)
      const userId = principal.claims.sub ?? ''
      const { summary, quotas } = await database.asPrincipal(principal, async (tx) => ({
        summary: await summarise(tx, userId, { from, provider, model }),
        quotas: await listQuotas(tx, userId),
      }))
      const { since, ...rest } = summary
      return {
        period,
        from: (from ?? since)?.toISOString() ?? null,
        to: new Date(nowMs).toISOString(),
        ...rest,
        quotas: quotas.map((row) => renderQuota(row, nowMs)),
      }
    },
  })
}

/** A window that has ended begins anew with the next call; until then nothing of it is used. */
function renderQuota(row: Awaited<ReturnType<typeof listQuotas>>[number], nowMs: number): Quota {
  const isOver = row.reset_at !== null && row.reset_at.getTime() <= nowMs
  const toCount = (text: string | null) => (text === null ? null : Number(text))
  return {
    type: row.type as Quota['type'], // a constraint of the table
    provider: row.provider,
    model: row.model,
    requestLimit: toCount(row.request_limit),
    tokenLimit: toCount(row.token_limit),
    costLimitUsd: row.cost_limit,
    usedRequests: isOver ? 0 : Number(row.used_requests),
    usedTokens: isOver ? 0 : Number(row.used_tokens),
    usedCostUsd: isOver ? '0' : row.used_cost,
    resetAt: isOver ? null : (row.reset_at?.toISOString() ?? null),
  }
}

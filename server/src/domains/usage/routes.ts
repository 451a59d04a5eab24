import { z } from 'zod'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { pageOf, pageQuery, readCursor, toPage } from '../../platform/http/pages.ts'
import { providerName } from '../providers/providers.ts'
import { findCall, listCalls, outcomes } from './calls.ts'
import { usageErrors } from './errors.ts'
import { exportCsv } from './export-csv.ts'
import { recordSchema, recordUsage } from './record-usage.ts'
import { callDetailSchema, callSchema, renderCall, renderFound } from './render.ts'
import { modelName, summaryRoute } from './summary-route.ts'
import type { UsageDeps } from './usage.ts'

const policy = { allow: 'user', scope: 'read' } as const
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

// Strict, as all of usage: a filter whose name was misspelt would be none.
const filterQuery = z.strictObject({
  from: time.optional().describe('Those that began at this time or later.'),
  to: time.optional().describe('Those that began before it.'),
  provider: providerName.optional().describe('By its id or an alias.'),
  model: modelName.optional(),
  outcome: z.enum(outcomes).optional(),
  key: z.uuid().optional().describe('Of the provider’s key.'),
  token: z.uuid().optional().describe('Of the API token by which they were asked for.'),
})

const isVisible = (id: string) => /^[\x21-\x7e]*$/.test(id)
const isForward = ({ from, to }: { from?: Date | undefined; to?: Date | undefined }) => !from || !to || from < to
const isForwardMessage = { path: ['to'], message: 'must be later than from' }

const toFilter = ({ key, token, ...rest }: z.output<typeof filterQuery>) => ({ ...rest, keyId: key, tokenId: token })

export function usageRoutes(deps: UsageDeps): Route[] {
  const { database, ledger, clock } = deps
  return [
    summaryRoute(deps),
    defineRoute({
      method: 'POST',
      path: '/api/profile/usage',
      policy: { allow: 'service' },
      idempotent: 'keep',
      schema: {
        summary: 'Write down a call that was made elsewhere',
        description: 'Under an Idempotency-Key it is written once, however late it comes again; the key becomes its requestId.',
        body: recordSchema,
        reply: callDetailSchema,
        status: 201,
        refusals: [404],
      },
      handler: async ({ body, request }) => {
        const key = request.headers['idempotency-key']
        return renderFound(await recordUsage(deps, body, { key: typeof key === 'string' ? key : undefined, requestId: request.id }))
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/usage/calls',
      policy,
      schema: {
        summary: 'Your calls, newest first',
        query: filterQuery.extend(pageQuery.shape).refine(isForward, isForwardMessage),
        reply: pageOf(callSchema),
      },
      handler: async ({ principal, query: { limit, cursor, ...filter } }) => {
        const after = readCursor(cursor)
        await ledger.posted()
        const rows = await listCalls(database, principal, toFilter(filter), { after, limit: limit + 1, nowMs: clock() })
        return toPage(rows, limit, renderCall)
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/usage/calls/:id',
      policy,
      schema: {
        summary: 'One call, with how its key was chosen and what it cost, line by line',
        description: 'By its id, or by the id of its request (x-request-id): then the last call that was made for it.',
        params: z.object({ id: z.string().min(1).max(100).refine(isVisible, 'must be without spaces and control characters') }),
        reply: callDetailSchema,
        refusals: [404],
      },
      handler: async ({ principal, params: { id } }) => {
        await ledger.posted()
        const found = await database.asPrincipal(principal, (tx) => findCall(tx, principal.claims.sub ?? '', id))
        if (!found) throw usageErrors.no_such_call()
        return renderFound(found)
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/usage/export.csv',
      policy,
      rateLimit: { max: 60, windowSeconds: 3_600 },
      schema: {
        summary: 'Your calls as CSV, newest first',
        description:
          'All of them, or those that the filters leave. A cell that a spreadsheet would take for a formula begins with an apostrophe.',
        query: filterQuery.refine(isForward, isForwardMessage),
        reply: z.unknown(),
        produces: ['text/csv'],
      },
      handler: async ({ principal, query, reply }) => {
        await ledger.posted()
        const csv = await exportCsv(database, principal, toFilter(query), clock())
        reply.type('text/csv; charset=utf-8').header('cache-control', 'no-store')
        reply.header('content-disposition', 'attachment; filename="keyloft-usage.csv"')
        return csv
      },
    }),
  ]
}

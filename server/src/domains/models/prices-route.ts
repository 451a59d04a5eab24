import { sql } from 'kysely'
import { z } from 'zod'
import type { Principal } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import { defineRoute } from '../../platform/http/define-route.ts'
import { pageOf, pageQuery, readCursor, toPage } from '../../platform/http/pages.ts'
import { providerName } from '../providers/providers.ts'

const decimal = z.string().nullable()

export const priceSchema = z.object({
  fromInputTokens: z.int().describe('The rates of calls with at least so many input tokens.'),
  input: decimal.describe('USD for a million tokens, as are all but the last three.'),
  cachedInput: decimal,
  cacheWrite5m: decimal,
  cacheWrite1h: decimal,
  audioInput: decimal,
  output: decimal,
  reasoning: decimal,
  audioOutput: decimal,
  image: decimal.describe('USD for one.'),
  search: decimal.describe('USD for one, of the web by a tool of the provider’s.'),
  request: decimal.describe('USD for one.'),
})

const listed = priceSchema
  .extend({
    provider: z.string(),
    model: z.string(),
    effectiveFrom: z.iso.datetime(),
    isInForce: z.boolean(),
    source: z.string().describe('shipped with Keyloft, or imported by the operator, which outranks it.'),
  })
  .meta({ id: 'ListedPrice' })

/** Prices of every date; new ones come by `keyloft models import`. */
export function pricesRoute(database: Pick<Database, 'readAs'>) {
  return defineRoute({
    method: 'GET',
    path: '/api/admin/prices',
    policy: { allow: 'admin' },
    schema: {
      summary: 'Every price with its date, the latest first',
      query: pageQuery.extend({
        provider: providerName.optional(),
        model: z.string().min(1).max(200).optional().describe('Part of its name.'),
      }),
      reply: pageOf(listed),
    },
    handler: async ({ principal, query: { limit, cursor, ...filter } }) =>
      toPage(
        await listPrices(database, principal, filter, { after: readCursor(cursor), limit }),
        limit,
        ({ at: _, id: _id, ...price }) => ({
          ...price,
          effectiveFrom: price.effectiveFrom.toISOString(),
          fromInputTokens: Number(price.fromInputTokens),
        }),
      ),
  })
}

function listPrices(
  database: Pick<Database, 'readAs'>,
  principal: Principal,
  { provider, model }: { provider?: string | undefined; model?: string | undefined },
  { after, limit }: { after: ReturnType<typeof readCursor>; limit: number },
) {
  return database.readAs(principal, (db) => {
    let query = db
      .selectFrom('model_prices as p')
      .select([
        'p.id',
        sql<string>`to_char(p.effective_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('at'),
        'p.provider',
        'p.model',
        'p.effective_from as effectiveFrom',
        'p.source',
        'p.from_input_tokens as fromInputTokens',
        'p.input_per_million as input',
        'p.cached_input_per_million as cachedInput',
        'p.cache_write_5m_per_million as cacheWrite5m',
        'p.cache_write_1h_per_million as cacheWrite1h',
        'p.audio_input_per_million as audioInput',
        'p.output_per_million as output',
        'p.reasoning_per_million as reasoning',
        'p.audio_output_per_million as audioOutput',
        'p.per_image as image',
        'p.per_search as search',
        'p.per_request as request',
        sql<boolean>`p.effective_from = (select max(q.effective_from) from model_prices q
          where q.provider = p.provider and q.model = p.model and q.effective_from <= now())`.as('isInForce'),
      ])
      .orderBy('p.effective_from', 'desc')
      .orderBy('p.id', 'desc')
      .limit(limit + 1)
    if (provider !== undefined) query = query.where('p.provider', '=', provider)
    if (model !== undefined) query = query.where(sql<boolean>`strpos(lower(p.model), ${model.toLowerCase()}) > 0`)
    if (after) query = query.where(sql<boolean>`(p.effective_from, p.id) < (${after.at}::timestamptz, ${after.id}::uuid)`)
    return query
  })
}

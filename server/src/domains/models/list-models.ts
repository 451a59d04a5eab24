import { sql } from 'kysely'
import type { Principal } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'

/** Per million tokens, but for image and request, which are each. Decimal text in USD. */
interface Price {
  fromInputTokens: number
  input: string | null
  cachedInput: string | null
  cacheWrite5m: string | null
  cacheWrite1h: string | null
  audioInput: string | null
  output: string | null
  reasoning: string | null
  audioOutput: string | null
  image: string | null
  request: string | null
}

export interface Model {
  provider: string
  model: string
  name: string
  description: string | null
  modality: string
  contextLength: number | null
  maxTokens: number | null
  vision: boolean
  webSearch: boolean
  tools: boolean
  isCurated: boolean
  createdAt: Date
  /** Those in force; none where nobody entered any. */
  prices: Price[]
  pricedFrom: Date | null
}

export interface ModelFilter {
  provider?: string | undefined
  /** Part of its name or of what it is called. */
  search?: string | undefined
  /** The provider and model behind which the list goes on. */
  after?: readonly [provider: string, model: string] | undefined
  limit: number
}

const prices = sql<Pick<Model, 'prices' | 'pricedFrom'>>`(
  select effective_from as "pricedFrom", jsonb_agg(jsonb_build_object(
           'fromInputTokens', from_input_tokens, 'input', input_per_million::text, 'cachedInput', cached_input_per_million::text,
           'cacheWrite5m', cache_write_5m_per_million::text, 'cacheWrite1h', cache_write_1h_per_million::text,
           'audioInput', audio_input_per_million::text, 'output', output_per_million::text, 'reasoning', reasoning_per_million::text,
           'audioOutput', audio_output_per_million::text, 'image', per_image::text, 'request', per_request::text) order by from_input_tokens) as prices
    from model_prices where provider = m.provider and model = m.model and effective_from <= now()
   group by effective_from order by effective_from desc limit 1)`

/** In the order of provider and name. */
export async function listModels(database: Pick<Database, 'readAs'>, principal: Principal, filter: ModelFilter): Promise<Model[]> {
  const rows = await database.readAs(principal, (db) => {
    let query = db
      .selectFrom('ai_models as m')
      .leftJoinLateral(prices.as('p'), (join) => join.onTrue())
      .select([
        'm.provider',
        'm.model',
        'm.display_name as name',
        'm.description',
        'm.modality',
        'm.context_length as contextLength',
        'm.max_tokens as maxTokens',
        'm.vision_supported as vision',
        'm.web_search_supported as webSearch',
        'm.tool_calling_supported as tools',
        'm.is_curated as isCurated',
        'm.created_at as createdAt',
        'p.prices',
        'p.pricedFrom',
      ])
      .where('m.is_active', '=', true)
      .orderBy('m.provider')
      .orderBy('m.model')
      .limit(filter.limit)
    if (filter.provider !== undefined) query = query.where('m.provider', '=', filter.provider)
    if (filter.search !== undefined) {
      const wanted = filter.search.toLowerCase()
      query = query.where((is) =>
        is.or([sql<boolean>`strpos(lower(m.model), ${wanted}) > 0`, sql<boolean>`strpos(lower(m.display_name), ${wanted}) > 0`]),
      )
    }
    if (filter.after) query = query.where(sql<boolean>`(m.provider, m.model) > (${filter.after[0]}, ${filter.after[1]})`)
    return query
  })
  return rows.map((row) => ({ ...row, prices: row.prices ?? [] }))
}

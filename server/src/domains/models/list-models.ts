import { sql } from 'kysely'
import type { Principal } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'

/** Per million tokens, but for image, search and request, which are each. Decimal text in USD. */
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
  search: string | null
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
  modality?: string | undefined
  /** Part of its name or of what it is called. */
  search?: string | undefined
  minContext?: number | undefined
  vision?: boolean | undefined
  webSearch?: boolean | undefined
  tools?: boolean | undefined
  curated?: boolean | undefined
  /** USD for a million input tokens of a call that is not long; what has no price passes neither. */
  inputAtLeast?: string | undefined
  inputAtMost?: string | undefined
}

export interface ModelPage {
  /** Behind which the list goes on. */
  after?: ModelPlace | undefined
  limit: number
}

type ModelPlace = readonly [isCurated: boolean, provider: string, model: string]

const prices = sql<Pick<Model, 'prices' | 'pricedFrom'>>`(
  select effective_from as "pricedFrom", jsonb_agg(jsonb_build_object(
           'fromInputTokens', from_input_tokens, 'input', input_per_million::text, 'cachedInput', cached_input_per_million::text,
           'cacheWrite5m', cache_write_5m_per_million::text, 'cacheWrite1h', cache_write_1h_per_million::text,
           'audioInput', audio_input_per_million::text, 'output', output_per_million::text, 'reasoning', reasoning_per_million::text,
           'audioOutput', audio_output_per_million::text, 'image', per_image::text, 'search', per_search::text, 'request', per_request::text) order by from_input_tokens) as prices
    from model_prices where provider = m.provider and model = m.model and effective_from <= now()
   group by effective_from order by effective_from desc limit 1)`

const inputPrice = sql<string | null>`(p.prices -> 0 ->> 'input')::numeric`

/** Curated ones first, then in the order of provider and name. */
export async function listModels(
  database: Pick<Database, 'readAs'>,
  principal: Principal,
  { search, minContext, inputAtLeast, inputAtMost, ...filter }: ModelFilter,
  { after, limit }: ModelPage,
): Promise<Model[]> {
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
      .orderBy('m.is_curated', 'desc')
      .orderBy('m.provider')
      .orderBy('m.model')
      .limit(limit)
    for (const [name, column] of Object.entries(columns)) {
      const wanted = filter[name as keyof typeof columns]
      if (wanted !== undefined) query = query.where(column, '=', wanted)
    }
    if (minContext !== undefined) query = query.where('m.context_length', '>=', minContext)
    if (inputAtLeast !== undefined) query = query.where(inputPrice, '>=', inputAtLeast)
    if (inputAtMost !== undefined) query = query.where(inputPrice, '<=', inputAtMost)
    if (search !== undefined) {
      const wanted = search.toLowerCase()
      query = query.where((is) =>
        is.or([sql<boolean>`strpos(lower(m.model), ${wanted}) > 0`, sql<boolean>`strpos(lower(m.display_name), ${wanted}) > 0`]),
      )
    }
    if (after)
      query = query.where(sql<boolean>`(not m.is_curated, m.provider, m.model) > (not ${after[0]}::boolean, ${after[1]}, ${after[2]})`)
    return query
  })
  return rows.map((row) => ({ ...row, prices: row.prices ?? [] }))
}

const columns = {
  provider: 'm.provider',
  modality: 'm.modality',
  vision: 'm.vision_supported',
  webSearch: 'm.web_search_supported',
  tools: 'm.tool_calling_supported',
  curated: 'm.is_curated',
} as const

/** What there is to choose from: every provider and modality of a model that is listed. */
export async function listFacets(database: Pick<Database, 'readAs'>, principal: Principal) {
  const rows = await database.readAs(principal, (db) =>
    db
      .selectFrom('ai_models')
      .select(({ fn }) => ['provider', 'modality', 'is_curated as isCurated', fn.countAll<string>().as('count')])
      .where('is_active', '=', true)
      .groupBy(['provider', 'modality', 'is_curated'])
      .orderBy('provider')
      .orderBy('modality'),
  )
  const sum = (of: typeof rows) => of.reduce((total, { count }) => total + Number(count), 0)
  const distinct = (of: 'provider' | 'modality') => [...new Set(rows.map((row) => row[of]))].sort()
  return {
    total: sum(rows),
    curated: sum(rows.filter(({ isCurated }) => isCurated)),
    providers: distinct('provider').map((provider) => ({ provider, count: sum(rows.filter((row) => row.provider === provider)) })),
    modalities: distinct('modality').map((modality) => ({ modality, count: sum(rows.filter((row) => row.modality === modality)) })),
  }
}

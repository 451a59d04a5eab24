import { sql } from 'kysely'
import type { Database, Tx } from '../../platform/database/database.ts'
import { modelsErrors } from './errors.ts'
import { type ModelFile, shippedModelFile } from './model-file.ts'

interface Loaded {
  newModels: number
  newPrices: number
}

/** At every start: what it has brought before, or what the operator knows better, it leaves as it is. */
export async function loadShippedModels(database: Pick<Database, 'system'>): Promise<Loaded> {
  const { newModels, newPrices } = await database.system('load shipped models', (tx) => load(tx, shippedModelFile(), 'shipped'))
  return { newModels, newPrices }
}

/** @throws where a price would have to be overwritten; then nothing was changed */
export async function importModels(database: Pick<Database, 'system'>, file: ModelFile): Promise<Loaded> {
  return database.system('import models', async (tx) => {
    const { newModels, newPrices, outdated } = await load(tx, file, 'imported')
    if (outdated)
      throw modelsErrors.outdated({ message: `Prices of ${file.date} or later are there already, and differ: ${outdated.join(', ')}.` })
    return { newModels, newPrices }
  })
}

async function load(tx: Tx, { date, models }: ModelFile, source: 'shipped' | 'imported') {
  const entries = models.map(({ provider, model, aliases, prices, ...one }) => ({
    provider,
    models: [model, ...aliases],
    display_name: one.name,
    description: one.description,
    modality: one.modality,
    context_length: one.contextLength,
    max_tokens: one.maxTokens,
    vision_supported: one.vision,
    web_search_supported: one.webSearch,
    tool_calling_supported: one.tools,
    prices: prices.map((price) => ({
      from_input_tokens: price.fromInputTokens ?? 0,
      input_per_million: price.input,
      cached_input_per_million: price.cachedInput,
      cache_write_5m_per_million: price.cacheWrite5m,
      cache_write_1h_per_million: price.cacheWrite1h,
      audio_input_per_million: price.audioInput,
      output_per_million: price.output,
      reasoning_per_million: price.reasoning,
      audio_output_per_million: price.audioOutput,
      per_image: price.image,
      per_search: price.search,
      per_request: price.request,
    })),
  }))
  const { rows } = await sql<Loaded & { outdated: string[] | null }>`
    select new_models as "newModels", new_prices as "newPrices", outdated
      from keyloft.load_models(in_models => ${JSON.stringify(entries)}::jsonb, in_effective_from => ${`${date}T00:00:00Z`}::timestamptz, in_source => ${source})`.execute(
    tx,
  )
  const [row] = rows
  if (!row) throw new Error('load_models gave no row')
  return row
}

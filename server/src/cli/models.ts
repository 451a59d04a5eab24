import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { importModels, loadShippedModels, readModelFile } from '../domains/models/models.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import type { Output } from './output.ts'
import { withDatabase } from './with-database.ts'

interface Line {
  provider: string
  model: string
  isActive: boolean
  isCurated: boolean
  input: string | null
  output: string | null
  pricedFrom: string | null
  source: string | null
}

export async function list(output: Output): Promise<void> {
  await withDatabase('models list', async ({ database, owner: { db } }) => {
    await loadShippedModels(database)
    const { rows } = await sql<Line>`
      select m.provider, m.model, m.is_active as "isActive", m.is_curated as "isCurated", p.input_per_million as input,
             p.output_per_million as output, to_char(p.effective_from at time zone 'UTC', 'YYYY-MM-DD') as "pricedFrom", p.source
        from public.ai_models m left join lateral (
               select * from public.model_prices p where p.provider = m.provider and p.model = m.model and p.effective_from <= now()
                order by effective_from desc, from_input_tokens limit 1) p on true
       order by m.provider, m.model`.execute(db)
    output.result({ models: rows }, [
      ...rows.map(({ provider, model, input, output: answer, pricedFrom, source, isActive, isCurated }) => {
        const price = pricedFrom
          ? `${input ?? '-'} in, ${answer ?? '-'} out, from ${pricedFrom}${source === 'imported' ? ', imported' : ''}`
          : 'no price'
        return `${provider}  ${model}  ${price}${isCurated ? ', curated' : ''}${isActive ? '' : ', not listed'}`
      }),
      'Prices are USD for a million tokens.',
    ])
  })
}

export async function importFile(output: Output, path: string): Promise<void> {
  const read = readModelFile(readText(path))
  if ('faults' in read)
    throw new SetupError(`${path} cannot be imported:\n${read.faults.map((fault) => `  ${fault}`).join('\n')}`, 'Nothing was changed.')
  await withDatabase('models import', async ({ database }) => {
    const { newModels, newPrices } = await importModels(database, read.file)
    output.result({ models: read.file.models.length, newModels, newPrices }, [
      `${read.file.models.length} in the file, ${newModels} of them new; ${newPrices} new prices, in force from ${read.file.date}.`,
    ])
  })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SetupError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}.`, 'Nothing was changed.', error)
  }
}

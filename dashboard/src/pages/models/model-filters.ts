import type { ModelFilter } from '../../api/queries.ts'

export const flags = { curated: 'Recommended', tools: 'Tools', vision: 'Vision', webSearch: 'Web search' } as const

/** From an address; what it cannot mean is left out, and the server decides of the rest. */
export function readModelFilters(search: Record<string, unknown>): ModelFilter {
  const filters: Record<string, unknown> = {}
  for (const name of ['search', 'provider', 'modality', 'inputAtMost']) {
    const value = search[name]
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') filters[name] = String(value)
  }
  if (typeof search.minContext === 'number' && search.minContext > 0) filters.minContext = search.minContext
  for (const flag of Object.keys(flags)) if (String(search[flag]) === 'true') filters[flag] = 'true'
  return filters as ModelFilter
}

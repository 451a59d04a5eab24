import type { CallFilter, UsageFilter } from '../../api/queries.ts'

/** As it stands in the address, so that it can be sent to somebody and the way back leads to it. */
export interface Filters {
  period: NonNullable<UsageFilter['period']>
  provider?: string
  model?: string
  outcome?: NonNullable<CallFilter['outcome']>
  key?: string
  token?: string
}

const periods: readonly Filters['period'][] = ['today', 'week', 'month', 'all']
export const outcomes: readonly NonNullable<Filters['outcome']>[] = ['completed', 'failed', 'aborted', 'presumed']

/** What an address cannot mean is left out. */
export function readFilters(search: Record<string, unknown>): Filters {
  const text = (name: string) => (typeof search[name] === 'string' && search[name] !== '' ? { [name]: search[name] } : {})
  const period = periods.find((one) => one === search.period) ?? 'month'
  const outcome = outcomes.find((one) => one === search.outcome)
  return { period, ...text('provider'), ...text('model'), ...text('key'), ...text('token'), ...(outcome ? { outcome } : {}) }
}

/** Of the sums, which know neither keys nor outcomes. */
export function toUsageFilter({ period, provider, model }: Filters): UsageFilter {
  return { period, ...(provider ? { provider } : {}), ...(model ? { model } : {}) }
}

/** Of the calls; `from` is where the sums begin, so that both tell of the same time. */
export function toCallFilter({ period, ...filters }: Filters, from: string | null | undefined): CallFilter {
  return { ...filters, ...(period !== 'all' && from ? { from } : {}) }
}

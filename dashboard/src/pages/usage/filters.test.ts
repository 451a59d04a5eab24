import { expect, it } from 'vitest'
import { readFilters, toCallFilter, toUsageFilter } from './filters.ts'

it('reads from an address what it can mean, and leaves out the rest', () => {
  expect(readFilters({ period: 'week', provider: 'openai', model: '', outcome: 'lost', key: 7 })).toEqual({
    period: 'week',
    provider: 'openai',
  })
  expect(readFilters({ period: 'century' })).toEqual({ period: 'month' })
})

it('asks for the calls of the time that the sums are of', () => {
  const filters = readFilters({ period: 'today', provider: 'openai', outcome: 'failed' })
  expect(toUsageFilter(filters)).toEqual({ period: 'today', provider: 'openai' })
  expect(toCallFilter(filters, '2026-11-21T00:00:00.000Z')).toEqual({
    provider: 'openai',
    outcome: 'failed',
    from: '2026-11-21T00:00:00.000Z',
  })
  expect(toCallFilter(readFilters({ period: 'all' }), '2026-01-01T00:00:00.000Z')).toEqual({})
})

import { randomUUID } from 'node:crypto'
import type { Refusals } from './refusal.ts'

const stated = () => ({ userId: randomUUID(), provider: 'mock', model: 'mock-1', inputTokens: 10, outputTokens: 1 })

export const usageRefusals: Refusals = {
  'POST /api/profile/usage': {
    valid: async ({ makePerson }) => ({ payload: { ...stated(), userId: (await makePerson()).id } }),
    404: [{ code: 'usage.no_such_user', prepare: () => ({ payload: stated() }) }],
    400: [
      { code: 'http.invalid', prepare: () => ({ payload: { ...stated(), cachedInputTokens: 11 } }) },
      { code: 'http.invalid', prepare: () => ({ payload: { ...stated(), reasoningTokens: 2 } }) },
      { code: 'http.invalid', prepare: () => ({ payload: { ...stated(), providerCostUsd: '-1' } }) },
      { code: 'usage.outside_of_time', prepare: () => ({ payload: { ...stated(), startedAt: '2020-01-01T00:00:00Z' } }) },
      { code: 'usage.outside_of_time', prepare: () => ({ payload: { ...stated(), endedAt: '2020-01-01T00:00:00Z' } }) },
    ],
  },
  'GET /api/usage/calls/{id}': { 400: [{ code: 'http.invalid', prepare: () => ({ url: '/api/usage/calls/%00' }) }] },
  'GET /api/usage/calls': { 400: [{ code: 'http.invalid', prepare: () => ({ url: '/api/usage/calls?cursor=AAAA' }) }] },
}

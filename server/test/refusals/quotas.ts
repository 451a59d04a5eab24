import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Refusals } from './refusal.ts'

const limit = { type: 'daily', requestLimit: 5 }

export const quotasRefusals: Refusals = {
  'PUT /api/profile/quotas': {
    400: [
      { code: 'quotas.nothing_limited', prepare: () => ({ payload: { type: 'daily' } }) },
      { code: 'http.invalid', prepare: () => ({ payload: { ...limit, model: 'gpt-5' } }) },
    ],
    404: [{ code: 'quotas.no_such_quota', prepare: () => ({ payload: { type: 'daily', isActive: false } }) }],
    409: [
      {
        code: 'database.limit_reached',
        prepare: async ({ owner }, { userId }) => {
          await sql`insert into user_quota_limits (user_id, type, model, spend, set_by, request_limit)
            select ${userId}, 'model', 'm' || n, 'own', 'person', 1 from generate_series(1, 100) n`.execute(owner.db)
          return { payload: limit }
        },
      },
    ],
  },
  'PUT /api/quotas': {
    400: [{ code: 'http.invalid', prepare: () => ({ payload: { ...limit, userId: 'me' } }) }],
    404: [{ code: 'quotas.no_such_user', prepare: () => ({ payload: { ...limit, userId: randomUUID() } }) }],
  },
  'PUT /api/quotas/tiers/{tier}/{type}': {
    400: [{ code: 'quotas.nothing_limited', prepare: () => ({ payload: {}, url: '/api/quotas/tiers/free/daily' }) }],
  },
  'PUT /api/quotas/platform/{type}': {
    400: [{ code: 'quotas.nothing_limited', prepare: () => ({ payload: {}, url: '/api/quotas/platform/daily' }) }],
  },
}

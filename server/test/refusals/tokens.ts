import { sql } from 'kysely'
import type { Refusals } from './refusal.ts'

export const tokenRefusals: Refusals = {
  'POST /api/tokens': {
    valid: () => ({ payload: { name: 'laptop' } }),
    400: [
      { code: 'http.invalid', prepare: () => ({ payload: { name: '' } }) },
      { code: 'http.invalid', prepare: () => ({ payload: { name: 'laptop', scopes: ['everything'] } }) },
      { code: 'http.invalid', prepare: () => ({ payload: { name: 'laptop', models: [] } }) },
      { code: 'tokens.over_already', prepare: () => ({ payload: { name: 'laptop', expiresAt: '2020-01-01T00:00:00Z' } }) },
    ],
    409: [
      {
        code: 'tokens.too_many',
        prepare: async ({ owner }, { userId }) => {
          await sql`
            insert into api_tokens (user_id, name, public_id, secret_hash, token_prefix)
            select ${userId}, 'many', public_id, decode(repeat('00', 32), 'hex'), 'klt_' || public_id
              from (select substr(md5(${userId} || n), 1, 12) as public_id from generate_series(1, 20) n) made`.execute(owner.db)
          return { payload: { name: 'one more' } }
        },
      },
    ],
  },
  'POST /api/tokens/revoke': {
    400: [{ code: 'http.invalid', prepare: () => ({ payload: {} }) }],
    404: [{ code: 'tokens.not_found', prepare: () => ({ payload: { token: 'klt_nonsense' } }) }],
  },
}

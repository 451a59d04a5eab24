import type { Refusals } from './refusal.ts'

export const settingsRefusals: Refusals = {
  'PUT /api/profile': {
    400: [
      { code: 'http.invalid', prepare: () => ({ payload: { displayName: '' } }) },
      { code: 'http.invalid', prepare: () => ({ payload: { avatarUrl: 'http://example.com/a.png' } }) },
      { code: 'database.invalid', prepare: () => ({ payload: { preferences: { a: noise(100_000) } } }) },
    ],
  },
  'PUT /api/settings': { 400: [{ code: 'http.invalid', prepare: () => ({ payload: { allowGatewayFallback: 'no' } }) }] },
  'PUT /api/admin/users/{id}/settings/{key}': { valid: () => ({ payload: { value: '100' } }) },
}

/** Does not shrink where it is kept. */
const noise = (length: number) => Array.from({ length }, () => Math.random().toString(36).slice(2, 3)).join('')

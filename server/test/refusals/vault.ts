import { randomUUID } from 'node:crypto'
import type { Caller, Refusals } from './refusal.ts'

const key = { provider: 'openai', apiKey: 'sk-for-the-refusals-0000' }
const someone = { p_user_id: '00000000-0000-4000-8000-000000000000', p_service: 'openai' }

/** A key of the caller's own, made through the API. */
async function addKey({ app }: { app: import('fastify').FastifyInstance }, { headers }: Caller, more: object = {}): Promise<string> {
  const reply = await app.inject({
    method: 'POST',
    url: '/api/profile/api-keys',
    headers,
    payload: { ...key, keyName: randomUUID(), ...more },
  })
  return reply.json().id
}

export const vaultRefusals: Refusals = {
  'GET /api/profile/api-keys': {
    400: [{ code: 'vault.unknown_provider', prepare: () => ({ url: '/api/profile/api-keys?provider=nobody' }) }],
  },
  'POST /api/profile/api-keys': {
    valid: () => ({ payload: key }),
    400: [
      { code: 'vault.unknown_provider', prepare: () => ({ payload: { ...key, provider: 'nobody' } }) },
      { code: 'vault.key_malformed', prepare: () => ({ payload: { ...key, apiKey: 'two words' } }) },
      { code: 'vault.base_url_misplaced', prepare: () => ({ payload: { ...key, baseUrl: 'https://example.com' } }) },
      { code: 'egress.host_refused', prepare: () => ({ payload: { ...key, provider: 'gateway', baseUrl: 'https://localhost' } }) },
    ],
    409: [
      {
        code: 'vault.key_exists',
        prepare: async (test, caller) => {
          await addKey(test, caller, { keyName: 'twice' })
          return { payload: { ...key, keyName: 'twice' } }
        },
      },
    ],
  },
  'PUT /api/profile/api-keys/{id}': {
    valid: () => ({ payload: { isEnabled: false } }),
    409: [
      {
        code: 'vault.key_exists',
        prepare: async (test, caller) => {
          await addKey(test, caller, { keyName: 'taken' })
          return { url: `/api/profile/api-keys/${await addKey(test, caller)}`, payload: { keyName: 'taken' } }
        },
      },
    ],
  },
  'POST /api/profile/api-keys/{id}/verify': {
    409: [
      {
        code: 'vault.not_verifiable',
        prepare: async (test, caller) => ({ url: `/api/profile/api-keys/${await addKey(test, caller, { provider: 'cursor' })}/verify` }),
      },
    ],
  },
  'PUT /api/profile/gateway': {
    valid: () => ({ payload: { baseUrl: null } }),
    400: [
      { code: 'egress.scheme_refused', prepare: () => ({ payload: { baseUrl: 'ftp://example.com' } }) },
      { code: 'vault.base_url_has_query', prepare: () => ({ payload: { baseUrl: 'https://example.com/v1?key=sk-in-the-clear' } }) },
    ],
    409: [
      {
        code: 'vault.gateway_key_needed',
        prepare: async (test, caller) => {
          await addKey(test, caller, { provider: 'gateway' })
          return { payload: { baseUrl: 'https://gateway.example.com/v1' } }
        },
      },
    ],
  },
  'POST /rest/v1/rpc/insert_user_api_key': {
    409: [{ code: '23503', prepare: () => ({ payload: { ...someone, p_api_key: key.apiKey } }) }],
  },
  'POST /rest/v1/rpc/upsert_user_gateway_config': {
    409: [{ code: '23503', prepare: () => ({ payload: { p_user_id: someone.p_user_id, p_base_url: 'https://gateway.example.com' } }) }],
  },
}

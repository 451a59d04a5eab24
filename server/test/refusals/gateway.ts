import type { Refusals } from './refusal.ts'

const headers = { 'content-type': 'application/json' }

export const gatewayRefusals: Refusals = {
  'POST /v1/chat/completions': {
    400: [
      { code: 'http.invalid', prepare: () => ({ payload: '{"messages":[]}', headers }) },
      { code: 'gateway.body_ambiguous', prepare: () => ({ payload: '{"model":"cheap","model":"dear"}', headers }) },
    ],
    422: [{ code: 'resolver.no_key', prepare: () => ({ payload: '{"model":"gpt-4o-mini","messages":[]}', headers }) }],
  },
}

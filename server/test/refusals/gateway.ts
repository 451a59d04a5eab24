import { operations } from '../../src/domains/gateway/operations/operations.ts'
import type { Refusals, RouteRefusals } from './refusal.ts'

const headers = { 'content-type': 'application/json' }

const ofEveryOperation: RouteRefusals = {
  400: [
    { code: 'http.invalid', prepare: () => ({ payload: '{"messages":[]}', headers }) },
    { code: 'gateway.body_ambiguous', prepare: () => ({ payload: '{"model":"cheap","model":"dear"}', headers }) },
  ],
  422: [{ code: 'resolver.no_key', prepare: () => ({ payload: '{"model":"gpt-4o-mini","messages":[]}', headers }) }],
}

export const gatewayRefusals: Refusals = Object.fromEntries(operations.map(({ method, path }) => [`${method} ${path}`, ofEveryOperation]))

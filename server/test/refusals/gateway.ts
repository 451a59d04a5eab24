import { randomUUID } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import { sql } from 'kysely'
import type { Operation } from '../../src/domains/gateway/operations/operation.ts'
import { operations } from '../../src/domains/gateway/operations/operations.ts'
import type { TestApp } from '../app.ts'
import type { Caller, Refusal, Refusals, RouteRefusals } from './refusal.ts'

const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'multipart/form-data; boundary=b' }
const field = (name: string, text: string) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`

function refusalsOf({ method, takes, request, path, protocol }: Operation): RouteRefusals {
  const isOfOne = path.includes(':id')
  const needsModel = takes === 'json' && !request?.mayLackModel && !request?.namesNoModel
  const twice = takes === 'form' ? field('model', 'cheap') + field('model', 'dear') : '{"model":"cheap","model":"dear"}'
  const ambiguous = { code: 'gateway.body_ambiguous', prepare: () => ({ payload: twice, headers: takes === 'form' ? form : json }) }
  const wrongForms: Refusal[] = [
    ...(needsModel ? [{ code: 'http.invalid', prepare: () => ({ payload: '{"messages":[]}', headers: json }) }] : []),
    ...(takes === 'form' || (takes === 'json' && !request?.namesNoModel) ? [ambiguous] : []),
    ...(takes === 'form'
      ? [
          {
            code: 'gateway.form_unreadable',
            prepare: () => ({ payload: 'x', headers: { 'content-type': 'multipart/form-data; charset=x' } }),
          },
        ]
      : []),
  ]
  const filled = (id: string) => path.replace(':id', id)
  const provider = providerOf[protocol] ?? 'openai'
  const model = provider === 'anthropic' ? 'claude-haiku-4-5' : 'gpt-4o-mini'
  const whole = {
    nothing: {},
    json: { payload: `{"model":"${model}"}`, headers: json },
    form: { payload: `${field('a', 'b')}--b--\r\n`, headers: form },
  }
  return {
    ...failures(method, documented(path), provider, whole[takes]),
    ...(wrongForms.length > 0 ? { 400: wrongForms } : {}),
    422: [
      {
        code: 'resolver.no_key',
        // Of what was made with a key that is no more.
        prepare: async (test, caller) => (isOfOne ? { url: filled(await keep(test, caller.userId, protocol)) } : whole[takes]),
      },
    ],
    ...(isOfOne
      ? {
          404: [
            {
              code: 'gateway.unknown_object',
              prepare: async (test: TestApp) => ({ url: filled(await keep(test, (await test.makePerson()).id, protocol)) }),
            },
          ],
        }
      : {}),
  }
}

const providerOf: Partial<Record<string, string>> = {
  messages: 'anthropic',
  'messages.count_tokens': 'anthropic',
  'gemini.models': 'google',
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Sent = Pick<InjectOptions, 'payload' | 'headers'>

/** What a provider does to a call, and the database: with a key by which failing-provider.ts knows what to do. */
function failures(method: Method, documentedPath: string, provider: string, sent: Sent): RouteRefusals {
  const url = documentedPath.replace('{id}', 'id_1').replace('{model}', 'gemini-3')
  const failing =
    (status: number) =>
    async (test: TestApp, { headers }: Caller) => {
      const key = { provider, apiKey: `sk-${status}-${randomUUID()}`, verify: false }
      await test.app.inject({ method: 'POST', url: '/api/profile/api-keys', headers, payload: key })
      await test.app.inject({ method, url, ...sent, headers: { ...sent.headers, ...headers } })
      return { url, ...sent }
    }
  const facts = (test: TestApp, change: string) => sql.raw(`${change} service_role`).execute(test.owner.db)
  return {
    429: [{ code: 'gateway.resting', prepare: failing(429) }],
    502: [{ code: 'gateway.unreachable', prepare: failing(502) }],
    503: [
      {
        code: 'resolver.lookup_failed',
        prepare: async (test) => {
          await facts(test, 'revoke execute on function keyloft.resolver_facts(uuid) from')
          return { url, ...sent }
        },
        undo: async (test) => void (await facts(test, 'grant execute on function keyloft.resolver_facts(uuid) to')),
      },
    ],
    504: [{ code: 'gateway.too_slow', prepare: failing(504) }],
  }
}

/** Something that a provider keeps for somebody. */
async function keep({ owner }: TestApp, userId = '', kind: string): Promise<string> {
  const id = `${kind}_${randomUUID()}`
  await sql`insert into keyloft.provider_objects (user_id, object_id, provider, credential_source)
    values (${userId}, ${id}, 'openai', 'server-key')`.execute(owner.db)
  return id
}

const anything = '/proxy/openai/vector_stores'
const ofProxy = (method: Method): RouteRefusals => ({
  ...failures(method, anything, 'openai', {}),
  valid: () => ({ url: anything }),
  400: ['/proxy/openai/..%2Fadmin', '/proxy/openai/a//b', '/proxy/openai/a/%2e%2e%5cb'].map((url) => ({
    code: 'gateway.path_refused',
    prepare: () => ({ url }),
  })),
  404: ['nobody', 'cursor', 'constructor'].map((name) => ({
    code: 'gateway.unknown_provider',
    prepare: () => ({ url: `/proxy/${name}/models` }),
  })),
  422: [
    {
      code: 'resolver.no_key',
      prepare: (_test: TestApp, _caller: Caller) => ({ url: anything, ...(method === 'GET' ? {} : { payload: 'x' }) }),
    },
  ],
})

/** As the OpenAPI document has it. */
const documented = (path: string) =>
  path.replace('([^:/]+)::', ':').replaceAll(/:(\w+)(?=\/|:|$)/g, (whole, name) => (/^(id|model)$/.test(name) ? `{${name}}` : whole))

export const gatewayRefusals: Refusals = {
  ...Object.fromEntries(
    operations.flatMap((operation: Operation) =>
      [operation.path, ...(operation.alsoAt ? [operation.alsoAt] : [])].map((path) => [
        `${operation.method} ${documented(path)}`,
        refusalsOf({ ...operation, path }),
      ]),
    ),
  ),
  ...Object.fromEntries(
    (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method) => [`${method} /proxy/{provider}/{*}`, ofProxy(method)]),
  ),
}

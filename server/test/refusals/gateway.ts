import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Operation } from '../../src/domains/gateway/operations/operation.ts'
import { operations } from '../../src/domains/gateway/operations/operations.ts'
import type { TestApp } from '../app.ts'
import type { Caller, Refusal, Refusals, RouteRefusals } from './refusal.ts'

const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'multipart/form-data; boundary=b' }
const field = (name: string, text: string) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`

function refusalsOf({ takes, request, path, protocol }: Operation): RouteRefusals {
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
  const withoutKey = {
    nothing: {},
    json: { payload: '{"model":"gpt-4o-mini"}', headers: json },
    form: { payload: field('a', 'b'), headers: form },
  }
  return {
    ...(wrongForms.length > 0 ? { 400: wrongForms } : {}),
    422: [
      {
        code: 'resolver.no_key',
        // Of what was made with a key that is no more.
        prepare: async (test, caller) => (isOfOne ? { url: filled(await keep(test, caller.userId, protocol)) } : withoutKey[takes]),
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

/** Something that a provider keeps for somebody. */
async function keep({ owner }: TestApp, userId = '', kind: string): Promise<string> {
  const id = `${kind}_${randomUUID()}`
  await sql`insert into keyloft.provider_objects (user_id, object_id, provider, credential_source)
    values (${userId}, ${id}, 'openai', 'server-key')`.execute(owner.db)
  return id
}

const anything = '/proxy/openai/vector_stores'
const ofProxy = (method: string): RouteRefusals => ({
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
  ...Object.fromEntries(operations.map((operation) => [`${operation.method} ${documented(operation.path)}`, refusalsOf(operation)])),
  ...Object.fromEntries(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [`${method} /proxy/{provider}/{*}`, ofProxy(method)])),
}

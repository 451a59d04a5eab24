import { describe, expect, it } from 'vitest'
import type { Schema } from './print-type.ts'
import { type Document, generateSdk } from './sdk.ts'

const ours = { 'x-keyloft-policy': { allow: 'user', scope: 'account' } }
const answers = (schema: Schema) => ({ 200: { content: { 'application/json': { schema } } } })
const documentOf = (paths: Document['paths'], schemas: Record<string, Schema> = {}): Document => ({
  paths,
  components: { schemas },
  'x-keyloft-errors': [],
})
const operationsOf = (...args: Parameters<typeof documentOf>) => generateSdk(documentOf(...args)).operations
const replyOf = (schema: Schema, schemas?: Record<string, Schema>) =>
  /reply: ([\s\S]*?)\n {2}\}\n\}\n$/.exec(operationsOf({ '/a': { get: { ...ours, responses: answers(schema) } } }, schemas))?.[1]

describe('the generator of the SDK', () => {
  it('writes a route by its method and path: parameters, body, reply, and who may call it', () => {
    const operations = operationsOf(
      {
        '/api/things/{kind}': {
          post: {
            ...ours,
            summary: 'Makes a thing',
            parameters: [
              { in: 'query', name: 'limit', schema: { type: 'integer', default: 20 } },
              { in: 'path', name: 'kind', required: true, schema: { type: 'string' } },
              { in: 'header', name: 'idempotency-key', schema: { type: 'string' } },
            ],
            requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/ThingInput' } } } },
            responses: { 201: { content: { 'application/json': { schema: { type: 'string' } } } }, 401: {} },
          },
          delete: { 'x-keyloft-policy': { allow: 'service' }, responses: { 204: {} } },
        },
      },
      {
        ThingInput: {
          type: 'object',
          properties: { name: { type: 'string', description: 'Its name. */' }, 'x-note': { type: ['string', 'null'] } },
          required: ['name'],
        },
        Unused: { type: 'string' },
      },
    )
    expect(operations.slice(operations.indexOf('\n\n') + 2)).toBe(`export type ThingInput = {
  /** Its name. * / */
  name: string
  "x-note"?: string | null | undefined
}

/** Every route of the server, by method and path. */
export interface Operations {
  /** For the service key. */
  'DELETE /api/things/{kind}': {
    reply: undefined
  }
  /** Makes a thing. For a signed-in person, or an API token with the scope \`account\`. */
  'POST /api/things/{kind}': {
    params: {
      kind: string
    }
    query?: {
      limit?: number | undefined
    }
    body: ThingInput
    reply: string
    idempotent: true
  }
}
`)
  })

  it('leaves out the routes of libraries, which declare no policy', () => {
    expect(operationsOf({ '/api/auth/ok': { get: { responses: answers({ type: 'string' }) } } })).not.toContain('/api/auth/ok')
  })

  it.each<[Schema, string]>([
    [{}, 'unknown'],
    [true, 'unknown'],
    [false, 'never'],
    [{ const: 'a' }, "'a'"],
    [{ enum: ['it’s', "it's", 1, null] }, `'it’s' | "it's" | 1 | null`],
    [{ type: ['integer', 'null'] }, 'number | null'],
    [{ anyOf: [{ type: 'string' }, { type: 'string', format: 'uuid' }, { type: 'boolean' }] }, 'string | boolean'],
    [{ allOf: [{ enum: ['a', 'b'] }, { type: 'string' }] }, `('a' | 'b') & (string)`],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, `Array<'a' | 'b'>`],
    [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'null' }], items: false }, '[string, null]'],
    [{ type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } }, '[string, ...Array<number>]'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, '{ [key: string]: string }'],
    [{ type: 'object' }, '{ [key: string]: never }'],
    [
      { type: 'object', properties: { a: { type: 'null' } }, required: ['a'], additionalProperties: {} },
      '{\n      a: null\n      [key: string]: unknown\n    }',
    ],
  ])('prints %j', (schema, type) => expect(replyOf(schema)).toBe(type))

  it('follows names to schemas that name themselves', () => {
    const tree: Schema = { type: 'array', items: { $ref: '#/components/schemas/Tree' } }
    expect(operationsOf({ '/a': { get: { ...ours, responses: answers(tree) } } }, { Tree: tree })).toContain(
      'export type Tree = Array<Tree>\n',
    )
  })

  it.each<[string, Schema]>([
    ['GET /a, reply.b: the generator does not know the keyword not', { type: 'object', properties: { b: { not: {} } } }],
    ['GET /a, reply: the generator does not know the type decimal', { type: 'decimal' }],
    ['GET /a, reply: no schema is named Gone', { $ref: '#/components/schemas/Gone' }],
  ])('stops, and says where: %s', (message, schema) => expect(() => replyOf(schema)).toThrow(message))

  it('stops at a route that declares no success', () => {
    expect(() => operationsOf({ '/a': { get: { ...ours, responses: { 401: {} } } } })).toThrow('GET /a declares no success')
  })

  it('lists the codes with their status and sentence', () => {
    const document = { ...documentOf({}), 'x-keyloft-errors': [{ code: 'vault.not_found', status: 404, message: 'No such secret.' }] }
    expect(generateSdk(document).errorCodes).toContain("  'vault.not_found', // 404 No such secret.\n")
  })
})

import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Policy } from '../../src/platform/http/policy.ts'

export interface Schema {
  $ref?: string
  type?: string
  format?: string
  pattern?: string
  enum?: string[]
}

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema?: Schema
}

/** What the OpenAPI document says of one route of ours. */
export interface Operation {
  /** `POST /v1/things/{id}` */
  route: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  policy: Policy
  parameters: readonly Parameter[]
  /** Of the body, if the route takes one. */
  body: Schema | undefined
  /** Of a refusal, by the name of its schema. */
  refusalForm: string
  /** Other than 2xx. */
  refusals: readonly number[]
}

interface Described {
  'x-keyloft-policy'?: Policy
  parameters?: Parameter[]
  requestBody?: { content?: Record<string, { schema?: Schema }> }
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>
}

/** Of every route that declares a policy. What better-auth mounts is its own, and described by it. */
export async function readOperations(app: FastifyInstance): Promise<Operation[]> {
  const { paths, components } = (await app.inject('/openapi.json')).json() as {
    paths: Record<string, Record<string, Described>>
    components?: { schemas?: Record<string, Schema> }
  }
  const resolve = (schema: Schema | undefined) =>
    schema?.$ref ? (components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''] ?? schema) : schema
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([verb, described]): Operation[] => {
      const { 'x-keyloft-policy': policy, parameters = [], requestBody, responses } = described
      if (!policy) return []
      const method = verb.toUpperCase() as Operation['method']
      const body = resolve(requestBody?.content?.['application/json']?.schema)
      const refusals = Object.keys(responses)
        .map(Number)
        .filter((status) => status >= 300)
      const refusalForm =
        Object.values(responses['401']?.content ?? {})[0]
          ?.schema?.$ref?.split('/')
          .at(-1) ?? ''
      return [{ route: `${method} ${path}`, method, path, policy, parameters, body, refusalForm, refusals }]
    }),
  )
}

/** The path with a value of the right form in each place, under which there is nothing. */
export function fill({ path, parameters }: Operation, given: Record<string, string> = {}): string {
  return path.replaceAll(/\{([\w*]+)\}/g, (_whole, name: string) => {
    const schema = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.schema
    return encodeURIComponent(given[name] ?? exampleOf(schema))
  })
}

export const exampleOf = (schema: Schema | undefined) =>
  schema?.enum?.[0] ?? [randomUUID(), '1', 'x'].find((value) => fits(value, schema)) ?? ''

const fits = (value: string, schema: Schema | undefined) =>
  new RegExp(schema?.pattern ?? '').test(value) && (!isNumber(schema) || value === '1')
const isNumber = (schema: Schema | undefined) => schema?.type === 'integer' || schema?.type === 'number'

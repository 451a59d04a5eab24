import type { FastifyInstance } from 'fastify'

/*
 * Which fields of the API hold secrets, as its own document says: those marked with `format: password`
 * (platform/http/secret-text.ts), and those that are called like one, marked or not.
 */
interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | boolean
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}

interface Described {
  'x-keyloft-policy'?: unknown
  parameters?: { name?: string; in?: string; schema?: Schema }[]
  requestBody?: { content?: Record<string, { schema?: Schema }> }
}

export interface ApiDocument {
  paths: Record<string, Record<string, Described>>
  components?: { schemas?: Record<string, Schema> }
}

const soundsSecret = /(?:password|passphrase|secret|token|credential|api_?key|private_?key|encrypted_?key)s?$/i

/** A number of tokens is none, and an id is public. */
const neverSecret = ['boolean', 'integer', 'number']

export const readDocument = async (app: FastifyInstance) => (await app.inject('/openapi.json')).json() as ApiDocument

/** `POST /api/things body.apiKey` for each. */
export function secretFields({ paths, components }: ApiDocument): string[] {
  const fields = (schema: Schema | undefined, path: string, depth = 0): string[] => {
    if (!schema || depth > 10) return []
    if (schema.$ref) return fields(components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''], path, depth + 1)
    const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap((one) => fields(one, path, depth + 1))
    const named = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => fields(one, `${path}.${name}`, depth + 1))
    const each = [schema.items, schema.additionalProperties].flatMap((one) =>
      typeof one === 'object' ? fields(one, `${path}.*`, depth + 1) : [],
    )
    const holdsText = schema.properties === undefined && !neverSecret.some((type) => type === schema.type) && schema.format !== 'uuid'
    const isSecret = schema.format === 'password' || (holdsText && soundsSecret.test(path))
    return [...(isSecret ? [path] : []), ...inner, ...named, ...each]
  }
  const found = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([verb, { parameters = [], requestBody }]) =>
      [
        ...parameters.flatMap(({ name = '', in: place = '', schema }) => fields(schema ?? {}, `${place}.${name}`)),
        ...Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => fields(schema, 'body')),
      ].map((field) => `${verb.toUpperCase()} ${path} ${field}`),
    ),
  )
  return [...new Set(found)].sort()
}

interface Demand {
  missing: string[]
  stale: string[]
}

/** Which secret fields no case plants in, and which cases speak of fields that are not there. */
export function compare(document: ApiDocument, covered: readonly string[]): Demand {
  const fields = secretFields(document)
  return { missing: fields.filter((field) => !covered.includes(field)), stale: covered.filter((field) => !fields.includes(field)) }
}

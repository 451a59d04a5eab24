import { printType, type Schema } from './print-type.ts'

interface Operation {
  summary?: string
  description?: string
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, { content?: Content }>
  /** Only routes of ours have it. */
  'x-keyloft-policy'?: { allow: string; scope?: string }
}
type Content = Record<string, { schema: Schema }>

/** What is read of the OpenAPI document. */
export interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
  'x-keyloft-errors': { code: string; status: number; message: string }[]
}

/** What is generated, from the root of the repository. */
export const sdkFiles = { operations: 'sdk/src/generated/operations.ts', errorCodes: 'sdk/src/generated/error-codes.ts' }

const head = '// DO NOT EDIT. Made from the OpenAPI document by `npm run generate`; a test checks that it is fresh.\n\n'

/** The SDK's types of every route, and every error code. A schema that the generator does not know stops it. */
export function generateSdk(document: Document): { operations: string; errorCodes: string } {
  const codes = document['x-keyloft-errors'].map(({ code, status, message }) => `  '${code}', // ${status} ${message}\n`)
  return {
    operations: head + printOperations(document),
    errorCodes: `${head}/** Every code of a refusal by a server of this version. A code keeps its meaning, and is never used for another. */\nexport const errorCodes = [\n${codes.join('')}] as const\n`,
  }
}

function printOperations({ paths, components }: Document): string {
  const named = new Set<string>()
  const print = (schema: Schema, where: string, indent: string) =>
    printType(schema, {
      where,
      indent,
      refer(name) {
        if (!(name in components.schemas))
          throw new Error(
            `${where}: no schema is named ${name}. Take z.unknown() instead of z.json(); name a recursive one by .meta({ id })`,
          )
        named.add(name)
        return name
      },
    })

  const operations = Object.entries(paths)
    .flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })))
    .filter(({ operation }) => operation['x-keyloft-policy'])
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, operation }) => printOperation(name, operation, print))

  const schemas: string[] = []
  // The set grows while it is read: a schema may name others.
  for (const name of named) schemas.push(`export type ${name} = ${print(components.schemas[name] as Schema, name, '')}\n\n`)
  return `${schemas.sort().join('')}/** Every route of the server, by method and path. */\nexport interface Operations {\n${operations.join('')}}\n`
}

type Print = (schema: Schema, where: string, indent: string) => string

function printOperation(name: string, { summary, description, parameters = [], requestBody, responses, ...rest }: Operation, print: Print) {
  const lines: string[] = []
  for (const [place, key] of [
    ['path', 'params'],
    ['query', 'query'],
  ] as const) {
    const its = parameters.filter((parameter) => parameter.in === place)
    if (its.length === 0) continue
    const required = its.filter((parameter) => parameter.required).map((parameter) => parameter.name)
    const properties = Object.fromEntries(its.map((parameter) => [parameter.name, parameter.schema]))
    const type = print({ type: 'object', properties, required, additionalProperties: false }, `${name}, ${key}`, '    ')
    lines.push(`${key}${required.length > 0 ? '' : '?'}: ${type}`)
  }
  const body = requestBody?.content['application/json']
  if (body) lines.push(`body${requestBody.required ? '' : '?'}: ${print(body.schema, `${name}, body`, '    ')}`)
  lines.push(`reply: ${printReply(name, responses, print)}`)
  if (parameters.some((parameter) => parameter.in === 'header' && parameter.name === 'idempotency-key')) lines.push('idempotent: true')

  const comment = [summary, description, whoMayCall(rest['x-keyloft-policy'])].filter(Boolean).map((line) => `${line}`.replace(/\.?$/, '.'))
  return `  /** ${comment.join(' ').replaceAll('*/', '* /')} */\n  '${name}': {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`
}

function printReply(name: string, responses: Operation['responses'], print: Print): string {
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))
  if (!success) throw new Error(`${name} declares no success`)
  const [status, { content = {} }] = success
  const [type, reply] = Object.entries(content)[0] ?? []
  if (!reply || status === '204') return 'undefined'
  return type === 'application/json' ? print(reply.schema, `${name}, reply`, '    ') : 'string'
}

function whoMayCall(policy: Operation['x-keyloft-policy']): string {
  if (policy?.allow === 'user') return `For a signed-in person, or an API token with the scope \`${policy.scope}\``
  if (policy?.allow === 'service') return 'For the service key'
  if (policy?.allow === 'admin') return 'For the service key, or an admin'
  if (policy?.allow === 'operator') return 'For the service key, or anybody on the server’s own machine'
  return 'For anyone'
}

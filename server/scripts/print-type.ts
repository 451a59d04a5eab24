/** JSON Schema as far as Zod writes it. */
export type Schema =
  | boolean
  | {
      $ref?: string
      type?: string | string[]
      const?: unknown
      enum?: unknown[]
      anyOf?: Schema[]
      oneOf?: Schema[]
      allOf?: Schema[]
      properties?: Record<string, Schema>
      required?: string[]
      additionalProperties?: Schema
      items?: Schema
      prefixItems?: Schema[]
      description?: string
      [keyword: string]: unknown
    }

interface Surroundings {
  /** For the message when a schema is not known. */
  where: string
  indent: string
  /** The type's name of a schema in the components. */
  refer(name: string): string
}

const read = new Set(
  '$ref type const enum anyOf oneOf allOf properties required additionalProperties items prefixItems description'.split(' '),
)
/** Bounds and notes that a TypeScript type cannot hold. */
const leftOut = new Set(
  'title default examples deprecated readOnly writeOnly format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems uniqueItems minProperties maxProperties propertyNames contentEncoding contentMediaType discriminator'.split(
    ' ',
  ),
)
const simple: Record<string, string> = { string: 'string', number: 'number', integer: 'number', boolean: 'boolean', null: 'null' }

/** A JSON Schema as a TypeScript type. Stops at a keyword it does not know, so that nothing is dropped in silence. */
export function printType(schema: Schema, around: Surroundings): string {
  if (typeof schema === 'boolean') return schema ? 'unknown' : 'never'
  const strange = Object.keys(schema).find((key) => !read.has(key) && !leftOut.has(key))
  if (strange) throw new Error(`${around.where}: the generator does not know the keyword ${strange}`)

  const { $ref, type, anyOf, oneOf, allOf } = schema
  if ($ref !== undefined) return around.refer($ref.replace('#/components/schemas/', ''))
  if ('const' in schema) return literal(schema.const)
  if (schema.enum) return union(schema.enum.map(literal))
  const choices = anyOf ?? oneOf
  if (choices) return union(choices.map((choice) => printType(choice, around)))
  if (allOf) return allOf.map((part) => `(${printType(part, around)})`).join(' & ')
  if (Array.isArray(type)) return union(type.map((one) => printType({ ...schema, type: one }, around)))
  if (type === undefined) return 'unknown'
  if (type === 'array') return printArray(schema, around)
  if (type === 'object') return printObject(schema, around)
  const printed = simple[type]
  if (!printed) throw new Error(`${around.where}: the generator does not know the type ${type}`)
  return printed
}

const literal = (value: unknown) => (typeof value === 'string' && !/['\\\n]/.test(value) ? `'${value}'` : JSON.stringify(value))
const union = (types: string[]) => [...new Set(types)].join(' | ')

function printArray({ items = true, prefixItems }: Exclude<Schema, boolean>, around: Surroundings): string {
  if (!prefixItems) return `Array<${printType(items, around)}>`
  const rest = items === false ? [] : [`...Array<${printType(items, around)}>`]
  return `[${[...prefixItems.map((item) => printType(item, around)), ...rest].join(', ')}]`
}

function printObject({ properties, required = [], additionalProperties }: Exclude<Schema, boolean>, around: Surroundings): string {
  const entries = Object.entries(properties ?? {})
  const open = additionalProperties !== undefined && additionalProperties !== false
  if (entries.length === 0) return `{ [key: string]: ${open ? printType(additionalProperties, around) : 'never'} }`
  const indent = `${around.indent}  `
  const lines = entries.flatMap(([name, property]) => {
    const type = printType(property, { ...around, where: `${around.where}.${name}`, indent })
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)
    const { description = undefined } = typeof property === 'object' ? property : {}
    return [
      ...(description ? [`${indent}/** ${description.replaceAll('*/', '* /')} */`] : []),
      `${indent}${key}${required.includes(name) ? `: ${type}` : `?: ${type} | undefined`}`,
    ]
  })
  // An index signature must fit every property, so it cannot be narrower.
  if (open) lines.push(`${indent}[key: string]: unknown`)
  return `{\n${lines.join('\n')}\n${around.indent}}`
}

import { type Kysely, sql } from 'kysely'

interface Column {
  schema: string
  table: string
  name: string
  type: string
  dimensions: number
  labels: string[] | null
  nullable: boolean
  hasDefault: boolean
  generated: boolean
  comment: string | null
}

/** How the driver gives a value of this type, as a Zod schema and as a type. What is not listed stops the generator. */
const types: Record<string, { zod: string; ts: string }> = {
  uuid: { zod: 'z.guid()', ts: 'string' },
  text: { zod: 'z.string()', ts: 'string' },
  varchar: { zod: 'z.string()', ts: 'string' },
  name: { zod: 'z.string()', ts: 'string' },
  bool: { zod: 'z.boolean()', ts: 'boolean' },
  int2: { zod: 'z.int()', ts: 'number' },
  int4: { zod: 'z.int()', ts: 'number' },
  float4: { zod: 'z.number()', ts: 'number' },
  float8: { zod: 'z.number()', ts: 'number' },
  // Exact, so as text: a JavaScript number would round them.
  int8: { zod: 'z.string()', ts: 'string' },
  numeric: { zod: 'z.string()', ts: 'string' },
  timestamptz: { zod: 'z.date()', ts: 'Date' },
  json: { zod: 'z.json()', ts: 'Json' },
  jsonb: { zod: 'z.json()', ts: 'Json' },
  bytea: { zod: 'z.instanceof(Uint8Array)', ts: 'Uint8Array' },
}

const head = '// DO NOT EDIT. Made from the migrated schema by `npm run generate`; a test checks that it is fresh.\n'
/** What is generated, from the root of the repository. */
export const files = {
  tables: 'server/src/platform/database/tables.ts',
  rowSchemas: 'server/src/schema.ts',
  schema: 'server/sql/schema.sql',
}

const ourSchemas = ['public', 'auth', 'keyloft', 'realtime']

export interface GeneratedRows {
  /** The type by which Kysely knows every table. */
  tables: string
  /** insertX, selectX and updateX for every public table. */
  rowSchemas: string
}

// biome-ignore lint/suspicious/noExplicitAny: reads catalogues only
export async function generateRows(db: Kysely<any>): Promise<GeneratedRows> {
  const columns = await readColumns(db)
  const tables = Map.groupBy(columns, ({ schema, table }) => (schema === 'public' ? table : `${schema}.${table}`))
  return {
    tables: `${head}import type { ColumnType } from 'kysely'\n\ntype Json = string | number | boolean | null | Json[] | { [key: string]: Json }\n\nexport interface Tables {\n${[...tables].map(([name, its]) => tableType(name, its)).join('')}}\n`,
    rowSchemas: `${head}/** The rows of every public table as the database has them: insertX, selectX, updateX, and their types. */\nimport { z } from 'zod'\n${[
      ...tables,
    ]
      .filter(([name]) => !name.includes('.'))
      .map(([name, its]) => tableSchemas(name, its))
      .join('')}`,
  }
}

// biome-ignore lint/suspicious/noExplicitAny: reads catalogues only
async function readColumns(db: Kysely<any>): Promise<Column[]> {
  const { rows } = await sql<Column>`
    select nspname as schema, relname as table, attname as name,
           case when typcategory = 'A' then (select typname from pg_type e where e.oid = t.typelem) else typname end as type,
           case when typcategory = 'A' then greatest(attndims, 1) else 0 end as dimensions,
           (select array_agg(enumlabel::text order by enumsortorder) from pg_enum where enumtypid in (t.oid, t.typelem)) as labels,
           not attnotnull as nullable, atthasdef or attidentity <> '' as "hasDefault",
           attgenerated <> '' or attidentity = 'a' as generated, col_description(c.oid, attnum) as comment
      from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace join pg_type t on t.oid = atttypid
     where nspname = any (${ourSchemas}::text[]) and relkind in ('r', 'p', 'v') and not relispartition and attnum > 0 and not attisdropped
     order by nspname <> 'public', nspname collate "C", relname collate "C", attnum`.execute(db)
  return rows
}

function typeOf({ schema, table, name, type, dimensions, labels }: Column): { zod: string; ts: string } {
  const base = labels
    ? { zod: `z.enum([${labels.map((label) => `'${label}'`).join(', ')}])`, ts: labels.map((label) => `'${label}'`).join(' | ') }
    : types[type]
  if (!base) throw new Error(`${schema}.${table}.${name}: the generator does not know the type ${type}`)
  const element = labels && dimensions > 0 ? `(${base.ts})` : base.ts
  return { zod: base.zod + '.array()'.repeat(dimensions), ts: element + '[]'.repeat(dimensions) }
}

function tableType(name: string, columns: Column[]): string {
  const lines = columns.map((column) => {
    const value = typeOf(column).ts + (column.nullable ? ' | null' : '')
    const insert = column.generated ? 'never' : column.nullable || column.hasDefault ? `${value} | undefined` : value
    return `    ${column.name}: ColumnType<${value}, ${insert}, ${column.generated ? 'never' : value}>\n`
  })
  return `  '${name}': {\n${lines.join('')}  }\n`
}

function tableSchemas(table: string, columns: Column[]): string {
  const subject = table.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  const written = columns.filter(({ generated }) => !generated)
  const schema = (verb: string, its: Column[], isOptional: (column: Column) => boolean) => {
    const lines = its.map(
      (column) =>
        `  ${column.name}: ${typeOf(column).zod}${column.nullable ? '.nullable()' : ''}${isOptional(column) ? '.optional()' : ''},\n`,
    )
    return `export const ${verb.toLowerCase()}${subject} = z.object({\n${lines.join('')}})\nexport type ${verb}${subject} = z.infer<typeof ${verb.toLowerCase()}${subject}>\n`
  }
  return [
    '',
    schema('Select', columns, () => false),
    schema('Insert', written, ({ nullable, hasDefault }) => nullable || hasDefault),
    schema('Update', written, () => true),
  ].join('\n')
}

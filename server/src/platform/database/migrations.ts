import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Migration {
  /** `YYYYMMDDHHMMSS_description` */
  name: string
  up: string
  down: string
  sha256: string
  /** A server that does not know this migration must not run on a database that has it. */
  breaking: boolean
  /** Makes what Supabase already has. */
  notOnSupabase: boolean
}

const folder = join(import.meta.dirname, '../../../sql')
const directives = { breaking: 'breaking-change', notOnSupabase: 'not on supabase' }

/** Kept in the first lines of a file, `--! <directive>` each. */
function readDirectives(sql: string, file: string): Set<string> {
  const found = [...sql.matchAll(/^--!(.*)$/gm)].map(([, text]) => (text ?? '').trim())
  const unknown = found.find((directive) => !Object.values(directives).includes(directive))
  if (unknown !== undefined) throw new Error(`${file} has an unknown directive: --! ${unknown}`)
  return new Set(found)
}

/** Oldest first. Every up has its down. */
export function loadMigrations(from = join(folder, 'migrations')): Migration[] {
  const files = readdirSync(from).filter((file) => file.endsWith('.sql'))
  const names = [...new Set(files.map((file) => file.replace(/\.(up|down)\.sql$/, '')))].sort()
  return names.map((name) => {
    if (!/^\d{14}_[a-z0-9_]+$/.test(name))
      throw new Error(`${name}: a migration is named YYYYMMDDHHMMSS_description, with .up.sql and .down.sql`)
    const up = readFileSync(join(from, `${name}.up.sql`), 'utf8')
    const down = readFileSync(join(from, `${name}.down.sql`), 'utf8')
    const said = readDirectives(up, `${name}.up.sql`)
    return {
      name,
      up,
      down,
      sha256: createHash('sha256').update(up).digest('hex'),
      breaking: said.has(directives.breaking),
      notOnSupabase: said.has(directives.notOnSupabase),
    }
  })
}

export function migrationBook(): string {
  return readFileSync(join(folder, 'migration-book.sql'), 'utf8')
}

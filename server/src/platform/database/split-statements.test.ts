import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadMigrations } from './migrations.ts'
import { splitStatements } from './split-statements.ts'

const texts = (sql: string) => splitStatements(sql).map(({ text }) => text)

describe('splitting', () => {
  it('cuts at semicolons, and gives nothing for what is empty', () => {
    expect(texts('select 1; select 2 ;\n\nselect 3')).toEqual(['select 1', 'select 2', 'select 3'])
    expect(texts('')).toEqual([])
    expect(texts(' \n;;\t; -- nothing\n /* nothing; */ ;')).toEqual([])
  })

  it.each([
    ['a text', "select ';' as a"],
    ['a text with quotes and comment marks', "select 'it''s; -- not' || '/*' || ';'"],
    ['a backslash in a text, which is only a backslash', "select '\\', ';'"],
    ['a name', 'select 1 as ";" from "a"";b"'],
    ['a dollar-quoted body', 'do $$ begin perform 1; end $$'],
    ['a body with a tag', 'do $body$ begin perform $$;$$; end $body$'],
    ['a body whose tag has digits', 'do $b1$ begin perform $b2$;$b2$; end $b1$'],
    ['a comment to the end of the line', 'select 1 -- one; two\n + 2'],
    ['a comment with an apostrophe, which opens nothing', "select 1 -- don't;\n + 2"],
    ['a comment in between', 'select /* one; \n two; */ 3'],
    ['a dollar that is a parameter', 'select $1, $2'],
  ])('does not cut inside %s', (_, statement) => {
    expect(texts(`${statement};select 'next'`)).toEqual([statement, "select 'next'"])
  })

  it('leaves out the comments before a statement and keeps those inside', () => {
    expect(texts('--! directive\n-- why\n/* and; why */ select 1 -- in;\n, 2; -- behind\n')).toEqual(['select 1 -- in;\n, 2'])
  })

  it('counts the line of each statement from 1', () => {
    const sql = "--! breaking-change\n-- why\n\nselect 1;\n  select\n 2; select 3;\ndo $$\n;\n$$;\n'\n;\n';\n\n/*\n*/ select 5"
    expect(splitStatements(sql).map(({ line }) => line)).toEqual([4, 5, 6, 7, 10, 15])
    expect(splitStatements('a;\r\nb;\r\n\r\nc').map(({ line }) => line)).toEqual([1, 2, 4])
  })
})

/** Knows what the splitter does not: nested comments and backslashes in E'…'. Slow and dull, so that it can be trusted. */
function scanSlowly(sql: string): string[] {
  const statements: string[] = []
  let start = 0
  let at = 0
  const skipPast = (end: string, from: number) => {
    const found = sql.indexOf(end, from)
    if (found < 0) throw new Error(`${end} is missing behind ${sql.slice(at, at + 60)}`)
    return found + end.length
  }
  while (at < sql.length) {
    const rest = sql.slice(at, at + 80)
    const tag = /^\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$/.exec(rest)?.[0]
    if (rest.startsWith('--')) at = rest.includes('\n') || sql.includes('\n', at) ? skipPast('\n', at) : sql.length
    else if (rest.startsWith('/*')) {
      let depth = 0
      do {
        const [mark] = /\/\*|\*\//.exec(sql.slice(at)) ?? []
        at = skipPast(mark ?? '*/', at)
        depth += mark === '/*' ? 1 : -1
      } while (depth > 0)
    } else if (/^e'/i.test(rest) && !/\w/.test(sql[at - 1] ?? '')) {
      for (at += 2; sql[at] !== "'" || sql[at + 1] === "'"; at++) if (sql[at] === '\\' || sql[at] === "'") at++
      at++
    } else if (rest[0] === "'" || rest[0] === '"')
      at = skipPast(rest[0], at + 1) // a doubled one opens again
    else if (tag && !/[\w$]/.test(sql[at - 1] ?? '')) at = skipPast(tag, at + tag.length)
    else if (rest[0] === ';') {
      statements.push(sql.slice(start, at))
      start = ++at
    } else at++
  }
  statements.push(sql.slice(start))
  return statements.map((text) => text.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/, '').trimEnd()).filter((text) => text !== '')
}

describe('our SQL files', () => {
  const folder = join(import.meta.dirname, '../../../sql')
  const migrations = readdirSync(join(folder, 'migrations')).map((file) => `migrations/${file}`)
  const all = [...migrations, 'migration-book.sql'].map((file) => ({ file, sql: readFileSync(join(folder, file), 'utf8') }))

  it('hold nothing that the splitter does not know', () => {
    for (const { file, sql } of all) {
      expect(texts(sql), file).toEqual(scanSlowly(sql))
      // Semicolons that no quotes hide.
      expect(sql, file).not.toMatch(/\bbegin\s+atomic\b|\bcreate\s+(?:or\s+replace\s+)?rule\b/i)
      // Only psql knows these.
      expect(sql, file).not.toMatch(/^\\|^copy\b.*\bfrom\s+stdin\b/im)
    }
    expect(scanSlowly("select e'\\';', /* /* ; */ ; */ 1; select 2")).toHaveLength(2)
    expect(texts("select e'\\';', /* /* ; */ ; */ 1; select 2")).not.toHaveLength(2)
  })

  it('are pairs of up and down with well-formed names, in time', () => {
    const names = migrations.map((file) => file.replace('migrations/', ''))
    for (const name of names) expect(name).toMatch(/^20\d{12}_[a-z0-9]+(_[a-z0-9]+)*\.(up|down)\.sql$/)
    const of = (direction: string) => names.filter((name) => name.endsWith(`.${direction}.sql`)).map((name) => name.split('.')[0])
    expect(of('down')).toEqual(of('up'))
    const times = of('up').map((name) => name?.slice(0, 14))
    expect(new Set(times).size).toBe(times.length)
    expect(loadMigrations().map(({ name }) => name)).toEqual(of('up'))
  })

  it('each do something in both directions', () => {
    for (const { file, sql } of all) expect(texts(sql).length, file).toBeGreaterThan(1)
  })

  /** What keyloft_owner cannot do, and the statements that therefore come before it takes over. */
  const beforeTheOwner: Record<string, string[] | 'all'> = {
    '20261120100000_roles_and_schemas.up.sql': 'all', // makes and grants roles, and schemas in a database that is not the owner's
    '20261120100000_roles_and_schemas.down.sql': 'all',
    '20261120100500_job_queue.up.sql': ['create schema pgboss authorization keyloft_owner'],
    '20261121130300_tiers.down.sql': ['drop function keyloft.anonymous_among(uuid[])'], // of whoever migrates, as on Supabase
    '20261121180000_find_calls.down.sql': ['drop function keyloft.is_person(uuid)'],
    '20261121230000_operator_figures.up.sql': 'all', // makes and grants a role that reads the server's statistics
  }

  it('run as the owner from their first statement, or are listed here', () => {
    for (const { file, sql } of all.filter(({ file }) => file.startsWith('migrations/'))) {
      const before = beforeTheOwner[file.replace('migrations/', '')] ?? []
      if (before === 'all') continue
      expect(texts(sql).slice(0, before.length + 1), file).toEqual([...before, 'set local role keyloft_owner'])
    }
  })

  it('never set anything for longer than their transaction, nor begin or end one', () => {
    for (const { file, sql } of all) {
      for (const text of texts(sql))
        expect(text, file).not.toMatch(/^(?:set\s+(?!local\b|constraints\b)|begin\b|commit\b|rollback\b|savepoint\b)/i)
    }
  })
})

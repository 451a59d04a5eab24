import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireMigrated } from './database.ts'
import { loadMigrations } from './migrations.ts'
import { compareMigrations } from './migrator.ts'
import { SetupError } from './setup-error.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyloft-migrations-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, up = 'select 1') {
  writeFileSync(join(folder, `${name}.up.sql`), up)
  writeFileSync(join(folder, `${name}.down.sql`), 'select 2')
}

describe('the folder of migrations', () => {
  it('is read oldest first, whatever else lies in it', () => {
    write('20260102000000_second')
    write('20260101000000_first', 'select 1;')
    writeFileSync(join(folder, 'README.md'), 'notes')
    const read = loadMigrations(folder)
    expect(read.map(({ name }) => name)).toEqual(['20260101000000_first', '20260102000000_second'])
    expect(read[0]).toMatchObject({ up: 'select 1;', down: 'select 2', breaking: false, notOnSupabase: false })
    expect(read[0]?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(read[0]?.sha256).not.toBe(read[1]?.sha256)
  })

  it('has directives at the top of a file, and no others than ours', () => {
    write('20260101000000_a', '--! breaking-change\n--! not on supabase\nselect 1')
    expect(loadMigrations(folder)[0]).toMatchObject({ breaking: true, notOnSupabase: true })
    write('20260101000000_a', '--! braking-change\nselect 1')
    expect(() => loadMigrations(folder)).toThrow('20260101000000_a.up.sql has an unknown directive: --! braking-change')
  })

  it('is refused with a name of another form', () => {
    for (const name of ['2026_first', '20260101000000-first', '20260101000000_First', '20260101000000_']) {
      write(name)
      expect(() => loadMigrations(folder), name).toThrow(/is named YYYYMMDDHHMMSS_description/)
      rmSync(join(folder, `${name}.up.sql`))
      rmSync(join(folder, `${name}.down.sql`))
    }
  })

  it('is refused where an up has no down', () => {
    write('20260101000000_a')
    rmSync(join(folder, '20260101000000_a.down.sql'))
    expect(() => loadMigrations(folder)).toThrow(/20260101000000_a\.down\.sql/)
  })
})

describe('a program and a database', () => {
  const known = (name: string, breaking = false) => ({ name, up: '', down: '', sha256: `sha of ${name}`, breaking, notOnSupabase: false })
  const entered = (name: string, breaking: boolean | null = false, sha256: string | null = `sha of ${name}`) => ({ name, sha256, breaking })
  const refusal = (...report: Parameters<typeof compareMigrations>) => {
    try {
      requireMigrated(compareMigrations(...report))
    } catch (error) {
      expect(error).toBeInstanceOf(SetupError)
      return (error as SetupError).message
    }
    return undefined
  }

  it('that agree may serve', () => {
    expect(refusal([entered('1_a'), entered('2_b', true)], [known('1_a'), known('2_b', true)])).toBeUndefined()
    expect(refusal([entered('1_a', null, null)], [known('1_a')])).toBeUndefined() // pushed by hand, without our entry
  })

  it('may not serve while the database lacks something', () => {
    expect(refusal([], [known('1_a'), known('2_b')])).toMatch(/lacks 2 migrations\./)
    expect(refusal([entered('1_a')], [known('1_a'), known('2_b')])).toMatch(/lacks 1 migration\./)
  })

  it('may serve beside a newer program, unless its migration says that this breaks', () => {
    expect(refusal([entered('1_a'), entered('2_b')], [known('1_a')])).toBeUndefined()
    expect(refusal([entered('1_a'), entered('2_b', true)], [known('1_a')])).toMatch(/newer Keyloft that this one must not run beside/)
  })

  it('are compared by name, state and whether it breaks, as the database says where it knows', () => {
    const applied = [entered('1_a', true), entered('3_c'), entered('4_d', true)]
    expect(compareMigrations(applied, [known('1_a'), known('2_b', true), { ...known('3_c'), sha256: 'other' }])).toEqual([
      { name: '1_a', state: 'applied', breaking: true },
      { name: '2_b', state: 'pending', breaking: true },
      { name: '3_c', state: 'changed', breaking: false },
      { name: '4_d', state: 'unknown', breaking: true },
    ])
  })
})

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { catalogues } from './catalogues.ts'

const codes = catalogues.flatMap((catalogue) => Object.values(catalogue).map(({ code }) => code))

describe('the list of catalogues', () => {
  it('has every catalogue that the source defines', () => {
    const defined = globSync('**/*.ts', { cwd: import.meta.dirname })
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap((file) =>
        [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/defineErrors\('(\w+)'/g)].map(([, name]) => name),
      )
    const listed = new Set(codes.map((code) => code.split('.')[0]))
    expect([...listed].sort(), 'add it to server/src/catalogues.ts').toEqual(defined.sort())
  })

  it('has each code once, in the form domain.name', () => {
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
    for (const code of codes) expect(code).toMatch(/^[a-z][a-z_]*\.[a-z][a-z0-9_]*$/)
  })
})

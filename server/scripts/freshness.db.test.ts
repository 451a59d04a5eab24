import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../test/harness.ts'
import { dumpSchema, findDump } from './dump-schema.ts'
import { files, generateRows } from './row-schemas.ts'

const committed = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8')

describe('what is generated from the schema', async () => {
  const { owner, url } = await createTestDatabase()
  const dump = findDump()

  it('has the row schemas and table types of the present migrations', async () => {
    const { tables, rowSchemas } = await generateRows(owner.db)
    expect(tables, 'run npm run generate').toBe(committed(files.tables))
    expect(rowSchemas, 'run npm run generate').toBe(committed(files.rowSchemas))
  })

  // Only PostgreSQL 15's own pg_dump prints what is committed.
  if (dump !== undefined && owner.serverVersion < 160_000) {
    it('has the schema.sql of the present migrations', () => {
      expect(dumpSchema(dump, url), 'run npm run generate').toBe(committed(files.schema))
    })
  }
})

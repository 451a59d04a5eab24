import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../test/harness.ts'
import { dumpSchema, findDump } from './dump-schema.ts'
import { readDocument } from './read-document.ts'
import { files, generateRows } from './row-schemas.ts'
import { type Document, generateSdk, sdkFiles } from './sdk.ts'

const committed = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

describe('what is generated', async () => {
  const test = await createTestDatabase()
  const { owner, url } = test
  const dump = findDump()

  it('has the row schemas and table types of the present migrations', async () => {
    const { tables, rowSchemas } = await generateRows(owner.db)
    expect(tables, 'run npm run generate').toBe(committed(files.tables))
    expect(rowSchemas, 'run npm run generate').toBe(committed(files.rowSchemas))
  })

  it('has the SDK’s operations and error codes of the present routes and catalogues', async () => {
    const { operations, errorCodes } = generateSdk((await readDocument(test)) as Document)
    expect(operations, 'run npm run generate').toBe(committed(sdkFiles.operations))
    expect(errorCodes, 'run npm run generate').toBe(committed(sdkFiles.errorCodes))
  })

  // Only PostgreSQL 15's own pg_dump prints what is committed.
  if (dump !== undefined && owner.serverVersion < 160_000) {
    it('has the schema.sql of the present migrations', () => {
      expect(dumpSchema(dump, url), 'run npm run generate').toBe(committed(files.schema))
    })
  }
})

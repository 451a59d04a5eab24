import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { migrateUp } from '../src/platform/database/migrator.ts'
import { connectAsOwner } from '../src/platform/database/owner.ts'
import { binaries, startCluster } from '../test/cluster.ts'
import { dumpSchema, findDump } from './dump-schema.ts'
import { files, generateRows } from './row-schemas.ts'

const server = join(import.meta.dirname, '..')

/** Migrates an empty database of a throwaway server and lends it. */
async function withMigrated<T>(bin: string, work: (owner: Awaited<ReturnType<typeof connectAsOwner>>) => Promise<T> | T): Promise<T> {
  const cluster = await startCluster(bin)
  try {
    const owner = await connectAsOwner(cluster.url)
    try {
      await migrateUp(owner)
      return await work(owner)
    } finally {
      await owner.end()
    }
  } finally {
    await cluster.stop()
  }
}

function write(path: string, text: string) {
  writeFileSync(join(server, path), text)
  console.log(`server/${path}`)
}

await withMigrated(binaries['postgres-18'](), async ({ db }) => {
  const { tables, rowSchemas } = await generateRows(db)
  write(files.tables, tables)
  write(files.rowSchemas, rowSchemas)
})

const [fifteen, dump] = [binaries['postgres-15'](), findDump()]
if (fifteen && dump) await withMigrated(fifteen, ({ url }) => write(files.schema, dumpSchema(dump, url)))
else console.log('server/sql/schema.sql is left as it is: PostgreSQL 15 with pg_dump is not on this machine.')

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createDatabase } from '../src/platform/database/database.ts'
import { ensureLogins } from '../src/platform/database/logins.ts'
import { migrateUp } from '../src/platform/database/migrator.ts'
import { connectAsOwner, type Owner } from '../src/platform/database/owner.ts'
import { generateRootKeys, parseKeyring } from '../src/platform/sealing/keyring.ts'
import { binaries, startCluster } from '../test/cluster.ts'
import { dumpSchema, findDump } from './dump-schema.ts'
import { files, generateRows } from './row-schemas.ts'
import { type Document, generateSdk, sdkFiles } from './sdk.ts'

const root = join(import.meta.dirname, '../..')

/** Migrates an empty database of a throwaway server and lends it. */
async function withMigrated<T>(bin: string, work: (owner: Owner) => Promise<T> | T): Promise<T> {
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
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  console.log(path)
}

async function writeSdk(owner: Owner) {
  // Loaded now, when the row schemas that the routes are made from are of the present migrations.
  const { readDocument } = await import('./read-document.ts')
  const keyring = parseKeyring(generateRootKeys())
  const database = createDatabase(await ensureLogins(owner, keyring), { poolSize: 2, onError: () => {} })
  try {
    const { operations, errorCodes } = generateSdk((await readDocument({ database, keyring })) as Document)
    write(sdkFiles.operations, operations)
    write(sdkFiles.errorCodes, errorCodes)
  } finally {
    await database.end()
  }
}

await withMigrated(binaries['postgres-18'](), async (owner) => {
  const { tables, rowSchemas } = await generateRows(owner.db)
  write(files.tables, tables)
  write(files.rowSchemas, rowSchemas)
  await writeSdk(owner)
})

const [fifteen, dump] = [binaries['postgres-15'](), findDump()]
if (fifteen && dump) await withMigrated(fifteen, ({ url }) => write(files.schema, dumpSchema(dump, url)))
else console.log(`${files.schema} is left as it is: PostgreSQL 15 with pg_dump is not on this machine.`)

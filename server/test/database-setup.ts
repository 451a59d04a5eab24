import type { TestProject } from 'vitest/node'
import { ensureLogins } from '../src/platform/database/logins.ts'
import { migrateUp } from '../src/platform/database/migrator.ts'
import { connectAsOwner } from '../src/platform/database/owner.ts'
import { parseKeyring } from '../src/platform/sealing/keyring.ts'
import { binaries, type ServerName, startCluster } from './cluster.ts'
import { withDatabase } from './harness.ts'

declare module 'vitest' {
  interface ProvidedContext {
    clusterUrl: string
    /** The programs of this server, for tests that need a cluster of their own; '' where only its address was given. */
    serverPrograms: string
    rootKeys: string
  }
}

/** Known to the tests alone. */
const rootKeys = 'v1:q4NlHxqpWm2C0yD9bF7sU5kXo8T1eZrJvGaB6nKcLwM='
export const templateName = 'keyloft_template'

/** Once per run and server: a cluster, and in it the migrated database that every test file copies. */
export default async function setup(project: TestProject) {
  const name = (project.name === 'browser' ? 'postgres-18' : project.name) as ServerName
  const given = name === 'postgres-15' ? process.env.TEST_DATABASE_URL : undefined
  const bin = given ? undefined : binaries[name]()
  const cluster = given
    ? { url: given, stop: async () => {} }
    : bin && (await startCluster(bin, 'postgres', { shared_preload_libraries: 'pg_stat_statements' }))
  if (!cluster) throw new Error(`${name} is not on this machine`)

  const admin = await connectAsOwner(cluster.url)
  await dropTemplate(admin)
  await makeTemplate(admin, cluster.url)

  project.provide('clusterUrl', cluster.url)
  project.provide('serverPrograms', binaries[name]() ?? '')
  project.provide('rootKeys', rootKeys)
  return async () => {
    if (given) await dropTemplate(admin)
    await admin.end()
    await cluster.stop()
  }
}

/** The migrated database that every test file copies. */
export async function makeTemplate(admin: Awaited<ReturnType<typeof connectAsOwner>>, clusterUrl: string) {
  await admin.db.executeQuery({ sql: `create database ${templateName}`, parameters: [] } as never)
  const owner = await connectAsOwner(withDatabase(clusterUrl, templateName))
  await migrateUp(owner)
  await ensureLogins(owner, parseKeyring(rootKeys))
  await owner.end()
}

async function dropTemplate(admin: Awaited<ReturnType<typeof connectAsOwner>>) {
  await admin.db.executeQuery({ sql: `drop database if exists ${templateName} with (force)`, parameters: [] } as never)
}

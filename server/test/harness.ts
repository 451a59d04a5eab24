import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, inject } from 'vitest'
import { type Principal, userPrincipal } from '../src/base/principal.ts'
import { createDatabase, type Database } from '../src/platform/database/database.ts'
import { type LoginUrls, readLogins } from '../src/platform/database/logins.ts'
import { connectAsOwner, type Owner } from '../src/platform/database/owner.ts'
import { type Keyring, parseKeyring } from '../src/platform/sealing/keyring.ts'
import { templateName } from './database-setup.ts'

/** A migrated database of a test file's own, on the server that this project runs against. */
export interface TestDatabase {
  name: string
  url: string
  /** The cluster's superuser, in this database. Row level security does not bind it. */
  owner: Owner
  /** As the server has it. */
  database: Database
  urls: LoginUrls
  keyring: Keyring
  /** A person with an account; the principal their requests would act as. */
  makePerson(): Promise<{ id: string; principal: Principal }>
}

/** Call at the top of a file's describe; it is dropped when the file ends. */
export async function createTestDatabase(
  options: { migrated?: boolean; poolSize?: number; clusterUrl?: string } = {},
): Promise<TestDatabase> {
  const { migrated = true, poolSize = 10, clusterUrl = inject('clusterUrl') } = options
  const cluster = await connectAsOwner(clusterUrl)
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await sql`create database ${sql.id(name)} ${migrated ? sql`template ${sql.id(templateName)}` : sql`template template0`}`.execute(
    cluster.db,
  )

  const url = withDatabase(clusterUrl, name)
  const owner = await connectAsOwner(url)
  const keyring = parseKeyring(inject('rootKeys'))
  const urls = (await readLogins(owner, keyring)) ?? unmigratedUrls(url)
  const database = createDatabase(urls, { poolSize, onError: () => {} })
  afterAll(async () => {
    await database.end()
    await owner.end()
    await sql`drop database ${sql.id(name)} with (force)`.execute(cluster.db)
    await cluster.end()
  })
  return { name, url, owner, database, urls, keyring, makePerson: () => makePerson(owner.db) }
}

// biome-ignore lint/suspicious/noExplicitAny: tests reach every schema
async function makePerson(db: Kysely<any>) {
  const id = randomUUID()
  await sql`insert into auth.users (id, email, name) values (${id}, ${`${id}@example.com`}, 'A person')`.execute(db)
  return { id, principal: userPrincipal(id) }
}

export function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

function unmigratedUrls(url: string): LoginUrls {
  return { keyloft_user: url, keyloft_service: url, keyloft_auth: url }
}

import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { loadMigrations, migrationBook } from '../../server/src/platform/database/migrations.ts'
import { migrateUp } from '../../server/src/platform/database/migrator.ts'
import { connectAsOwner } from '../../server/src/platform/database/owner.ts'
import { type Figure, figureOf } from './figures.ts'
import { withDatabase } from './throwaway.ts'

const rounds = 5

/** All of them on an empty database, against the same files sent whole, in one transaction, without a book or a lock. */
export function migrations(signal: AbortSignal): Promise<Figure[]> {
  return withDatabase(signal, async ({ url }) => {
    await measure(url, migrateBare) // makes the roles, which belong to the server and not to the database
    const ours: number[] = []
    const bare: number[] = []
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted()
      ours.push(await measure(url, migrate))
      bare.push(await measure(url, migrateBare))
    }
    const what = `${loadMigrations().length} migrations on an empty database`
    return [figureOf({ what, unit: 's' }, ours, { what: 'the same SQL, bare', values: bare })]
  })
}

async function measure(url: string, work: (url: string) => Promise<void>): Promise<number> {
  const name = `bench_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  try {
    await admin.query(`create database ${name}`)
    const target = new URL(url)
    target.pathname = `/${name}`
    const start = performance.now()
    await work(target.href)
    return (performance.now() - start) / 1000
  } finally {
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
}

async function migrate(url: string) {
  const owner = await connectAsOwner(url)
  await migrateUp(owner)
  await owner.end()
}

async function migrateBare(url: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('begin')
  for (const file of [migrationBook(), ...loadMigrations().map(({ up }) => up)]) {
    await client.query(file)
    await client.query('reset role')
  }
  await client.query('commit')
  await client.end()
}

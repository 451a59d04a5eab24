import { sql } from 'kysely'
import { makePartitions } from '../../../server/src/domains/ledger/jobs.ts'
import { loadShippedModels } from '../../../server/src/domains/models/models.ts'
import { readMarkKey } from '../../../server/src/domains/tokens/queries.ts'
import { makeToken } from '../../../server/src/domains/tokens/token-format.ts'
import { createDatabase, type Database } from '../../../server/src/platform/database/database.ts'
import { ensureLogins } from '../../../server/src/platform/database/logins.ts'
import { migrateUp } from '../../../server/src/platform/database/migrator.ts'
import { connectAsOwner } from '../../../server/src/platform/database/owner.ts'
import type { OwnDatabase } from '../../../server/src/platform/embedded/own-database.ts'
import { median } from '../figures.ts'
import { withDatabase } from '../throwaway.ts'

export interface Person {
  readonly database: Database
  readonly logins: Awaited<ReturnType<typeof ensureLogins>>
  readonly keyring: OwnDatabase['keyring']
  readonly userId: string
  readonly token: string
  /** One insert and its commit, alone, in milliseconds. */
  measureCommit(): Promise<number>
}

/** Lends the embedded PostgreSQL, durability included, with one person in it, who has an API token and, where asked, hard limits. */
export function withPerson(signal: AbortSignal, isCapped: boolean, use: (person: Person) => Promise<void>): Promise<void> {
  return withDatabase(signal, async ({ url, keyring }) => {
    const owner = await connectAsOwner(url)
    await migrateUp(owner)
    const logins = await ensureLogins(owner, keyring)
    const database = createDatabase(logins, { poolSize: 10, onError: () => {} })
    await Promise.all([loadShippedModels(database), makePartitions(database)])
    const { id: userId } = await owner.db
      .insertInto('auth.users')
      .values({ email: 'bench@example.com' })
      .returning('id')
      .executeTakeFirstOrThrow()
    const { token, publicId, secretHash, prefix } = makeToken(await database.system('bench', readMarkKey))
    await owner.db
      .insertInto('api_tokens')
      .values({ user_id: userId, name: 'bench', public_id: publicId, secret_hash: secretHash, token_prefix: prefix })
      .execute()
    if (isCapped) {
      const rows = { token_limit: '1000000000000000', cost_limit: '1000000000' }
      await owner.db
        .insertInto('user_quota_limits')
        .values(['daily', 'monthly'].map((type) => ({ user_id: userId, type, ...rows })))
        .execute()
    }
    await sql`create table public.bench_commits (at timestamptz)`.execute(owner.db)
    const measureCommit = async () => {
      const times: number[] = []
      for (let round = 0; round < 300; round++) {
        const begun = performance.now()
        await sql`insert into public.bench_commits values (now())`.execute(owner.db)
        times.push(performance.now() - begun)
      }
      return median(times)
    }
    await use({ database, logins, keyring, userId, token, measureCommit })
    await owner.end()
    await database.end()
  })
}

import { describe, expect, it } from 'vitest'
import { dumpSchema, findDump } from '../../scripts/dump-schema.ts'
import { fingerprint } from '../../src/platform/database/fingerprint.ts'
import { loadMigrations } from '../../src/platform/database/migrations.ts'
import { migrateDown, migrateUp, migrationStatus } from '../../src/platform/database/migrator.ts'
import { createTestDatabase } from '../harness.ts'

const everything = ['public', 'auth', 'keyloft', 'keyloft_migrations', 'pgboss', 'realtime']

describe('migrations', async () => {
  const { owner, url } = await createTestDatabase({ migrated: false })
  const dump = owner.serverVersion < 160_000 ? findDump() : undefined
  const dumped = () => dump && dumpSchema(dump, url)
  const count = loadMigrations().length

  it('leave an identical schema after up, down and up again', async () => {
    const before = await fingerprint(owner.db, everything)
    await migrateUp(owner)
    const first = await fingerprint(owner.db, everything)
    const firstDump = dumped()
    expect(first.length).toBeGreaterThan(200)

    await migrateDown(owner, count)
    expect((await migrationStatus(owner)).every(({ state }) => state === 'pending')).toBe(true)
    // What is left is the book in which migrations are entered, and what was there before.
    const emptied = await fingerprint(owner.db, everything)
    expect(emptied.filter((line) => !line.includes('keyloft_migrations'))).toEqual(before)

    await migrateUp(owner)
    expect(await fingerprint(owner.db, everything)).toEqual(first)
    expect(dumped()).toEqual(firstDump)
  })

  // A fingerprint of all of it for each migration: on a machine that is busy that takes longer than anything else here.
  it('can each be taken back and applied alone', { timeout: 300_000 }, async () => {
    const full = await fingerprint(owner.db, everything)
    for (let step = 1; step <= count; step++) {
      expect(await migrateDown(owner, step)).toHaveLength(step)
      expect(await migrateUp(owner)).toHaveLength(step)
      expect(await fingerprint(owner.db, everything)).toEqual(full)
    }
  })
})

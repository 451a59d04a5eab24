import { sql } from 'kysely'
import { getConstructionPlans, PgBoss } from 'pg-boss'
import { describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/platform/database/fingerprint.ts'
import { connectAsOwner } from '../../src/platform/database/owner.ts'
import { openSocket } from '../../src/platform/egress/known-sockets.ts'
import { createTestDatabase } from '../harness.ts'

describe('the job queue’s schema', async () => {
  const ours = await createTestDatabase()
  const theirs = await createTestDatabase({ migrated: false })

  it('is what this version of pg-boss would make itself', async () => {
    await sql.raw(getConstructionPlans('pgboss')).execute(theirs.owner.db)
    expect(await structure(ours)).toEqual(await structure(theirs))
    const version = async ({ owner }: typeof ours) => (await sql`select version from pgboss.version`.execute(owner.db)).rows
    expect(await version(ours)).toEqual(await version(theirs))
  })

  /** Without owners, rights and comments, which are ours to set, and the days of queue_stats, which are left out. */
  async function structure({ url }: typeof ours): Promise<string[]> {
    const owner = await connectAsOwner(url)
    const lines = await fingerprint(owner.db, ['pgboss'])
    await owner.end()
    return lines
      .filter((line) => !/^(schema|comment|default privileges)|queue_stats_\d/.test(line))
      .map((line) => line.replace(/ owner \S+/, '').replace(/ acl .*?( definition |$)/, '$1'))
      .map((line) => line.replace(/\s+/g, ' '))
  }

  it('serves jobs and schedules over the login keyloft_auth alone', async () => {
    const boss = new PgBoss({ connectionString: ours.urls.keyloft_auth, stream: openSocket, migrate: false, createSchema: false } as never)
    boss.on('error', () => {})
    await boss.start()
    try {
      await boss.createQueue('greetings-dead')
      await boss.createQueue('greetings', { deadLetter: 'greetings-dead', retryLimit: 1 } as never)
      const id = await boss.send('greetings', { to: 'Ada' })
      const [job] = await boss.fetch('greetings')
      expect(job).toMatchObject({ id, data: { to: 'Ada' } })
      await boss.complete('greetings', id as string)
      await boss.schedule('greetings', '0 3 * * *')
      expect(await boss.getSchedules()).toHaveLength(1)
      await boss.supervise('greetings')
    } finally {
      await boss.stop({ graceful: false })
    }
  })
})

import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { forgetExpired } from './forget-expired.ts'

describe('forgetting what expired', async () => {
  const { owner, database, makePerson } = await createTestDatabase()
  const run = (signal = new AbortController().signal) => forgetExpired(database.pools.auth).run({}, { signal, jobId: 'a', attempt: 1 })
  const left = async () => ({
    sessions: (await sql<{ token: string }>`select token from auth.sessions order by token`.execute(owner.db)).rows.length,
    verifications: (await sql`select from auth.verifications`.execute(owner.db)).rows.length,
  })

  it('deletes all of it in batches, and nothing that is still good', async () => {
    const { id } = await makePerson()
    for (const [count, offset] of [
      [2_500, '-1 second'],
      [3, '1 hour'],
    ] as const) {
      await sql`insert into auth.sessions (user_id, token, expires_at)
                select ${id}, ${offset} || n, now() + ${offset}::interval from generate_series(1, ${sql.lit(count)}) n`.execute(owner.db)
      await sql`insert into auth.verifications (identifier, value, expires_at)
                select 'a' || n, 'b', now() + ${offset}::interval from generate_series(1, ${sql.lit(count)}) n`.execute(owner.db)
    }
    await expect(run(AbortSignal.abort(new Error('stopping')))).rejects.toThrow('stopping')
    expect(await left()).toEqual({ sessions: 2_503, verifications: 2_503 })
    await run()
    expect(await left()).toEqual({ sessions: 3, verifications: 3 })
    await run()
    expect(await left()).toEqual({ sessions: 3, verifications: 3 })
  })

  it('leaves accounts alone that another system keeps', async () => {
    await sql`update auth.verifications set expires_at = now() - interval '1 day'`.execute(owner.db)
    await sql`alter schema auth owner to current_user`.execute(owner.db)
    await run()
    expect((await left()).verifications).toBe(3)
    await sql`alter schema auth owner to keyloft_owner`.execute(owner.db)
  })
})

import { sql } from 'kysely'
import { describe, expect, it, vi } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, makeCall, settleCalls } from '../../../test/ledger.ts'
import { connectAsOwner, type Owner } from '../../platform/database/owner.ts'
import { type Call, sanitise } from './call.ts'
import { openCalls } from './statements.ts'

describe('a limit, while calls of its person are being written down', async () => {
  const { database, owner, url, makePerson } = await createTestDatabase()
  const [blocker, setter] = [await connectAsOwner(url), await connectAsOwner(url)]

  const call = (userId: string) => makeCall({ userId, mostInputTokens: 500, mostOutputTokens: 500 })
  const limit = (userId: string, db: Owner['db'] = owner.db) =>
    sql`insert into user_quota_limits (user_id, type, token_limit) values (${userId}, 'daily', 2000)`.execute(db)
  /** As an operator does it. */
  const set = (userId: string) =>
    setter.db.transaction().execute(async (tx) => {
      await limit(userId, tx)
      await sql`select keyloft.begin_quotas(${userId})`.execute(tx)
    })
  const open = async (one: Call) => (await database.systemOnce('open', openCalls([one], 60))).verdicts
  const settle = async (calls: readonly Call[]) => {
    const rows = calls.map((one) => ({ call: one, outcome: sanitise(ended({ inputTokens: 100, outputTokens: 100 })) }))
    return (await database.systemOnce('settle', settleCalls(rows))).verdicts
  }
  const counters = async (userId: string) => {
    const { rows } = await sql<{ used: string; reserved: string }>`
      select used_tokens as used, reserved_tokens as reserved from user_quota_limits where user_id = ${userId}`.execute(owner.db)
    return rows.map(({ used, reserved }) => ({ used: Number(used), reserved: Number(reserved) }))
  }

  const waits = (many: number) =>
    vi.waitFor(async () => {
      const all = sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      expect((await all.execute(owner.db)).rows).toHaveLength(many)
    })

  /** What is done while a settlement waits for rows that somebody else has locked. */
  async function meanwhile(calls: readonly Call[], lock: ReturnType<typeof sql>, then: (settling: Promise<unknown>) => Promise<void>) {
    let settling: Promise<unknown> = Promise.resolve()
    await blocker.db.transaction().execute(async (tx) => {
      await lock.execute(tx)
      settling = settle(calls)
      await waits(1)
      await then(settling)
    })
    expect(await settling).toBe(calls.map(() => 'settled').join())
  }
  const hours = (userId: string) => sql`select from usage_hourly where user_id = ${userId} for update`
  /** A person with calls in the books, so that their hour can be locked. */
  const person = async () => {
    const { id } = await makePerson()
    await settle([call(id)])
    return id
  }

  it('lets others be opened', async () => {
    const userId = await person()
    await limit(userId)
    const first = call(userId)
    expect(await open(first)).toBe('opened')
    await meanwhile([first], hours(userId), async () => {
      expect(await counters(userId)).toEqual([{ used: 200, reserved: 1_000 }])
      expect(await open(call(userId))).toMatch(/^over/) // 200 used and 1,000 reserved: what is being written down is under way until it is
    })
    expect(await counters(userId)).toEqual([{ used: 400, reserved: 0 }])
    expect(await open(call(userId))).toBe('opened')
  })

  it('is set when they are written, and begins with them', async () => {
    const userId = await person()
    let setting: Promise<unknown> = Promise.resolve()
    await meanwhile([call(userId), call(userId)], hours(userId), async () => {
      setting = set(userId)
      await waits(2)
      expect(await open(call(userId))).toBe('opened') // nobody else waits
    })
    await setting
    expect(await counters(userId)).toEqual([{ used: 600, reserved: 0 }])
  })

  it('is set when they are written also where they wait for a limit of somebody else', async () => {
    const [userId, other] = [await person(), await person()]
    await limit(other)
    let setting: Promise<unknown> = Promise.resolve()
    await meanwhile([call(userId), call(other)], sql`select from user_quota_limits where user_id = ${other} for update`, async () => {
      setting = set(userId)
      await waits(2)
    })
    await setting
    expect(await counters(userId)).toEqual([{ used: 400, reserved: 0 }])
  })

  it('has them where they come while it is being set', async () => {
    const userId = await person()
    let settling: Promise<unknown> = Promise.resolve()
    await blocker.db.transaction().execute(async (tx) => {
      await limit(userId, tx)
      await sql`select keyloft.begin_quotas(${userId})`.execute(tx)
      settling = settle([call(userId)])
      await waits(1)
    })
    await settling
    expect(await counters(userId)).toEqual([{ used: 400, reserved: 0 }])
  })

  it('counts them where it is begun after they were summed up', async () => {
    const userId = await person()
    await limit(userId)
    await meanwhile([call(userId)], sql`select keyloft.begin_quotas(${userId})`, async () => {})
    expect(await counters(userId)).toEqual([{ used: 400, reserved: 0 }])
  })

  it('counts none of them where it is switched off after they were summed up', async () => {
    const userId = await person()
    await limit(userId)
    expect(await open(call(userId))).toBe('opened')
    await meanwhile([call(userId)], sql`update user_quota_limits set is_active = false where user_id = ${userId}`, async () => {})
    expect(await counters(userId)).toEqual([{ used: 200, reserved: 1_000 }])
  })

  it('frees nothing in a window that has begun after they were summed up', async () => {
    const userId = await person()
    await limit(userId)
    const first = call(userId)
    expect(await open(first)).toBe('opened')
    const anew = sql`update user_quota_limits set last_reset = clock_timestamp(), used_tokens = 0, reserved_tokens = 0 where user_id = ${userId}`
    await meanwhile([first], anew, async () => {})
    expect(await counters(userId)).toEqual([{ used: 0, reserved: 0 }])
  })
})

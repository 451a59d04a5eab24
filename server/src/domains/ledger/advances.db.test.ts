import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { callId, ended, makeCall, postAll, readBooks } from '../../../test/ledger.ts'
import { databaseErrors } from '../../platform/database/errors.ts'
import { connectAsOwner } from '../../platform/database/owner.ts'
import { type Call, sanitise } from './call.ts'
import { sweepCalls } from './jobs.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { noteEnds, openCalls, renewLeases, returnPlaces } from './statements.ts'

describe('places in advance, in the books', async () => {
  const { database, owner, url, makePerson } = await createTestDatabase()

  const person = async (limit: { request_limit?: number; token_limit?: number }) => {
    const { id } = await makePerson()
    await owner.db
      .insertInto('user_quota_limits')
      .values({ user_id: id, type: 'daily', ...limit })
      .execute()
    return id
  }
  const call = (userId: string, change: Partial<Call> = {}) => makeCall({ userId, mostInputTokens: 64, mostOutputTokens: 36, ...change })
  const process = () => {
    const ledger = createLedger({ database, clock: Date.now })
    onTestFinished(() => ledger.stop())
    return ledger
  }
  /** As the gateway does it. */
  const make = async (ledger: Ledger, one: Call) => {
    if (!(await ledger.reserve(one))) await ledger.open(one)
    return one
  }
  const makeMany = async (ledger: Ledger, userId: string, times: number) => {
    const calls: Call[] = []
    for (let n = 0; n < times; n++) calls.push(await make(ledger, call(userId)))
    return calls
  }
  const settle = (ledger: Ledger, calls: readonly Call[]) =>
    Promise.all(calls.map((one) => ledger.settle(one, ended({ inputTokens: 10, outputTokens: 5 }))))
  const counted = async (userId: string) => {
    await postAll(owner)
    const { rows } = await sql<Record<string, number>>`
      select used_requests::int as requests, used_tokens::int as tokens, reserved_requests::int as "reservedRequests", reserved_tokens::int as "reservedTokens"
        from user_quota_limits where user_id = ${userId}`.execute(owner.db)
    return rows[0]
  }
  /** As many as it gets, which are the first of their limit. */
  const advance = async (userId: string, places: number) => {
    const wish = { ...call(userId), id: callId(Date.now()), places }
    return { id: wish.id, verdict: (await database.systemOnce('open', openCalls([wish], 60))).verdicts as string }
  }
  const advancesOf = async (userId: string) =>
    (await owner.db.selectFrom('keyloft.advances').selectAll().where('user_id', '=', userId).execute()).length
  /** The process is silent for so long that it counts as gone. */
  const silence = async (userId: string) => {
    await sql`update keyloft.advances set lease_until = now() - interval '1 second' where user_id = ${userId}`.execute(owner.db)
    await sweepCalls(database)
  }

  it('spare calls their own reservation, count them as any other, and are all given back within a second', async () => {
    const userId = await person({ request_limit: 1_000 })
    const ledger = process()
    const calls = await makeMany(ledger, userId, 50)
    expect(calls.filter(({ advanceId }) => advanceId === undefined).length).toBeLessThan(10)
    expect((await readBooks(owner)).holds.size).toBeLessThan(10)
    const under = await counted(userId)
    expect(under?.reservedRequests).toBeGreaterThanOrEqual(50)
    await settle(ledger, calls)
    await expect
      .poll(() => counted(userId), { timeout: 2_000 })
      .toEqual({ requests: 50, tokens: 750, reservedRequests: 0, reservedTokens: 0 })
    expect(await advancesOf(userId)).toBe(0)
  })

  it('are given back when a process stops', async () => {
    const userId = await person({ request_limit: 1_000 })
    const ledger = createLedger({ database, clock: Date.now })
    await settle(ledger, await makeMany(ledger, userId, 20))
    await ledger.stop()
    expect(await counted(userId)).toEqual({ requests: 20, tokens: 300, reservedRequests: 0, reservedTokens: 0 })
    expect(await advancesOf(userId)).toBe(0)
  })

  it('are there for a call of which also an intent is written, and for one that a sweep presumed', async () => {
    const userId = await person({ token_limit: 100_000 })
    const ledger = createLedger({ database, clock: Date.now })
    const calls = await makeMany(ledger, userId, 12)
    const [opened, lost] = calls.filter(({ advanceId }) => advanceId !== undefined) as [Call, Call]
    await ledger.open(opened)
    await ledger.open(lost)
    await settle(
      ledger,
      calls.filter((one) => one !== lost),
    )
    await ledger.stop()
    expect(await counted(userId)).toEqual({ requests: 11, tokens: 165, reservedRequests: 1, reservedTokens: 100 })
    await sql`update keyloft.holds set lease_until = now() - interval '1 second' where id = ${lost.id}`.execute(owner.db)
    await sweepCalls(database)
    expect(await counted(userId)).toEqual({ requests: 12, tokens: 265, reservedRequests: 0, reservedTokens: 0 })
    await settle(process(), [lost])
    expect(await counted(userId)).toEqual({ requests: 12, tokens: 180, reservedRequests: 0, reservedTokens: 0 })
    expect(await advancesOf(userId)).toBe(0)
  })

  it('count as used when their process is gone, until its calls are heard of after all', async () => {
    const userId = await person({ request_limit: 1_000 })
    const ledger = process()
    const calls = await makeMany(ledger, userId, 30)
    const alone = calls.filter(({ advanceId }) => advanceId === undefined).length
    await silence(userId)
    const { rows } = await sql<{ places: number }>`
      select sum(places)::int as places from keyloft.advances where user_id = ${userId} and presumed_at is not null`.execute(owner.db)
    const places = rows[0]?.places as number
    expect(places).toBeGreaterThanOrEqual(30 - alone)
    expect(await counted(userId)).toMatchObject({ requests: places, tokens: places * 100 })
    await settle(ledger, calls)
    await ledger.stop()
    expect(await counted(userId)).toEqual({ requests: 30, tokens: 450, reservedRequests: 0, reservedTokens: 0 })
    expect(await advancesOf(userId)).toBe(0)
  })

  it('never lead past a limit, nor refuse one call before it is reached, however many processes share it', async () => {
    const userId = await person({ request_limit: 300 })
    const ledgers = [process(), process(), process()]
    const made = await Promise.all(
      ledgers.map(async (ledger) => {
        let mine = 0
        const one = async () => {
          for (let times = 0; times < 30; times++) {
            const next = call(userId)
            const isMade = await make(ledger, next).then(
              () => true,
              (error) => {
                expect(error.code).toBe('ledger.quota_exceeded')
                return false
              },
            )
            if (!isMade) return
            mine++
            await settle(ledger, [next])
          }
        }
        await Promise.all(Array.from({ length: 5 }, one))
        return mine
      }),
    )
    expect(made.reduce((sum, mine) => sum + mine, 0)).toBe(300)
    await Promise.all(ledgers.map((ledger) => ledger.stop()))
    expect(await counted(userId)).toEqual({ requests: 300, tokens: 4_500, reservedRequests: 0, reservedTokens: 0 })
  })

  it('are no more than an eighth of what is left', async () => {
    const userId = await person({ request_limit: 100 })
    const given = [await advance(userId, 50), await advance(userId, 50), await advance(userId, 2)]
    expect(given.map(({ verdict }) => verdict)).toEqual(['advance 12', 'advance 11', 'advance 2'])
    const [{ id } = { id: '' }] = given
    for (const _ of ['told once', 'and told again']) await database.systemOnce('return', returnPlaces([{ id, places: 12 }]))
    expect(await counted(userId)).toMatchObject({ reservedRequests: 13 })
    expect((await advance(await person({ request_limit: 7 }), 1)).verdict).toBe('scarce')
  })

  it('are not given up for a call that would not fit if nothing were reserved', async () => {
    const userId = await person({ token_limit: 100_000 })
    const ledger = process()
    await makeMany(ledger, userId, 5)
    await expect(make(ledger, call(userId, { mostOutputTokens: 200_000 }))).rejects.toMatchObject({ code: 'ledger.quota_exceeded' })
    const [one] = await makeMany(ledger, userId, 1)
    expect(one?.advanceId).toBeDefined()
  })

  it('are given up for a while where a call would fit without them', async () => {
    const userId = await person({ request_limit: 40 })
    const [mine, other] = [process(), process()]
    const alone = await makeMany(mine, userId, 35)
    await Promise.all(Array.from({ length: 5 }, () => make(other, call(userId)))) // also for what `mine` has reserved and does not use
    await expect(make(other, call(userId))).rejects.toMatchObject({ code: 'ledger.quota_exceeded' })
    await settle(
      mine,
      alone.slice(0, 10).map((one) => one),
    )
    expect(await counted(userId)).toMatchObject({ requests: 10, reservedRequests: 30 })
  })

  it('are drawn once by a call whose end is noted twice', async () => {
    const userId = await person({ request_limit: 1_000 })
    const { id: advanceId } = await advance(userId, 10)
    const end = {
      call: call(userId, { advanceId }),
      outcome: sanitise(ended({ inputTokens: 10, outputTokens: 5 })),
      wasOpened: false,
    }
    for (const _ of ['its connection was lost after the commit', 'so it is sent again']) await database.systemOnce('note', noteEnds([end]))
    expect(await counted(userId)).toEqual({ requests: 1, tokens: 15, reservedRequests: 9, reservedTokens: 900 })
  })

  it('are nobody else’s, whatever another call says', async () => {
    const [userId, other] = [await person({ request_limit: 1_000 }), await person({ request_limit: 1_000 })]
    const { id: advanceId } = await advance(userId, 10)
    const end = { call: call(other, { advanceId }), outcome: sanitise(ended({ inputTokens: 10, outputTokens: 5 })), wasOpened: false }
    await database.systemOnce('note', noteEnds([end]))
    expect(await counted(userId)).toMatchObject({ requests: 0, reservedRequests: 10 })
    expect(await counted(other)).toMatchObject({ requests: 1, tokens: 15, reservedRequests: 0 })
    await database.systemOnce('return', returnPlaces([{ id: advanceId, places: 10 }]))
    expect(await counted(userId)).toMatchObject({ requests: 0, reservedRequests: 0 })
  })

  it('are kept for a call that lasts, as long as its process says so', async () => {
    const userId = await person({ request_limit: 1_000 })
    const { id: advanceId } = await advance(userId, 10)
    const long = call(userId, { advanceId })
    await database.systemOnce('open', openCalls([long], 60))
    await sql`update keyloft.advances set lease_until = now() - interval '1 second' where id = ${advanceId}`.execute(owner.db)
    await database.systemOnce('renew', renewLeases([long], 60))
    await sweepCalls(database)
    expect(await counted(userId)).toMatchObject({ requests: 0, reservedRequests: 10 })
    await silence(userId)
    expect(await counted(userId)).toMatchObject({ requests: 10, reservedRequests: 0 })
  })

  it('are not given out for two seconds by a limit that refused a call, though there is room again', async () => {
    const userId = await person({ token_limit: 1_000 })
    const ledger = createLedger({ database, clock: Date.now })
    onTestFinished(() => ledger.stop())
    const calls = Array.from({ length: 10 }, () => call(userId))
    for (const one of calls) await ledger.open(one)
    await expect(ledger.open(call(userId))).rejects.toMatchObject({ code: 'ledger.quota_exceeded' })
    await settle(ledger, calls)
    expect(await counted(userId)).toMatchObject({ tokens: 150, reservedTokens: 0 })
    expect((await advance(userId, 1)).verdict).toBe('scarce')
    await sql`update user_quota_limits set no_advances_until = now() where user_id = ${userId}`.execute(owner.db)
    expect((await advance(userId, 1)).verdict).toBe('advance 1')
  })

  it('that a process has to spare go to calls of another, and none of these is refused', async () => {
    const userId = await person({ request_limit: 60 })
    const [mine, other] = [process(), process()]
    await makeMany(mine, userId, 10)
    const all = Array.from({ length: 50 }, () => other.open(call(userId)))
    expect((await Promise.allSettled(all)).filter(({ status }) => status === 'rejected')).toEqual([])
    await expect(other.open(call(userId))).rejects.toMatchObject({ code: 'ledger.quota_exceeded' })
  })

  it('are given back when a process stops while the database is away for a moment', async () => {
    const userId = await person({ request_limit: 1_000 })
    let isAway = false
    const ledger = createLedger({
      database: {
        systemOnce: (what: string, ...given: [never]) => {
          const fails = isAway && what === 'return places'
          if (fails) isAway = false
          return fails ? Promise.reject(databaseErrors.unavailable()) : database.systemOnce(what, ...given)
        },
      } as typeof database,
      clock: Date.now,
    })
    await settle(ledger, await makeMany(ledger, userId, 20))
    expect(await advancesOf(userId)).toBeGreaterThan(0)
    isAway = true
    await ledger.stop()
    expect(isAway).toBe(false)
    expect(await advancesOf(userId)).toBe(0)
  })

  it('are given back also where they are granted after nobody waits for them any more', async () => {
    const userId = await person({ request_limit: 1_000 })
    const ledger = createLedger({ database, clock: Date.now, settings: { waitMs: 300 } })
    onTestFinished(() => ledger.stop())
    await ledger.reserve(call(userId))
    const slow = await connectAsOwner(url)
    onTestFinished(() => slow.end())
    await slow.db.transaction().execute(async (tx) => {
      await sql`select from user_quota_limits where user_id = ${userId} for update`.execute(tx)
      await expect(ledger.reserve(call(userId))).rejects.toMatchObject({ code: 'ledger.unavailable' })
      await sleep(300)
    })
    await sleep(500) // by then it is granted
    const nothing = [0, { requests: 0, tokens: 0, reservedRequests: 0, reservedTokens: 0 }]
    await expect.poll(async () => [await advancesOf(userId), await counted(userId)], { timeout: 5_000 }).toEqual(nothing)
  })

  it('tell a call that cannot be written so, and nobody that the database is away', async () => {
    const userId = await person({ request_limit: 1_000 })
    const ledger = process()
    for (let times = 0; times < 3; times++)
      await expect(make(ledger, call(userId, { model: 'x'.repeat(201) }))).rejects.toMatchObject({ code: 'ledger.invalid_call' })
  })

  it('are forgotten with the window in which they were reserved', async () => {
    const userId = await person({ request_limit: 1_000 })
    const ledger = createLedger({ database, clock: Date.now })
    const calls = await makeMany(ledger, userId, 20)
    await sql`update user_quota_limits set reset_at = now() - interval '1 second' where user_id = ${userId}`.execute(owner.db)
    await make(ledger, call(userId, { mostOutputTokens: 1 })) // begins the next one
    await settle(ledger, calls)
    await ledger.stop()
    expect(await counted(userId)).toEqual({ requests: 0, tokens: 0, reservedRequests: 1, reservedTokens: 65 })
  })

  it('leave a limit that is set meanwhile to count their calls, and one that is lifted alone', async () => {
    const userId = await person({ request_limit: 1_000 })
    const ledger = createLedger({ database, clock: Date.now })
    const calls = await makeMany(ledger, userId, 20)
    await sql`delete from user_quota_limits where user_id = ${userId}`.execute(owner.db)
    await owner.db.insertInto('user_quota_limits').values({ user_id: userId, type: 'monthly', request_limit: 500 }).execute()
    await settle(ledger, calls)
    await ledger.stop()
    expect(await counted(userId)).toEqual({ requests: 20, tokens: 300, reservedRequests: 0, reservedTokens: 0 })
    expect(await advancesOf(userId)).toBe(0)
  })

  it('tell whoever waits for them that the database is away', async () => {
    const userId = await person({ request_limit: 1_000 })
    let isAway = false
    const ledger = createLedger({
      database: {
        systemOnce: (...given: Parameters<typeof database.systemOnce>) =>
          isAway ? Promise.reject(databaseErrors.unavailable()) : database.systemOnce(...given),
      } as typeof database,
      clock: Date.now,
      settings: { waitMs: 400 },
    })
    onTestFinished(() => ledger.stop({ timeoutMs: 100 }))
    const calls = await makeMany(ledger, userId, 2)
    await sleep(300) // until what is free is too old
    await make(ledger, call(userId))
    isAway = true
    await expect(ledger.reserve(call(userId))).rejects.toMatchObject({ code: 'ledger.unavailable' })
    isAway = false
    await settle(ledger, calls)
    expect(await make(ledger, call(userId))).toBeDefined()
  })
})

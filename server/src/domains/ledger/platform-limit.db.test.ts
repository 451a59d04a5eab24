import { sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, makeCall, settleCalls } from '../../../test/ledger.ts'
import { importModels, readModelFile } from '../models/models.ts'
import { type Call, sanitise } from './call.ts'
import { sweepCalls } from './jobs.ts'
import { refusalOf } from './refusal.ts'
import { openCalls } from './statements.ts'

interface Limits {
  requests?: number
  tokens?: number
  cost?: string
}

/** What strangers can spend of the operator's money: the tier of people without an account, and one limit over everybody. */
describe('what the operator pays for', async () => {
  const { database, owner, makePerson } = await createTestDatabase()
  const read = readModelFile(
    JSON.stringify({
      date: '2026-01-01',
      models: [{ provider: 'mock', model: 'priced', name: 'priced', prices: [{ input: '1', output: '2' }] }],
    }),
  )
  if ('faults' in read) throw new Error(read.faults.join())
  await importModels(database, read.file)

  const open = async (calls: readonly Call[]) => ((await database.systemOnce('open', openCalls(calls, 60))).verdicts as string).split(',')
  const kinds = async (calls: readonly Call[]) => (await open(calls)).map((verdict) => verdict.split(' ')[0])
  const settle = async (calls: readonly Call[], end = ended({ inputTokens: 100, outputTokens: 0 })) =>
    database.systemOnce('settle', settleCalls(calls.map((call) => ({ call, outcome: sanitise(end) }))))
  const sweep = async (calls: readonly Call[]) => {
    const ids = calls.map(({ id }) => id)
    await sql`update keyloft.holds set lease_until = now() - interval '1 second' where id = any (${ids}::uuid[])`.execute(owner.db)
    await sweepCalls(database)
  }
  const refusal = (verdict: string | undefined) => refusalOf(verdict ?? '', Date.now())
  const limitPlatform = (type: string, { requests, tokens, cost }: Limits = {}) =>
    database.system('test', (tx) =>
      sql`select keyloft.limit_platform(${type}, ${requests ?? null}::bigint, ${tokens ?? null}::bigint, ${cost ?? null}::numeric)`.execute(
        tx,
      ),
    )
  const platform = async () => {
    const { rows } = await sql<object>`
      select used_requests::int as requests, used_tokens::int as tokens, trim_scale(used_cost)::text as cost,
             reserved_requests || ' ' || reserved_tokens || ' ' || trim_scale(reserved_cost) as reserved
        from user_quota_limits where user_id is null and type = 'daily'`.execute(owner.db)
    return rows[0]
  }
  const person = async (isAnonymous = false) => {
    const { id } = await makePerson()
    if (isAnonymous) await sql`update auth.users set is_anonymous = true where id = ${id}`.execute(owner.db)
    return id
  }
  /** 1000 tokens and 0.001 USD at most, with the server's key. */
  const call = (userId: string, change: Partial<Call> = {}) =>
    makeCall({ userId, model: 'priced', credentialSource: 'server-key', mostInputTokens: 1_000, mostOutputTokens: 0, ...change })

  beforeEach(async () => {
    for (const type of ['daily', 'monthly']) await limitPlatform(type)
    await sql`truncate usage_records, usage_hourly, keyloft.holds, keyloft.presumed_reservations`.execute(owner.db)
  })

  describe('by people without an account', () => {
    it('is what their tier says, whatever stands in their profile, and what the free one says when they have one', async () => {
      const userId = await person(true)
      await sql`insert into user_standing (user_id, tier) values (${userId}, 'pro')`.execute(owner.db)
      const verdicts = await open(Array.from({ length: 21 }, () => call(userId)))
      expect(verdicts.filter((verdict) => verdict === 'opened')).toHaveLength(20)
      expect(refusal(verdicts[20])).toMatchObject({
        code: 'ledger.quota_exceeded',
        members: { quota: { setBy: 'tier', type: 'daily', limits: 'requests', limit: '20', remaining: '0' } },
      })

      await sql`update auth.users set is_anonymous = false where id = ${userId}`.execute(owner.db)
      await sql`delete from user_standing where user_id = ${userId}`.execute(owner.db)
      expect(await open([call(userId)])).toEqual(['opened'])
      const [free] = await open([call(userId, { mostInputTokens: 100_000 })])
      // What they used before counts on.
      expect(refusal(free)?.members?.quota).toMatchObject({ setBy: 'tier', limits: 'tokens', limit: '100000', remaining: '79000' })
    })

    it('takes nothing of their own keys', async () => {
      const userId = await person(true)
      expect(new Set(await open(Array.from({ length: 30 }, () => call(userId, { credentialSource: 'user-key' }))))).toEqual(
        new Set(['opened']),
      )
    })

    it('is what the operator set for one of them, where they did', async () => {
      const userId = await person(true)
      await sql`insert into user_quota_limits (user_id, type, spend, request_limit) values (${userId}, 'daily', 'platform', 1)`.execute(
        owner.db,
      )
      expect(await kinds([call(userId), call(userId)])).toEqual(['opened', 'over'])
    })
  })

  describe('by all people together', () => {
    it('stays below the limit, however many they are and whatever they do at once', async () => {
      await limitPlatform('daily', { cost: '0.1' }) // of a hundred calls
      await limitPlatform('monthly', { cost: '5' })
      const people = await Promise.all(Array.from({ length: 200 }, () => person(true)))
      const calls = people.flatMap((userId) => [call(userId), call(userId)])
      const batches = Array.from({ length: 20 }, (_, n) => calls.slice(n * 20, n * 20 + 20))
      const verdicts = (await Promise.all(batches.map((batch) => open(batch)))).flat()
      const opened = calls.filter((_, n) => verdicts[n] === 'opened')
      expect(opened).toHaveLength(100)
      expect(await platform()).toEqual({ requests: 0, tokens: 0, cost: '0', reserved: '100 100000 0.1' })

      // Ended, broken off, free of charge, unknown, and never heard of again.
      const [settled, aborted, free, unknown, lost] = [0, 1, 2, 3, 4].map((rest) => opened.filter((_, n) => n % 5 === rest)) as [
        Call[],
        Call[],
        Call[],
        Call[],
        Call[],
      ]
      await Promise.all([
        settle(settled),
        settle(aborted, ended({ inputTokens: 40, outputTokens: 5 }, { outcome: 'aborted', usageBasis: 'estimated' })),
        settle(free, ended({}, { outcome: 'failed', usageBasis: 'none', usage: undefined })),
        settle(unknown, ended({}, { outcome: 'aborted', usageBasis: 'unknown', usage: undefined })),
        sweep(lost),
      ])
      // 20 × 100, 20 × 45, 20 × 0, and of 40 all that was reserved.
      expect(await platform()).toEqual({ requests: 80, tokens: 42_900, cost: '0.043', reserved: '0 0 0' })
      await settle(lost)
      expect(await platform()).toEqual({ requests: 80, tokens: 24_900, cost: '0.025', reserved: '0 0 0' })
    })

    it('is told as the service’s, and neither how high it is nor what is left', async () => {
      await limitPlatform('monthly', { cost: '0.0015' })
      const verdicts = await open([call(await person()), call(await person())])
      expect(verdicts[0]).toBe('opened')
      const refused = refusal(verdicts[1])
      expect(refused).toMatchObject({ code: 'ledger.service_limit_reached', status: 429 })
      expect(Object.keys(refused?.headers ?? {}).filter((name) => name.startsWith('ratelimit'))).toEqual([])
      expect(refused?.members).toEqual({
        quota: { type: 'monthly', setBy: 'platform', spend: 'platform', limits: 'cost', resetsAt: expect.stringMatching(/-01T00:00:00/) },
      })
      expect(`${refused?.message}${refused?.hint}`).not.toMatch(/0\.00/)
      const [unbounded] = await open([call(await person(), { model: 'unpriced', mostCostUsd: undefined })])
      // The tier of a person is asked first, and bounds the same.
      expect(refusal(unbounded)?.code).toBe('ledger.unbounded_call')
      await sql`delete from quota_tiers where tier = 'free'`.execute(owner.db)
      const [ofService] = await open([call(await person(), { model: 'unpriced' })])
      expect(refusal(ofService)).toMatchObject({ code: 'ledger.service_limit_unbounded', status: 422 })
      await sql`insert into quota_tiers (tier, type, request_limit, token_limit, cost_limit) values ('free', 'daily', 500, 100000, 5)`.execute(
        owner.db,
      )
    })

    it.each<[string, Limits, string]>([
      ['requests', { requests: 1 }, 'requests'],
      ['tokens', { tokens: 1_500 }, 'tokens'],
      ['cost', { cost: '0.0015' }, 'cost'],
    ])('may be limited by %s alone', async (_, limits, name) => {
      await limitPlatform('daily', limits)
      const verdicts = await open([call(await person()), call(await person())])
      expect(verdicts[0]).toBe('opened')
      expect(refusal(verdicts[1])?.members?.quota).toMatchObject({ limits: name })
    })

    it('is limited for nobody’s own keys, which neither count nor wait', async () => {
      await limitPlatform('daily', { requests: 0 })
      const userId = await person()
      const [own, elsewhere] = [call(userId, { credentialSource: 'user-key' }), call(userId, { credentialSource: 'user-gateway' })]
      await sql`insert into user_quota_limits (user_id, type, request_limit) values (${userId}, 'daily', 10)`.execute(owner.db)
      await owner.db.transaction().execute(async (tx) => {
        await sql`select from user_quota_limits where user_id is null for update`.execute(tx)
        expect(await open([own, elsewhere])).toEqual(['opened', 'opened'])
        expect((await settle([own, elsewhere])).verdicts).toBe('settled,settled')
      })
      expect(await platform()).toMatchObject({ requests: 0, reserved: '0 0 0' })
    })

    it('begins with what was used before the limit was set, and counts what ends without an intent', async () => {
      const [before, late] = [call(await person()), call(await person())]
      await open([before])
      await settle([before])
      await settle([call(await person(), { credentialSource: 'user-key' })])
      await limitPlatform('daily', { cost: '1' })
      expect(await platform()).toMatchObject({ requests: 1, tokens: 100, cost: '0.0001' })
      await settle([late])
      expect(await platform()).toMatchObject({ requests: 2, tokens: 200, cost: '0.0002' })
    })

    it('begins anew with the day', async () => {
      await limitPlatform('daily', { requests: 1 })
      const first = call(await person())
      expect(await kinds([first, call(await person())])).toEqual(['opened', 'over'])
      await sql`update user_quota_limits set reset_at = now() where user_id is null`.execute(owner.db)
      expect(await kinds([call(await person()), call(await person())])).toEqual(['opened', 'over'])
      await settle([first])
      expect(await platform()).toMatchObject({ requests: 0, reserved: '1 1000 0.001' })
    })

    it('holds no longer once the limit is taken back, and ends what was reserved', async () => {
      await limitPlatform('daily', { requests: 1 })
      const first = call(await person())
      await open([first])
      await limitPlatform('daily')
      expect(await kinds([call(await person()), call(await person())])).toEqual(['opened', 'opened'])
      expect((await settle([first])).verdicts).toBe('settled')
      expect(await platform()).toBeUndefined()
    })
  })
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, makeCall, readBooks, settleCalls } from '../../../test/ledger.ts'
import { importModels, readModelFile } from '../models/models.ts'
import { type Call, sanitise } from './call.ts'
import { sweepCalls } from './jobs.ts'
import { refusalOf } from './refusal.ts'
import { openCalls } from './statements.ts'

interface Limit {
  type?: string
  provider?: string
  model?: string
  spend?: string
  request_limit?: number
  token_limit?: number
  cost_limit?: string
  is_active?: boolean
}

describe('hard limits', async () => {
  const { database, owner, makePerson } = await createTestDatabase()
  const read = readModelFile(
    JSON.stringify({
      date: '2026-01-01',
      models: [
        { provider: 'mock', model: 'priced', name: 'priced', prices: [{ input: '1', cachedInput: '0.1', output: '2', request: '0.001' }] },
      ],
    }),
  )
  if ('faults' in read) throw new Error(read.faults.join())
  await importModels(database, read.file)

  const open = async (calls: readonly Call[]) => ((await database.systemOnce('open', openCalls(calls, 60))).verdicts as string).split(',')
  const settle = async (rows: readonly [Call, ReturnType<typeof ended>][]) =>
    (
      (await database.systemOnce('settle', settleCalls(rows.map(([call, outcome]) => ({ call, outcome: sanitise(outcome) })))))
        .verdicts as string
    ).split(',')
  const sweep = async (...calls: Call[]) => {
    await sql`update keyloft.holds set lease_until = now() - interval '1 second' where id = any (${calls.map(({ id }) => id)}::uuid[])`.execute(
      owner.db,
    )
    await sweepCalls(database)
  }
  const limit = (user_id: string, { type = 'daily', ...rest }: Limit) =>
    owner.db
      .insertInto('user_quota_limits')
      .values({ user_id, type, ...rest })
      .returning('id')
      .executeTakeFirstOrThrow()
  const person = async () => (await makePerson()).id
  /** 1000 tokens and, of the model with a price, 0.002 USD at most. */
  const call = (userId: string, change: Partial<Call> = {}) =>
    makeCall({ userId, model: 'priced', mostInputTokens: 1_000, mostOutputTokens: 0, ...change })
  const counters = async (userId: string) => {
    const { rows } = await sql<Record<string, string>>`
      select used_requests as requests, used_tokens as tokens, used_cost::text as cost, reserved_requests || ' ' || reserved_tokens || ' ' || trim_scale(reserved_cost) as reserved
        from user_quota_limits where user_id = ${userId} order by type`.execute(owner.db)
    return rows.map(({ reserved, ...row }) => ({ ...row, cost: `${Number(row.cost)}`, reserved }))
  }
  const refusal = (verdict: string | undefined) => {
    const error = refusalOf(verdict ?? '', Date.now())
    return error && { code: error.code, ...(error.members?.quota as object) }
  }

  it.each([
    ['tokens', { token_limit: 2_500 }],
    ['cost', { cost_limit: '0.0045' }],
  ])('refuse a call without a bound of %s beside calls of others that fit', async (limits, row) => {
    const people = await Promise.all([person(), person(), person()])
    await Promise.all(people.map((userId) => limit(userId, row)))
    const [first, second, third] = people.map((userId) => call(userId)) as [Call, Call, Call]
    const verdicts = await open([first, { ...second, mostInputTokens: undefined, model: 'nobody knows it' }, third])
    expect([verdicts[0], refusal(verdicts[1])?.code, verdicts[2]]).toEqual(['opened', 'ledger.unbounded_call', 'opened'])
    expect(refusal(verdicts[1])).toMatchObject({ limits })
  })

  it.each<[string, Limit, object]>([
    ['requests', { request_limit: 2 }, { limits: 'requests', limit: '2', remaining: '0', asked: '1' }],
    ['tokens', { token_limit: 2_500 }, { limits: 'tokens', limit: '2500', remaining: '500', asked: '1000' }],
    ['cost', { cost_limit: '0.0045' }, { limits: 'cost', limit: '0.0045', remaining: '0.0005', asked: '0.002' }],
  ])('refuse the call that could pass one of %s, in one batch and one after the other', async (_, row, expected) => {
    for (const apart of [false, true]) {
      const userId = await person()
      await limit(userId, row)
      const calls = [call(userId), call(userId), call(userId)]
      const verdicts = apart
        ? [await open([calls[0] as Call]), await open([calls[1] as Call]), await open([calls[2] as Call])].flat()
        : await open(calls)
      expect(verdicts.slice(0, 2)).toEqual(['opened', 'opened'])
      expect(refusal(verdicts[2])).toMatchObject({
        code: 'ledger.quota_exceeded',
        type: 'daily',
        setBy: 'operator',
        spend: 'all',
        ...expected,
      })
      const { holds } = await readBooks(owner)
      expect(calls.map(({ id }) => holds.has(id))).toEqual([true, true, false])
    }
  })

  it('let a later call pass that has room where a larger one before it had none', async () => {
    const userId = await person()
    await limit(userId, { token_limit: 2_500 })
    const verdicts = await open([
      call(userId),
      call(userId, { mostInputTokens: 2_000 }),
      call(userId),
      call(userId, { mostInputTokens: 500 }),
    ])
    expect(verdicts.map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'over', 'opened', 'opened'])
    expect(await counters(userId)).toMatchObject([{ reserved: '3 2500 0' }])
  })

  it('give back what a call did not use, and count what it used', async () => {
    const userId = await person()
    await limit(userId, { cost_limit: '1' })
    const one = call(userId)
    await open([one])
    expect(await counters(userId)).toEqual([{ requests: '0', tokens: '0', cost: '0', reserved: '1 1000 0.002' }])
    expect(await settle([[one, ended({ inputTokens: 100, outputTokens: 10 })]])).toEqual(['settled'])
    expect(await counters(userId)).toEqual([{ requests: '1', tokens: '110', cost: '0.00112', reserved: '0 0 0' }])
    expect(await settle([[one, ended({ inputTokens: 100, outputTokens: 10 })]])).toEqual(['already'])
    expect(await counters(userId)).toEqual([{ requests: '1', tokens: '110', cost: '0.00112', reserved: '0 0 0' }])
  })

  it('count a call once whose end comes twice in one batch', async () => {
    const userId = await person()
    await limit(userId, { cost_limit: '1' })
    const [one, unopened] = [call(userId), call(userId)]
    await open([one])
    const end = ended({ inputTokens: 100, outputTokens: 10 })
    await settle([
      [one, end],
      [unopened, end],
      [one, end],
      [unopened, end],
    ])
    expect(await counters(userId)).toEqual([{ requests: '2', tokens: '220', cost: '0.00224', reserved: '0 0 0' }])
  })

  it('reserve once for a call that is opened again', async () => {
    const userId = await person()
    await limit(userId, { request_limit: 1 })
    const one = call(userId)
    expect(await open([one])).toEqual(['opened'])
    expect(await open([one])).toEqual(['already'])
    expect(await counters(userId)).toMatchObject([{ reserved: '1 1000 0' }])
  })

  it('count nothing of a call that the provider does not charge for', async () => {
    const userId = await person()
    await limit(userId, { request_limit: 1 })
    const one = call(userId)
    await open([one])
    await settle([[one, ended({}, { outcome: 'failed', usageBasis: 'none', usage: undefined })]])
    expect(await counters(userId)).toEqual([{ requests: '0', tokens: '0', cost: '0', reserved: '0 0 0' }])
  })

  it('count all that was reserved for a call of which nobody can tell what it used', async () => {
    const userId = await person()
    await limit(userId, { cost_limit: '1' })
    const one = call(userId)
    await open([one])
    await settle([[one, ended({}, { outcome: 'aborted', usageBasis: 'unknown', usage: undefined })]])
    expect(await counters(userId)).toEqual([{ requests: '1', tokens: '1000', cost: '0.002', reserved: '0 0 0' }])
  })

  it('book a call that nobody settles in full, and only lower it when its end comes late', async () => {
    const userId = await person()
    await limit(userId, { cost_limit: '1' })
    const [one, another] = [call(userId), call(userId)]
    await open([one, another])
    await sweep(one, another)
    expect(await counters(userId)).toEqual([{ requests: '2', tokens: '2000', cost: '0.004', reserved: '0 0 0' }])
    expect((await readBooks(owner)).records.get(one.id)).toMatchObject({ outcome: 'presumed', cost: '0.002000' })
    expect(
      await settle([
        [one, ended({ inputTokens: 100, outputTokens: 0 })],
        [another, ended({ inputTokens: 100_000, outputTokens: 0 })],
      ]),
    ).toEqual(['lowered', 'lowered'])
    expect(await counters(userId)).toEqual([{ requests: '2', tokens: '1100', cost: '0.0031', reserved: '0 0 0' }])
  })

  it('count a call that nobody settles, and that was opened before the limit was set', async () => {
    const userId = await person()
    const one = call(userId, { mostCostUsd: '0.5' })
    await open([one])
    await limit(userId, { cost_limit: '1' })
    await sql`select keyloft.begin_quotas(${userId})`.execute(owner.db)
    await sweep(one)
    expect(await counters(userId)).toEqual([{ requests: '1', tokens: '0', cost: '0.5', reserved: '0 0 0' }])
  })

  it('are lowered by an end that comes late also where they were set when the call was under way, and by what they had counted alone', async () => {
    const userId = await person()
    await limit(userId, { type: 'monthly', cost_limit: '10' })
    const [one, free] = [call(userId), call(userId)]
    await open([one, free])
    await limit(userId, { cost_limit: '1' })
    const off = await limit(userId, { type: 'model', model: 'priced', cost_limit: '1' })
    await sql`select keyloft.begin_quotas(${userId})`.execute(owner.db)
    await sql`update user_quota_limits set is_active = false where id = ${off.id}`.execute(owner.db)
    await sweep(one, free)
    await sql`update user_quota_limits set is_active = true where id = ${off.id}`.execute(owner.db)
    const nothing = { requests: '0', tokens: '0', cost: '0', reserved: '0 0 0' }
    expect(await counters(userId)).toEqual([
      { ...nothing, requests: '2', cost: '0.004' },
      nothing,
      { ...nothing, requests: '2', tokens: '2000', cost: '0.004' },
    ])
    await settle([
      [one, ended({ inputTokens: 100, outputTokens: 0 })],
      [free, ended({}, { outcome: 'failed', usageBasis: 'none' })],
    ])
    expect(await counters(userId)).toEqual([
      { ...nothing, requests: '1', cost: '0.0011' },
      nothing,
      { ...nothing, requests: '1', tokens: '100', cost: '0.0011' },
    ])
    await settle([[one, ended({ inputTokens: 50, outputTokens: 0 })]])
    expect((await counters(userId))[0]).toMatchObject({ requests: '1', cost: '0.0011' })
  })

  it('reserve nothing for good where a call is opened after its end', async () => {
    const userId = await person()
    await limit(userId, { request_limit: 5 })
    const one = call(userId)
    await settle([[one, ended({ inputTokens: 5, outputTokens: 0 })]])
    expect(await open([one])).toEqual(['opened'])
    await sweep(one)
    expect(await counters(userId)).toMatchObject([{ requests: '1', tokens: '5', reserved: '0 0 0' }])
  })

  it.each<[string, Partial<Call>, Limit, string]>([
    ['tokens', { mostOutputTokens: undefined }, { token_limit: 1_000_000 }, 'tokens'],
    ['cost, for want of tokens', { mostOutputTokens: undefined }, { cost_limit: '1000' }, 'cost'],
    ['cost, for want of a price', { model: 'unpriced' }, { cost_limit: '1000' }, 'cost'],
    ['cost, for want of a price of images', { mostImages: 1 }, { cost_limit: '1000' }, 'cost'],
  ])('refuse a call of which nobody knows the most %s', async (_, change, row, limits) => {
    const userId = await person()
    await limit(userId, row)
    const [verdict] = await open([call(userId, change)])
    expect(refusal(verdict)).toMatchObject({ code: 'ledger.unbounded_call', limits, type: 'daily' })
    expect(await counters(userId)).toMatchObject([{ reserved: '0 0 0' }])
  })

  describe('fill in from the catalogue what a request does not say', () => {
    const model = randomUUID()
    const bounds = async (change: Partial<Call>) => {
      await sql`insert into ai_models (provider, model, display_name, context_length, max_tokens) values ('mock', ${model}, 'x', 4000, 500)
        on conflict do nothing`.execute(owner.db)
      const userId = await person()
      await limit(userId, { token_limit: 1_000_000 })
      const [verdict] = await open([call(userId, { model, ...change })])
      const [row] = await counters(userId)
      return verdict === 'opened' ? row?.reserved : verdict?.split(' ')[0]
    }

    it.each<[string, Partial<Call>, string]>([
      ['the longest answer', { mostOutputTokens: undefined }, '1 1500 0'],
      ['the longest of several answers', { mostOutputTokens: undefined, mostChoices: 3 }, '1 2500 0'],
      ['no answer that was limited', { mostOutputTokens: 10, mostChoices: 2 }, '1 1020 0'],
      ['the whole context, where images count', { mostInputTokens: 1e12, mostOutputTokens: 1 }, '1 4001 0'],
      ['no more input than the context holds', { mostInputTokens: 900_000, mostOutputTokens: 1 }, '1 4001 0'],
      ['nothing of what nobody can tell', { mostInputTokens: undefined, mostOutputTokens: 1 }, 'unbounded'],
      ['nothing of a model that it does not have', { model: 'priced', mostInputTokens: 1e12 }, 'unbounded'],
    ])('%s', async (_, change, expected) => {
      expect(await bounds(change)).toBe(expected)
    })
  })

  it('take the bound that an operator set for a call without one', async () => {
    const userId = await person()
    await limit(userId, { cost_limit: '1' })
    const verdicts = await open([
      call(userId, { model: 'unpriced', mostCostUsd: '0.6' }),
      call(userId, { model: 'unpriced', mostCostUsd: '0.6' }),
    ])
    expect(verdicts.map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'over'])
  })

  it('need no bound for a limit of requests', async () => {
    const userId = await person()
    await limit(userId, { request_limit: 1 })
    expect(await open([call(userId, { model: 'unpriced', mostInputTokens: undefined })])).toEqual(['opened'])
  })

  it.each<[string, Limit, Partial<Call>, boolean]>([
    ['a provider', { type: 'provider', provider: 'mock' }, {}, true],
    ['another provider', { type: 'provider', provider: 'openai' }, {}, false],
    ['a model', { type: 'model', model: 'priced' }, {}, true],
    ['a model of another provider', { type: 'model', model: 'priced', provider: 'openai' }, {}, false],
    ['another model', { type: 'model', model: 'price' }, {}, false],
    ['models by how their names begin', { type: 'model', model: 'pri*' }, {}, true],
    ['calls with their own keys', { spend: 'own' }, {}, true],
    ['calls with their own gateway', { spend: 'own' }, { credentialSource: 'user-gateway' }, true],
    ['calls with their own keys, for another call', { spend: 'own' }, { credentialSource: 'team-gateway' }, false],
    ['calls that the operator pays for', { spend: 'platform' }, { credentialSource: 'server-key' }, true],
    ['calls that the operator pays for, for another call', { spend: 'platform' }, {}, false],
    ['nothing, being switched off', { is_active: false }, {}, false],
  ])('count %s', async (_, row, change, counts) => {
    const userId = await person()
    await limit(userId, { request_limit: 0, ...row })
    const [verdict] = await open([call(userId, change)])
    expect(verdict?.startsWith('over')).toBe(counts)
  })

  it('refuse by the strictest, and reserve in all or in none', async () => {
    const userId = await person()
    await limit(userId, { type: 'daily', request_limit: 5 })
    await limit(userId, { type: 'model', model: 'priced', token_limit: 1_500 })
    const verdicts = await open([call(userId), call(userId), call(userId, { model: 'other' })])
    expect(verdicts.map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'over', 'opened'])
    expect(refusal(verdicts[1])).toMatchObject({ type: 'model' })
    expect(await counters(userId)).toMatchObject([{ reserved: '2 2000 0' }, { reserved: '1 1000 0' }])
  })

  it('begin a window with what was used in it before the limit was set', async () => {
    const userId = await person()
    const before = [call(userId), call(userId)]
    await open(before)
    await settle([[before[0] as Call, ended({ inputTokens: 700, outputTokens: 0 })]])
    await limit(userId, { token_limit: 2_000 })
    expect((await open([call(userId), call(userId)])).map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'over'])
    // And what was under way then, when it ends.
    await settle([[before[1] as Call, ended({ inputTokens: 1, outputTokens: 0 })]])
    expect(await counters(userId)).toMatchObject([{ requests: '2', tokens: '701', reserved: '1 1000 0' }])
  })

  it('count a call that is written down without an intent', async () => {
    const userId = await person()
    await limit(userId, { token_limit: 2_000 })
    await settle([[call(userId), ended({ inputTokens: 1_500, outputTokens: 0 })]])
    await settle([[call(userId), ended({ inputTokens: 400, outputTokens: 0 })]])
    expect(await counters(userId)).toMatchObject([{ requests: '2', tokens: '1900' }])
    expect(refusal((await open([call(userId)]))[0])).toMatchObject({ remaining: '100' })
  })

  it('begin a new window when one has ended, and keep to the old one what was reserved in it', async () => {
    const userId = await person()
    const { id } = await limit(userId, { token_limit: 2_000 })
    const [late, early] = [call(userId), call(userId)]
    await open([late, early])
    expect((await open([call(userId)]))[0]).toMatch(/^over/)
    await sql`update user_quota_limits set reset_at = now() where id = ${id}`.execute(owner.db)
    await settle([[early, ended({ inputTokens: 300, outputTokens: 0 })]])
    expect(await open([call(userId), call(userId)])).toEqual(['opened', 'opened'])
    await settle([[late, ended({ inputTokens: 1_000, outputTokens: 0 })]])
    expect(await counters(userId)).toMatchObject([{ requests: '0', tokens: '0', reserved: '2 2000 0' }])
    const { rows } = await sql<{ ends: Date }>`select reset_at as ends from user_quota_limits where id = ${id}`.execute(owner.db)
    expect(rows[0]?.ends.getTime()).toBe(new Date().setUTCHours(24, 0, 0, 0))
  })

  it('take over counters that came from elsewhere', async () => {
    const userId = await person()
    await sql`insert into user_quota_limits (user_id, type, request_limit, used_requests, reset_at) values (${userId}, 'monthly', 10, 9, now() + interval '1 hour')`.execute(
      owner.db,
    )
    expect((await open([call(userId), call(userId)])).map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'over'])
  })

  it('hold from the moment they are changed', async () => {
    const userId = await person()
    const { id } = await limit(userId, { request_limit: 1 })
    await open([call(userId)])
    expect((await open([call(userId)]))[0]).toMatch(/^over/)
    await sql`update user_quota_limits set request_limit = 2 where id = ${id}`.execute(owner.db)
    expect(await open([call(userId)])).toEqual(['opened'])
  })

  it('refuse nobody else of a batch, nor hold up what has no limit', async () => {
    const [limited, free] = [await person(), randomUUID()]
    await limit(limited, { request_limit: 0 })
    const verdicts = await open([call(free), call(limited), call(free, { model: '' }), call(free)])
    expect(verdicts.map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'over', 'invalid', 'opened'])
  })

  describe('of a tier', () => {
    const tiers = async (...rows: { tier: string; type: string; request_limit: number }[]) => {
      await sql`delete from quota_tiers`.execute(owner.db)
      if (rows.length > 0) await owner.db.insertInto('quota_tiers').values(rows).execute()
    }
    const ours = (userId: string) => call(userId, { credentialSource: 'server-key' })

    it('cap the calls that the operator pays for, and no other', async () => {
      await tiers({ tier: 'free', type: 'daily', request_limit: 1 })
      const userId = await person()
      const verdicts = await open([ours(userId), call(userId), ours(userId), call(userId)])
      expect(verdicts.map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'opened', 'over', 'opened'])
      expect(refusal(verdicts[2])).toMatchObject({ setBy: 'tier', spend: 'platform', type: 'daily' })
    })

    it('are those of the tier that a person has at the moment, with what was used before', async () => {
      await tiers({ tier: 'free', type: 'daily', request_limit: 1 }, { tier: 'pro', type: 'daily', request_limit: 2 })
      const userId = await person()
      await open([ours(userId)])
      expect((await open([ours(userId)]))[0]).toMatch(/^over/)
      await sql`insert into user_standing (user_id, tier) values (${userId}, 'pro')`.execute(owner.db)
      expect((await open([ours(userId), ours(userId)])).map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'over'])
    })

    it('give way to what the operator sets for a person', async () => {
      await tiers({ tier: 'free', type: 'daily', request_limit: 1 })
      const userId = await person()
      await limit(userId, { spend: 'platform', request_limit: 3 })
      const verdicts = await open([ours(userId), ours(userId), ours(userId), ours(userId)])
      expect(verdicts.map((verdict) => verdict.split(' ')[0])).toEqual(['opened', 'opened', 'opened', 'over'])
    })

    it('do not hold where a tier has none', async () => {
      await tiers()
      const userId = await person()
      expect(await open([ours(userId)])).toEqual(['opened'])
    })
  })

  it.each<[string, string]>([
    ['type_known', `type = 'weekly'`],
    ['says_what', `type = 'provider'`],
    ['says_what', `model = 'm'`],
    ['lengths', `type = 'model', model = ''`],
    ['star_at_end', `type = 'model', model = 'gpt*5'`],
    ['spend_known', `spend = 'none'`],
    ['set_by_known', `set_by = 'somebody'`],
    ['set_by_known', `set_by = 'person'`],
    ['platform_is_nobody', `set_by = 'platform', spend = 'platform'`],
    ['platform_is_nobody', `user_id = null`],
    ['key_limits_key', `set_by = 'key'`],
    ['limits_something', `request_limit = null`],
    ['bounded', `request_limit = -1`],
    ['bounded', `cost_limit = 'NaN'`],
  ])('are none where they break %s: %s', async (rule, change) => {
    const userId = await person()
    const { id } = await limit(userId, { request_limit: 1 })
    const refused = { code: '23514', constraint: `user_quota_limits_${rule}` }
    await expect(sql.raw(`update user_quota_limits set ${change} where id = '${id}'`).execute(owner.db)).rejects.toMatchObject(refused)
    const [column, value] = [change.replace(/ = [^,]*/g, ''), change.replace(/\w+ = /g, '')]
    const rest = ['user_id', 'type', 'request_limit'].filter((name) => !change.includes(name))
    const insert = `insert into user_quota_limits (${[column, ...rest]}) select ${[value, ...rest]} from user_quota_limits where id = '${id}'`
    await expect(sql.raw(insert).execute(owner.db)).rejects.toMatchObject(refused)
  })

  it('are exact under many calls at once', async () => {
    const userId = await person()
    await limit(userId, { cost_limit: '0.1' }) // of fifty
    const calls = Array.from({ length: 200 }, () => call(userId))
    const batches = Array.from({ length: 20 }, (_, n) => open(calls.slice(n * 10, n * 10 + 10)))
    const verdicts = (await Promise.all(batches)).flat()
    expect(verdicts.filter((verdict) => verdict === 'opened')).toHaveLength(50)
    const opened = calls.filter((_, n) => verdicts[n] === 'opened')
    await Promise.all(opened.map((one) => settle([[one, ended({ inputTokens: 1_000, outputTokens: 0 })]])))
    expect(await counters(userId)).toEqual([{ requests: '50', tokens: '50000', cost: '0.1', reserved: '0 0 0' }])
  })
})

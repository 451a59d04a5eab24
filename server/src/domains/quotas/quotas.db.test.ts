import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'
import { ended, makeCall, settleCalls } from '../../../test/ledger.ts'
import { peopleOf } from '../../../test/person.ts'
import { userPrincipal } from '../../base/principal.ts'
import { sanitise } from '../ledger/call.ts'
import { openCalls } from '../ledger/statements.ts'
import { messageLimitBody, readMessageLimit } from './message-limit.ts'
import { lessCosts } from './quota.ts'

describe('limits, over HTTP', async () => {
  const test = await createTestApp()
  const { database, owner } = test
  const people = peopleOf(test)
  const asService = async (method: 'GET' | 'PUT' | 'DELETE', url: string, payload?: object) => {
    const authorization = `Bearer ${await projectJwt({ role: 'service_role' })}`
    const reply = await test.app.inject({ method, url, headers: { authorization }, ...(payload ? { payload } : {}) })
    return { status: reply.statusCode, body: reply.body === '' ? undefined : reply.json() }
  }
  const open = async (userId: string, tokens: number) => {
    const call = makeCall({ userId, mostInputTokens: tokens, mostOutputTokens: 0 })
    await database.systemOnce('open', openCalls([call], 60))
    return call
  }
  const midnight = () => new Date(new Date().setUTCHours(24, 0, 0, 0)).toISOString()
  const ofType = <T extends { setBy: string; type: string }>(items: T[], setBy: string, type = 'daily') =>
    items.find((one) => one.setBy === setBy && one.type === type)

  it('show what is used, reserved and left of each, those of the tier included', async () => {
    const ada = await people.signUp()
    await sql`insert into user_quota_limits (user_id, type, token_limit) values (${ada.id}, 'daily', 1000)`.execute(owner.db)
    const call = await open(ada.id, 100)
    await database.systemOnce('settle', settleCalls([{ call, outcome: sanitise(ended({ inputTokens: 30, outputTokens: 10 })) }]))
    await open(ada.id, 200)
    const { items } = (await ada.ask('GET', '/api/profile/quotas')).json()
    expect(ofType(items, 'operator')).toMatchObject({
      limit: { requests: null, tokens: 1_000, costUsd: null },
      used: { requests: 1, tokens: 40 },
      reserved: { requests: 1, tokens: 200 },
      remaining: { requests: null, tokens: 760, costUsd: null },
      resetsAt: midnight(),
    })
    expect(ofType(items, 'tier')).toMatchObject({ id: null, spend: 'platform', limit: { requests: 500, tokens: 100_000, costUsd: '5' } })
    expect(ofType(items, 'tier', 'monthly')).toMatchObject({ remaining: { requests: 5_000, tokens: 1_000_000, costUsd: '50' } })
  })

  it('show those of the tier that a person was given, and no tier where the operator set others', async () => {
    const ada = await people.signUp()
    await sql`insert into user_standing (user_id, tier) values (${ada.id}, 'pro')`.execute(owner.db)
    await asService('PUT', '/api/quotas', { userId: ada.id, type: 'daily', spend: 'platform', costLimitUsd: '7.5' })
    const { items } = (await ada.ask('GET', '/api/profile/quotas')).json()
    expect(ofType(items, 'tier')).toBeUndefined()
    expect(ofType(items, 'tier', 'monthly')).toMatchObject({ limit: { requests: 50_000 } })
    expect(ofType(items, 'operator')).toMatchObject({ limit: { costUsd: '7.5' }, remaining: { costUsd: '7.5' } })
  })

  it('can be set by a person for their own keys, changed and taken back, by nobody else', async () => {
    const [ada, eve] = [await people.signUp(), await people.signUp()]
    const set = await ada.ask('PUT', '/api/profile/quotas', { type: 'model', model: 'gpt-5*', costLimitUsd: '2.50' })
    expect(set.statusCode, set.body).toBe(200)
    const quota = set.json()
    expect(quota).toMatchObject({ setBy: 'person', spend: 'own', model: 'gpt-5*', limit: { costUsd: '2.5' }, isActive: true })
    const again = await ada.ask('PUT', '/api/profile/quotas', { type: 'model', model: 'gpt-5*', requestLimit: 9, isActive: false })
    expect(again.json()).toMatchObject({ id: quota.id, limit: { requests: 9, costUsd: null }, isActive: false })
    expect((await eve.ask('DELETE', `/api/profile/quotas/${quota.id}`)).statusCode).toBe(404)
    expect((await ada.ask('DELETE', `/api/profile/quotas/${quota.id}`)).statusCode).toBe(204)
    expect((await ada.ask('DELETE', `/api/profile/quotas/${quota.id}`)).json()).toMatchObject({ code: 'quotas.no_such_quota' })
  })

  it('are of the provider whose alias was given: under that name they would count nothing', async () => {
    const ada = await people.signUp()
    const { body: set } = await asService('PUT', '/api/quotas', { userId: ada.id, type: 'provider', provider: 'Gemini', requestLimit: 1 })
    expect(set).toMatchObject({ provider: 'google' })
    const own = await ada.ask('PUT', '/api/profile/quotas', { type: 'model', provider: 'x-ai', model: 'grok*', requestLimit: 1 })
    expect(own.json()).toMatchObject({ provider: 'xai', model: 'grok*' })
  })

  it('are kept as they are when they are switched off', async () => {
    const ada = await people.signUp()
    const ofWhat = { type: 'model', model: 'gpt-5*' }
    const { id } = (await ada.ask('PUT', '/api/profile/quotas', { ...ofWhat, requestLimit: 7 })).json()
    const off = await ada.ask('PUT', '/api/profile/quotas', { ...ofWhat, isActive: false })
    expect(off.json()).toMatchObject({ id, isActive: false, limit: { requests: 7 } })
    const { status, body } = await asService('PUT', '/api/quotas', { userId: ada.id, ...ofWhat, isActive: false })
    expect([status, body.code]).toEqual([404, 'quotas.no_such_quota']) // the operator's own
  })

  it('that an operator set cannot be touched by the person', async () => {
    const ada = await people.signUp()
    const { body: quota } = await asService('PUT', '/api/quotas', { userId: ada.id, type: 'daily', requestLimit: 3 })
    expect((await ada.ask('DELETE', `/api/profile/quotas/${quota.id}`)).statusCode).toBe(404)
    await database.asPrincipal(userPrincipal(ada.id), (tx) => tx.updateTable('user_quota_limits').set({ request_limit: '99' }).execute())
    for (const row of [{ set_by: 'operator' }, { set_by: 'person', spend: 'all' }, { set_by: 'tier', spend: 'platform' }]) {
      await expect(
        database.asPrincipal(userPrincipal(ada.id), (tx) =>
          tx
            .insertInto('user_quota_limits')
            .values({ user_id: ada.id, type: 'monthly', request_limit: '99', ...row })
            .execute(),
        ),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^database\.(forbidden|invalid)$/) })
    }
    await expect(
      database.asPrincipal(userPrincipal(ada.id), (tx) => sql`update user_quota_limits set used_cost = 0`.execute(tx)),
    ).rejects.toMatchObject({ code: 'database.forbidden' })
    const { body } = await asService('GET', `/api/quotas?userId=${ada.id}`)
    expect(ofType(body.items, 'operator')).toMatchObject({ limit: { requests: 3 } })
  })

  it('of which a person sets too many are refused', async () => {
    const ada = await people.signUp()
    await sql`insert into user_quota_limits (user_id, type, model, spend, set_by, request_limit)
      select ${ada.id}, 'model', 'm' || n, 'own', 'person', 1 from generate_series(1, 100) n`.execute(owner.db)
    const refused = await ada.ask('PUT', '/api/profile/quotas', { type: 'daily', requestLimit: 1 })
    expect([refused.statusCode, refused.json().title]).toEqual([409, 'A person may set themselves at most 100 limits.'])
  })

  it('are set, changed and taken back by an operator, in the audit', async () => {
    const ada = await people.signUp()
    const row = { userId: ada.id, type: 'provider', provider: 'openai', spend: 'own', costLimitUsd: '0.000001' }
    const { body: quota } = await asService('PUT', '/api/quotas', row)
    expect(quota).toMatchObject({ type: 'provider', provider: 'openai', spend: 'own', limit: { costUsd: '0.000001' }, setBy: 'operator' })
    expect((await asService('PUT', '/api/quotas', { ...row, costLimitUsd: '3' })).body).toMatchObject({
      id: quota.id,
      limit: { costUsd: '3' },
    })
    expect((await asService('DELETE', `/api/quotas/${quota.id}`)).status).toBe(204)
    expect((await asService('DELETE', `/api/quotas/${quota.id}`)).status).toBe(404)
    const { rows } =
      await sql`select action from keyloft.audit_log where user_id = ${ada.id} and action like 'quota.%' order by id`.execute(owner.db)
    expect(rows).toEqual([{ action: 'quota.set' }, { action: 'quota.set' }, { action: 'quota.removed' }])
    const nobody = await asService('PUT', '/api/quotas', { ...row, userId: '0190a1b2-0000-7000-8000-000000000001' })
    expect(nobody).toMatchObject({ status: 404, body: { code: 'quotas.no_such_user' } })
  })

  it('show at once what was used before they were set', async () => {
    const ada = await people.signUp()
    const call = makeCall({ userId: ada.id })
    await database.systemOnce('settle', settleCalls([{ call, outcome: sanitise(ended({ inputTokens: 50, outputTokens: 5 })) }]))
    const { body } = await asService('PUT', '/api/quotas', { userId: ada.id, type: 'monthly', tokenLimit: 100 })
    expect(body).toMatchObject({ used: { requests: 1, tokens: 55 }, remaining: { tokens: 45 } })
  })

  it.each([
    ['that limits nothing', { type: 'daily' }, 'quotas.nothing_limited'],
    ['of a provider that names none', { type: 'provider', requestLimit: 1 }, 'http.invalid'],
    ['of a day that names a model', { type: 'daily', model: 'x', requestLimit: 1 }, 'http.invalid'],
    ['below nothing', { type: 'daily', requestLimit: -1 }, 'http.invalid'],
    ['of a cost that is a number', { type: 'daily', costLimitUsd: 1 }, 'http.invalid'],
    ['of a cost under another name', { type: 'daily', requestLimit: 1, costLimit: '1' }, 'http.invalid'],
    ['of models with a * that would stand for nothing', { type: 'model', model: 'gpt*5', requestLimit: 1 }, 'http.invalid'],
    ['of a provider whose name is none', { type: 'provider', provider: 'open ai', requestLimit: 1 }, 'http.invalid'],
  ])('are refused: one %s', async (_, body, code) => {
    const ada = await people.signUp()
    const refused = await ada.ask('PUT', '/api/profile/quotas', body)
    expect([refused.statusCode, refused.json().code]).toEqual([400, code])
    expect(await asService('PUT', '/api/quotas', { userId: ada.id, ...body })).toMatchObject({ status: 400, body: { code } })
  })

  it.each([
    ['/api/quotas/tiers/free/daily', { costLimit: '1', requestLimit: 1 }],
    ['/api/quotas/platform/daily', { cost: '1', requestLimit: 1 }],
  ])('are refused with a limit under another name: %s', async (url, body) => {
    expect(await asService('PUT', url, body)).toMatchObject({ status: 400, body: { code: 'http.invalid' } })
  })

  it('of tiers are the operator’s to set', async () => {
    const ada = await people.signUp()
    const before = (await asService('GET', '/api/quotas/tiers')).body.items
    expect(before).toContainEqual({ tier: 'free', type: 'daily', requestLimit: 500, tokenLimit: 100_000, costLimitUsd: '5' })
    expect((await asService('PUT', '/api/quotas/tiers/free/daily', { costLimitUsd: '0.10' })).status).toBe(200)
    const { items } = (await ada.ask('GET', '/api/profile/quotas')).json()
    expect(ofType(items, 'tier')).toMatchObject({ limit: { requests: null, tokens: null, costUsd: '0.1' } })
    expect((await asService('DELETE', '/api/quotas/tiers/free/daily')).status).toBe(204)
    expect(ofType((await ada.ask('GET', '/api/profile/quotas')).json().items, 'tier')).toBeUndefined()
    expect((await ada.ask('PUT', '/api/quotas/tiers/free/daily', { costLimitUsd: '100' })).statusCode).toBe(403)
  })

  it('of whoever has no account are those of the tier for it, until they have one', async () => {
    const ada = await people.signUp()
    await sql`update auth.users set is_anonymous = true where id = ${ada.id}`.execute(owner.db)
    const { items } = (await ada.ask('GET', '/api/profile/quotas')).json()
    expect(ofType(items, 'tier', 'monthly')).toMatchObject({ limit: { requests: 100, tokens: 100_000, costUsd: '0.25' } })
    expect((await asService('PUT', '/api/quotas/tiers/anonymous/monthly', { requestLimit: 7 })).status).toBe(200)
    const { body } = await asService('GET', `/api/quotas?userId=${ada.id}`)
    expect(ofType(body.items, 'tier', 'monthly')).toMatchObject({ limit: { requests: 7, tokens: null } })
    await sql`update auth.users set is_anonymous = false where id = ${ada.id}`.execute(owner.db)
    const after = (await ada.ask('GET', '/api/profile/quotas')).json().items
    expect(ofType(after, 'tier', 'monthly')).toMatchObject({ limit: { requests: 5_000 } })
  })

  it('over everybody together are the operator’s to see and to set, in the audit', async () => {
    const ada = await people.signUp()
    const shipped = (await asService('GET', '/api/quotas/platform')).body.items
    expect(shipped).toMatchObject([
      { type: 'daily', limit: { requests: null, tokens: null, costUsd: '100' }, resetsAt: midnight() },
      { type: 'monthly', limit: { costUsd: '1000' }, used: { requests: 0 } },
    ])
    const call = makeCall({ userId: ada.id, credentialSource: 'team-gateway' })
    await database.systemOnce('settle', settleCalls([{ call, outcome: sanitise(ended({ inputTokens: 30, outputTokens: 10 })) }]))
    const set = await asService('PUT', '/api/quotas/platform/daily', { tokenLimit: 1_000, costLimitUsd: '2.50' })
    expect(set).toMatchObject({
      status: 200,
      body: { limit: { requests: null, tokens: 1_000, costUsd: '2.5' }, used: { requests: 1, tokens: 40 }, remaining: { tokens: 960 } },
    })
    expect((await asService('DELETE', '/api/quotas/platform/monthly')).status).toBe(204)
    expect((await asService('GET', '/api/quotas/platform')).body.items).toMatchObject([{ type: 'daily' }])
    for (const [method, url] of [
      ['GET', '/api/quotas/platform'],
      ['PUT', '/api/quotas/platform/daily'],
      ['DELETE', '/api/quotas/platform/daily'],
    ] as const)
      expect((await ada.ask(method, url, method === 'PUT' ? { costLimitUsd: '1000' } : undefined)).statusCode).toBe(403)
    expect((await ada.ask('GET', '/api/profile/quotas')).body).not.toContain('2.5')
    const { rows } = await sql`select action, details from keyloft.audit_log where action like 'platform_limit.%' order by id`.execute(
      owner.db,
    )
    expect(rows).toEqual([
      { action: 'platform_limit.set', details: { type: 'daily', tokenLimit: 1_000, costLimitUsd: '2.50' } },
      { action: 'platform_limit.unset', details: { type: 'monthly' } },
    ])
  })

  it.each([
    ['5', ['1.25', '0.000000000000000001'], '3.749999999999999999'],
    ['0.3', ['0.1', '0.2'], '0'],
    ['1', ['2'], '0'],
    ['10', ['0'], '10'],
  ])('say exactly what is left: %s less %j', (limit, gone, left) => expect(lessCosts(limit, ...gone)).toBe(left))
})

describe('the messages of a day', async () => {
  const { database, owner, makePerson } = await createTestApp()
  const noon = Date.parse('2026-11-21T12:00:00Z')
  const read = (userId: string, used: number, seen: Date[] = []) =>
    database.system('test', (tx) =>
      readMessageLimit(tx, userId, {
        countSince: async (since) => {
          seen.push(since)
          return used
        },
        maxMessagesPerDay: 20,
        nowMs: noon,
      }),
    )
  const grant = (userId: string, value: string) =>
    owner.db.insertInto('settings').values({ user_id: userId, key: 'maxMessagesPerDay', value }).execute()

  it('are counted from midnight in UTC, and may be as many as the server says', async () => {
    const { id } = await makePerson()
    const seen: Date[] = []
    expect(await read(id, 19, seen)).toEqual({ allowed: true, remaining: 1, used: 19, total: 20, resetAt: '2026-11-22T00:00:00.000Z' })
    expect(seen).toEqual([new Date('2026-11-21T00:00:00Z')])
    expect(await read(id, 20)).toMatchObject({ allowed: false, remaining: 0 })
    expect(await read(id, 25)).toMatchObject({ allowed: false, remaining: 0 })
  })

  it.each([
    ['100', 100],
    ['0', 0],
    ['many', 20],
    ['-5', 20],
    ['1e9', 20],
  ])('may be as many as a person was granted: %j is %i', async (value, total) => {
    const { id } = await makePerson()
    await grant(id, value)
    expect(await read(id, 50)).toMatchObject({ total, allowed: 50 < total })
  })

  it('are refused in the words that their clients know', async () => {
    const { id } = await makePerson()
    const limit = await read(id, 20)
    expect(messageLimitBody(limit, 'begin')).toEqual({
      error: 'Rate limit exceeded',
      message: 'You have reached your daily message limit. Please try again later.',
      remaining: 0,
      total: 20,
      resetAt: '2026-11-22T00:00:00.000Z',
    })
    expect(messageLimitBody(limit, 'continue').message).toBe(
      'You have reached the daily limit of 20 messages (tasks + follow-ups). Your limit will reset at 2026-11-22T00:00:00.000Z',
    )
  })
})

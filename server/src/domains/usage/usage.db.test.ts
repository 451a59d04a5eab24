import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, describe, expect, it } from 'vitest'
import { createKeyloft } from '../../../../sdk/src/keyloft.ts'
import { recordUsage } from '../../../../sdk/src/record-usage.ts'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'
import { callId, ended, exact, makeCall } from '../../../test/ledger.ts'
import { peopleOf, type SignedIn } from '../../../test/person.ts'
import type { Call, Outcome } from '../ledger/call.ts'
import { makePartitions, sweepCalls } from '../ledger/jobs.ts'
import { createLedger } from '../ledger/ledger.ts'
import { openCalls } from '../ledger/statements.ts'
import { importModels, readModelFile } from '../models/models.ts'
import { toCell } from './export-csv.ts'
import type { Sums } from './summary.ts'

const hourMs = 60 * 60 * 1_000

/** Decimal text, which may have a sign, in units of 10⁻¹⁸. */
const sum = (costs: readonly (string | null)[]) => costs.reduce((total, cost) => total + (cost === null ? 0n : exact(cost)), 0n)

describe('usage, over HTTP', async () => {
  const test = await createTestApp()
  const { database, owner } = test
  const people = peopleOf(test)
  const ledger = createLedger({ database, clock: Date.now })
  let ada: SignedIn
  let bob: SignedIn
  const made: { call: Call; outcome: string }[] = []

  const pick = <T>(from: readonly T[]) => from[Math.floor(Math.random() * from.length)] as T
  const below = (n: number) => Math.floor(Math.random() * n)
  const settle = async (change: Partial<Call>, outcome: Outcome) => {
    const call = makeCall(change)
    await ledger.settle(call, outcome)
    await ledger.posted()
    return call
  }
  const get = async ({ ask }: SignedIn, url: string) => {
    const reply = await ask('GET', url)
    expect(reply.statusCode, reply.body).toBe(200)
    return reply.json()
  }
  async function allCalls(person: SignedIn, query = '') {
    const items: {
      id: string
      costUsd: string | null
      provider: string
      model: string
      startedAt: string
      outcome: string
      credentialSource: string
    }[] = []
    let cursor = ''
    do {
      const page = await get(person, `/api/usage/calls?limit=37${query}${cursor}`)
      items.push(...page.items)
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
    } while (cursor !== '')
    return items
  }

  beforeAll(async () => {
    await makePartitions(database)
    const prices = [
      { input: '0.15', cachedInput: '0.075', cacheWrite5m: '0.1875', output: '0.6', reasoning: '0.700001' },
      { input: '3.000000001', output: '15', request: '0.000007', fromInputTokens: 5_000 },
    ]
    const models = ['one', 'two', 'three'].map((model) => ({ provider: 'mock', model, name: model, prices: prices.slice(0, 1 + below(2)) }))
    const read = readModelFile(JSON.stringify({ date: '2020-01-01', models }))
    if ('faults' in read) throw new Error(read.faults.join())
    await importModels(database, read.file)
    ;[ada, bob] = [await people.signUp(), await people.signUp()]
    const [one, two] = [randomUUID(), randomUUID()]
    await Promise.all(
      Array.from({ length: 300 }, async () => {
        const inputTokens = below(9_000)
        const outcome = ended(
          {
            inputTokens,
            cachedInputTokens: below(inputTokens / 2),
            cacheWrite5mTokens: below(inputTokens / 3),
            outputTokens: 100 + below(900),
            reasoningTokens: below(100),
          },
          { usageBasis: pick(['reported', 'reported', 'estimated', 'none', 'unknown']), outcome: pick(['completed', 'failed', 'aborted']) },
        )
        const call = await settle(
          {
            userId: pick([ada, bob]).id,
            startedAtMs: Date.now() - below(40 * 24) * hourMs - below(hourMs),
            provider: pick(['mock', 'other']),
            model: pick(['one', 'two', 'three', 'never-priced']),
            keyId: pick([one, two]),
            credentialSource: pick(['user-key', 'server-key']),
          },
          outcome,
        )
        made.push({ call, outcome: outcome.outcome })
      }),
    )
    await loseSome([one, two])
  })

  /** Calls whose process went away. Of every second one the end is heard later; what it cost can only be less than was booked. */
  async function loseSome(keys: readonly string[]) {
    const lost = Array.from({ length: 36 }, (_, n) =>
      makeCall({
        userId: pick([ada, bob]).id,
        startedAtMs: Date.now() - below(20 * 24) * hourMs - below(hourMs),
        model: pick(['one', 'two', 'never-priced']),
        keyId: pick(keys),
        mostCostUsd: ['0.5', '0.000000123456789', undefined][n % 3],
      }),
    )
    await database.systemOnce('open', openCalls(lost, 60))
    await sql`update keyloft.holds set lease_until = now() - interval '1 second'`.execute(owner.db)
    expect(await sweepCalls(database)).toBe(lost.length)
    for (const [n, call] of lost.entries()) {
      if (n % 2 === 1) await ledger.settle(call, ended({ inputTokens: 4_321, reasoningTokens: 3 }))
      made.push({ call, outcome: n % 2 === 1 ? 'completed' : 'presumed' })
    }
  }

  it('adds up to the last digit, in whole and in every part, calls that were presumed or lowered included', async () => {
    for (const person of [ada, bob]) {
      const items = await allCalls(person)
      expect(items.length).toBe(made.filter(({ call }) => call.userId === person.id).length)
      for (const filter of ['', '&provider=mock', '&provider=mock&model=two']) {
        const usage = await get(person, `/api/profile/usage?period=all${filter}`)
        const those = filter === '' ? items : await allCalls(person, filter)
        const check = (sums: Sums, calls: typeof items) => {
          expect(sums.requests).toBe(calls.length)
          expect(exact(sums.costUsd)).toBe(sum(calls.map(({ costUsd }) => costUsd)))
          expect(sums.unpricedRequests).toBe(calls.filter(({ costUsd }) => costUsd === null).length)
          expect(sums.presumedRequests).toBe(calls.filter(({ outcome }) => outcome === 'presumed').length)
        }
        check(usage.totals, those)
        for (const part of usage.providers) check(part, those.filter(({ provider }) => provider === part.provider)) // biome-ignore format: one line
        for (const part of usage.models) check(part, those.filter((one) => one.provider === part.provider && one.model === part.model)) // biome-ignore format: one line
        for (const part of usage.days) check(part, those.filter(({ startedAt }) => startedAt.startsWith(part.date))) // biome-ignore format: one line
        for (const part of usage.sources) check(part, those.filter(({ credentialSource }) => credentialSource === part.source)) // biome-ignore format: one line
        for (const parts of [usage.providers, usage.models, usage.days, usage.sources] as Sums[][])
          expect(sum(parts.map(({ costUsd }) => costUsd))).toBe(exact(usage.totals.costUsd))
        expect(usage.days.map(({ date }: { date: string }) => date)).toEqual(
          [...new Set(those.map(({ startedAt }) => startedAt.slice(0, 10)))].sort(),
        )
      }
    }
  })

  it('gives the cost of each call line by line, adding up to the call', async () => {
    for (const { id, costUsd } of await allCalls(ada)) {
      const { costLines } = await get(ada, `/api/usage/calls/${id}`)
      const costs = costLines.map((line: { costUsd: string | null }) => line.costUsd)
      if (costUsd === null) expect(costs.every((cost: string | null) => cost === null)).toBe(true)
      else expect(sum(costs)).toBe(exact(costUsd))
    }
  })

  it('counts days, weeks and months in UTC', async () => {
    const now = new Date()
    const from = async (period: string) => (await get(ada, `/api/profile/usage?period=${period}`)).from
    const today = now.toISOString().slice(0, 10)
    expect(await from('today')).toBe(`${today}T00:00:00.000Z`)
    expect(await from('week')).toBe(new Date(Date.parse(today) - 6 * 24 * hourMs).toISOString())
    expect(await from('month')).toBe(`${today.slice(0, 7)}-01T00:00:00.000Z`)
    const { totals } = await get(ada, '/api/profile/usage?period=week')
    expect(totals.requests).toBe(
      (await allCalls(ada)).filter(({ startedAt }) => Date.parse(startedAt) >= Date.parse(today) - 6 * 24 * hourMs).length,
    )
  })

  it('names the ten dearest models and says what the rest adds up to', async () => {
    const carol = await people.signUp()
    for (let n = 0; n < 12; n++) await settle({ userId: carol.id, model: `model-${n}` }, ended())
    await settle({ userId: carol.id, model: 'one' }, ended())
    const { models, totals } = await get(carol, '/api/profile/usage')
    expect(models).toHaveLength(10)
    expect(models[0].model).toBe('one')
    expect(totals.requests).toBe(13)
  })

  it('shows the limits that hold, and nothing used of a window that has ended', async () => {
    const carol = await people.signUp()
    await sql`
      insert into user_quota_limits (user_id, type, provider, cost_limit, used_cost, used_requests, reset_at, is_active) values
        (${carol.id}, 'daily', null, 5, 1.25, 3, now() + interval '1 hour', true),
        (${carol.id}, 'monthly', null, 50, 12, 3, now() - interval '1 hour', true),
        (${carol.id}, 'provider', 'mock', 5, 1, 3, null, false)`.execute(owner.db)
    const { quotas } = await get(carol, '/api/profile/usage')
    expect(quotas).toMatchObject([
      { type: 'daily', costLimitUsd: '5', usedCostUsd: '1.25', usedRequests: 3, resetAt: expect.any(String), tokenLimit: null },
      { type: 'monthly', costLimitUsd: '50', usedCostUsd: '0', usedRequests: 0, resetAt: null },
    ])
  })

  it('lists newest first, and by every filter what it should', async () => {
    const items = await allCalls(ada)
    expect(items.map(({ startedAt }) => startedAt)).toEqual(
      items
        .map(({ startedAt }) => startedAt)
        .sort()
        .reverse(),
    )
    const mine = made.filter(({ call }) => call.userId === ada.id)
    const middle = new Date(Date.now() - 20 * 24 * hourMs)
    const idsOf = (those: typeof made) => those.map(({ call }) => call.id).sort()
    const ids = async (query: string) => (await allCalls(ada, query)).map(({ id }) => id).sort()
    expect(await ids(`&from=${middle.toISOString()}`)).toEqual(idsOf(mine.filter(({ call }) => call.startedAtMs >= middle.getTime())))
    expect(await ids(`&to=${middle.toISOString()}`)).toEqual(idsOf(mine.filter(({ call }) => call.startedAtMs < middle.getTime())))
    expect(await ids('&outcome=presumed')).toEqual(idsOf(mine.filter(({ outcome }) => outcome === 'presumed')))
    expect(await ids('&outcome=aborted')).toEqual(idsOf(mine.filter(({ outcome }) => outcome === 'aborted')))
    const keyId = mine[0]?.call.keyId
    expect(await ids(`&key=${keyId}&model=one`)).toEqual(idsOf(mine.filter(({ call }) => call.keyId === keyId && call.model === 'one')))
    expect(await ids(`&token=${randomUUID()}`)).toEqual([])
  })

  it('filters by the alias of a provider too', async () => {
    const dan = await people.signUp()
    const call = await settle({ userId: dan.id, provider: 'google' }, ended())
    expect((await allCalls(dan, '&provider=Gemini')).map(({ id }) => id)).toEqual([call.id])
    expect((await get(dan, '/api/profile/usage?provider=gemini')).totals.requests).toBe(1)
  })

  it.each([
    ['calls?keyId=5eed0000-0000-4000-8000-000000000001', 'the whole'], // that filter is called key
    ['export.csv?limit=3', 'the whole'],
    ['calls?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', 'to'],
    ['export.csv?from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z', 'to'],
    ['calls?model=%00', 'model'],
    ['export.csv?provider=%00', 'provider'],
    ['calls?provider=', 'provider'],
  ])('refuses a filter that would be none, or let nothing through: %s', async (path, field) => {
    const reply = await ada.ask('GET', `/api/usage/${path}`)
    expect([reply.statusCode, reply.json().errors[0].field]).toEqual([400, field])
  })

  it('refuses a cursor that is nobody’s', async () => {
    for (const place of [
      '2026-11-21T00:00:00.000000Z ------------------------------------',
      `2026-99-21T00:00:00.000000Z ${randomUUID()}`,
    ]) {
      const reply = await ada.ask('GET', `/api/usage/calls?cursor=${Buffer.from(place).toString('base64url')}`)
      expect([reply.statusCode, reply.json().code]).toEqual([400, 'http.invalid'])
    }
  })

  it('finds one call by the id of its request, with all that were tried for it', async () => {
    const requestId = randomUUID()
    const first = await settle(
      { userId: ada.id, requestId, startedAtMs: Date.now() - 100 },
      ended({}, { outcome: 'failed', status: 503, usageBasis: 'none' }),
    )
    const second = await settle({ userId: ada.id, requestId, model: 'one' }, ended())
    const found = await get(ada, `/api/usage/calls/${requestId}`)
    expect(found).toMatchObject({
      id: second.id,
      requestId,
      decisions: [{ source: 'user-key', verdict: 'chosen' }],
      attempts: [
        { id: first.id, outcome: 'failed', status: 503, costUsd: '0' },
        { id: second.id, outcome: 'completed' },
      ],
      costLines: [
        { what: 'input', quantity: 100, rateUsd: '0.15', per: 1_000_000, costUsd: '0.000015' },
        { what: 'output', quantity: 10, rateUsd: '0.6', per: 1_000_000, costUsd: '0.000006' },
      ],
      costUsd: '0.000021',
    })
    expect(await get(ada, `/api/usage/calls/${second.id}`)).toEqual(found)
  })

  it('finds a call that has the id of its request, and others of which a caller said that they are of the same', async () => {
    const id = callId(Date.now())
    const own = await settle({ userId: ada.id, id, requestId: id }, ended())
    expect(await get(ada, `/api/usage/calls/${id}`)).toMatchObject({ id, requestId: id, attempts: [{ id }] })
    const other = await settle({ userId: ada.id, requestId: own.requestId }, ended())
    const attempts = [{ id }, { id: other.id }]
    expect(await get(ada, `/api/usage/calls/${id}`)).toMatchObject({ id, attempts })
    expect(await get(ada, `/api/usage/calls/${other.id}`)).toMatchObject({ id: other.id, requestId: id, attempts })
  })

  it('says of a presumed call what it was booked at, and of one that was lowered too', async () => {
    const call = makeCall({ userId: ada.id, model: 'one', mostCostUsd: '0.00001' })
    await ledger.open(call)
    await sql`update keyloft.holds set lease_until = now() - interval '1 minute'`.execute(owner.db)
    await sql`select keyloft.sweep_calls(100)`.execute(owner.db)
    const presumed = [{ what: 'presumed', quantity: null, rateUsd: null, per: 1, costUsd: '0.00001' }]
    expect(await get(ada, `/api/usage/calls/${call.id}`)).toMatchObject({ outcome: 'presumed', costLines: presumed, costUsd: '0.00001' })
    await ledger.settle(call, ended())
    const { costLines, costUsd } = await get(ada, `/api/usage/calls/${call.id}`)
    expect(costUsd).toBe('0.00001')
    expect(costLines.at(-1)).toMatchObject({ what: 'presumed', costUsd: '-0.000011' })
  })

  it('shows nobody the calls of another', async () => {
    const call = await settle({ userId: ada.id }, ended())
    for (const id of [call.id, call.requestId]) {
      const reply = await bob.ask('GET', `/api/usage/calls/${id}`)
      expect(reply.statusCode).toBe(404)
      expect(reply.json().code).toBe('usage.no_such_call')
    }
    const theirs = new Set(made.filter(({ call }) => call.userId === ada.id).map(({ call }) => call.id))
    expect((await allCalls(bob)).filter(({ id }) => theirs.has(id))).toEqual([])
    const csv = (await bob.ask('GET', '/api/usage/export.csv')).body
    expect([...theirs].filter((id) => csv.includes(id))).toEqual([])
  })

  it('exports all of it as CSV that no spreadsheet takes for formulas', async () => {
    const carol = await people.signUp()
    const model = '=HYPERLINK("https://evil.example.com","x"),1'
    await settle({ userId: carol.id, model, requestId: '@SUM(1)' }, ended())
    // More than a page of them, all in one statement.
    await sql`
      insert into usage_records (user_id, id, started_at, request_id, operation, provider, model, credential_source, decisions, outcome, usage_basis, cost_usd)
      select user_id, (substr(id::text, 1, 24) || lpad(n::text, 12, '0'))::uuid, started_at, 'r', operation, provider, 'm', credential_source, decisions, outcome, usage_basis, 0.001
        from usage_records, generate_series(1, 2500) n where user_id = ${carol.id}`.execute(owner.db)
    const reply = await carol.ask('GET', '/api/usage/export.csv')
    expect(reply.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': expect.stringContaining('attachment'),
    })
    const { paths } = (await test.app.inject('/openapi.json')).json()
    expect(Object.keys(paths['/api/usage/export.csv'].get.responses[200].content)).toEqual(['text/csv'])
    const lines = reply.body.trimEnd().split('\r\n')
    expect(lines).toHaveLength(1 + 2501)
    expect(new Set(lines).size).toBe(1 + 2501)
    const written = lines.find((line) => line.includes('HYPERLINK'))
    expect(written).toContain(`,'@SUM(1),`)
    expect(written).toContain(`,"'=HYPERLINK(""https://evil.example.com"",""x""),1",`)
    expect((await carol.ask('GET', '/api/usage/export.csv?model=m')).body.trimEnd().split('\r\n')).toHaveLength(2501)
  })

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@x', "'@x"],
    ['\tx', "'\tx"],
    ['\n=1', `"'\n=1"`],
    ['＝1', "'＝1"],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a=b', 'a=b'],
  ])('writes the cell %j as %j', (value, cell) => {
    expect(toCell(value)).toBe(cell)
  })

  describe('of calls that were made elsewhere', () => {
    const body = (change: object = {}) => ({
      userId: ada.id,
      provider: 'mock',
      model: 'one',
      inputTokens: 1_000,
      outputTokens: 10,
      ...change,
    })
    const post = async (payload: object, key?: string) =>
      test.app.inject({
        method: 'POST',
        url: '/api/profile/usage',
        headers: { authorization: await serviceKey(), ...(key === undefined ? {} : { 'idempotency-key': key }) },
        payload,
      })
    const serviceKey = async () => {
      return `Bearer ${await projectJwt({ role: 'service_role' })}`
    }

    it('are written by the backend, priced, and seen by their person', async () => {
      const reply = await post(
        body({ cachedInputTokens: 400, providerCostUsd: '0.5', startedAt: new Date(Date.now() - hourMs).toISOString() }),
      )
      expect(reply.statusCode, reply.body).toBe(201)
      expect(reply.json()).toMatchObject({
        operation: 'recorded',
        credentialSource: 'server-key',
        costUsd: '0.000126',
        providerCostUsd: '0.5',
      })
      expect(await get(ada, `/api/usage/calls/${reply.json().id}`)).toEqual(reply.json())
      expect((await ada.ask('POST', '/api/profile/usage', body())).statusCode).toBe(403)
    })

    it('are of the provider whose alias was given, and refused with tokens under another name', async () => {
      const reply = await post(body({ provider: 'Gemini' }))
      expect(reply.json()).toMatchObject({ provider: 'google' })
      expect((await post(body({ input_tokens: 5 }))).json()).toMatchObject({
        code: 'http.invalid',
        errors: [{ message: expect.stringContaining('input_tokens') }],
      })
    })

    it('are written once under a key, however late it comes again', async () => {
      const key = randomUUID()
      const first = await post(body(), key)
      expect((await post(body(), key)).json()).toEqual(first.json())
      await sql`delete from keyloft.idempotent_requests`.execute(owner.db)
      expect((await post(body(), key)).json()).toEqual(first.json())
      expect((await post(body({ userId: bob.id }), `${key}2`)).json().id).not.toBe(first.json().id)
      expect(await get(ada, `/api/usage/calls/${key}`)).toMatchObject({ id: first.json().id, attempts: [{ id: first.json().id }] })
    })

    it('are recorded by the SDK in one line', async () => {
      const inject = (async (
        url: string,
        { method, headers, body: payload }: { method: 'POST'; headers: Record<string, string>; body: string },
      ) => {
        const reply = await test.app.inject({ method, url: new URL(url).pathname, headers, payload })
        return new Response(reply.body, { status: reply.statusCode, headers: reply.headers as Record<string, string> })
      }) as unknown as typeof fetch
      const token = (await serviceKey()).slice('Bearer '.length)
      const keyloft = createKeyloft({ url: 'http://localhost', token, fetch: inject })
      const record = () => recordUsage(keyloft, ada.id, 'mock', 'one', { key: 'order-4711', inputTokens: 1_000, outputTokens: 10 })
      const { id, costUsd } = await record()
      expect(costUsd).toBe('0.000156')
      expect((await record()).id).toBe(id)
    })

    it('are their person’s also where they began without an account and have one by now', async () => {
      const guest = randomUUID()
      await sql`insert into keyloft.user_aliases (old_id, user_id) values (${guest}, ${bob.id})`.execute(owner.db)
      const key = randomUUID()
      const { id } = (await post(body({ userId: guest }), key)).json()
      expect(await get(bob, `/api/usage/calls/${key}`)).toMatchObject({ id })
      await sql`delete from keyloft.idempotent_requests`.execute(owner.db)
      expect((await post(body({ userId: guest }), key)).json().id).toBe(id)
    })

    it('are refused of a person who is not here, but for one that was written before they left', async () => {
      const nobody = randomUUID()
      const refused = await post(body({ userId: nobody }))
      expect([refused.statusCode, refused.json().code]).toEqual([404, 'usage.no_such_user'])
      const left = await test.makePerson()
      const key = randomUUID()
      const written = await post(body({ userId: left.id }), key)
      expect(written.statusCode, written.body).toBe(201)
      await sql`delete from auth.users where id = ${left.id}`.execute(owner.db)
      await sql`delete from keyloft.idempotent_requests`.execute(owner.db)
      expect((await post(body({ userId: left.id }), key)).json()).toEqual(written.json())
      expect((await post(body({ userId: left.id }), `${key}2`)).json().code).toBe('usage.no_such_user')
      const { rows } = await sql<{ user_id: string }>`select user_id from usage_records where user_id in (${nobody}, ${left.id})`.execute(
        owner.db,
      )
      expect(rows).toEqual([{ user_id: left.id }])
    })

    it('may have a key as long as keys may be', async () => {
      const key = 'k'.repeat(255)
      const first = await post(body(), key)
      expect(first.statusCode, first.body).toBe(201)
      await sql`delete from keyloft.idempotent_requests`.execute(owner.db)
      expect((await post(body(), key)).json()).toEqual(first.json())
    })
  })
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'
import { peopleOf } from '../../../test/person.ts'
import { userPrincipal } from '../../base/principal.ts'

const pages = ['health', 'database', 'alerts', 'errors', 'audit', 'users/figures'].map((name) => `/api/admin/${name}`)

describe('the pages of an operator', async () => {
  const test = await createTestApp()
  const { owner, database } = test
  const people = peopleOf(test)
  const service = await people.service()
  const makeAdmin = (id: string, is_admin = true) =>
    owner.db
      .insertInto('user_standing')
      .values({ user_id: id, is_admin })
      .onConflict((on) => on.column('user_id').doUpdateSet({ is_admin }))
      .execute()
  const ada = await people.signUp()
  await makeAdmin(ada.id)
  const get = async (path: string) => (await ada.ask('GET', `/api/admin/${path}`)).json()

  describe('are refused', () => {
    it('to a person who is no admin, whatever their token says of them', async () => {
      const bob = await people.signUp()
      const claims = {
        role: 'authenticated',
        sub: bob.id,
        aud: 'authenticated',
        is_admin: true,
        isAdmin: true,
        app_metadata: { admin: true },
      }
      const boasting = people.asking({ authorization: `Bearer ${await projectJwt(claims)}` })
      for (const page of pages) {
        expect((await bob.ask('GET', page)).statusCode, page).toBe(403)
        expect((await boasting('GET', page)).statusCode, page).toBe(403)
        expect((await people.asking({})('GET', page)).statusCode, page).toBe(401)
      }
    })

    it('to an API token of an admin', async () => {
      const { token } = (await ada.ask('POST', '/api/tokens', { name: 'all', scopes: ['calls', 'read', 'account'] })).json()
      for (const page of pages) expect((await people.asking({ authorization: `Bearer ${token}` })('GET', page)).statusCode, page).toBe(403)
    })

    it('to an admin from the moment on in which they are none', async () => {
      const carol = await people.signUp()
      await service('PATCH', `/api/admin/users/${carol.id}`, { isAdmin: true })
      for (const page of pages) expect((await carol.ask('GET', page)).statusCode, page).toBe(200)
      await service('PATCH', `/api/admin/users/${carol.id}`, { isAdmin: false })
      for (const page of pages) expect((await carol.ask('GET', page)).statusCode, page).toBe(403)
    })

    it('by the database too, whoever in the server forgets to ask', async () => {
      const dora = await people.signUp()
      await expect(database.pools.service.query('select keyloft.database_figures()')).rejects.toMatchObject({ code: '42501' })

      const functions = [
        'keyloft.database_figures()',
        'keyloft.slow_queries(in_limit => 1)',
        'keyloft.alert_figures()',
        'keyloft.people_figures()',
        'keyloft.audit_page(null, 1, null, null, null, null, null)',
      ]
      const token = { tokenId: randomUUID() }
      const actors = { person: userPrincipal(dora.id), 'admin’s token': { ...userPrincipal(ada.id), ...token } }
      for (const one of functions) {
        const ask = sql.raw(`select ${one}`)
        for (const [who, principal] of Object.entries(actors)) {
          const asked = database.system('for a test', (tx) => ask.execute(tx), { principal, requestId: 'test' })
          await expect(asked, `${one} for a ${who}`).rejects.toMatchObject({ code: 'database.forbidden' })
        }
        await expect(
          database.system('for a test', (tx) => ask.execute(tx)),
          `${one} for no request`,
        ).rejects.toMatchObject({ status: 403 })
        const himself = database.asPrincipal(userPrincipal(ada.id), (tx) => ask.execute(tx))
        await expect(himself, `${one} as an admin’s own role`).rejects.toMatchObject({ code: 'database.forbidden' })
        const forAnAdmin = database.system('for a test', (tx) => ask.execute(tx), { principal: userPrincipal(ada.id), requestId: 'test' })
        await expect(forAnAdmin, `${one} for an admin`).resolves.toBeDefined()
      }
    })

    it('to an admin whose account was closed in between', async () => {
      const eve = await people.signUp()
      await makeAdmin(eve.id)
      await owner.db.updateTable('user_standing').set({ disabled_at: new Date() }).where('user_id', '=', eve.id).execute()
      const asked = database.system('for a test', (tx) => sql`select keyloft.alert_figures()`.execute(tx), {
        principal: userPrincipal(eve.id),
        requestId: 'test',
      })
      await expect(asked).rejects.toMatchObject({ code: 'database.forbidden' })
    })
  })

  it('say how the process does', async () => {
    expect(await get('health')).toMatchObject({
      ready: true,
      fault: null,
      instance: expect.stringMatching(new RegExp(`:${process.pid}$`)),
      startedAt: expect.stringMatching(/Z$/),
      pools: [{ pool: 'user' }, { pool: 'service', most: 10 }, { pool: 'auth' }],
    })
  })

  it('say how the database does, and warn before it is full', async () => {
    const figures = await get('database')
    expect(figures).toMatchObject({ seesEverybody: true, connectionsWarning: 150, maxConnections: 300, deadlocks: 0 })
    expect(figures.connections).toBeGreaterThan(2)
    expect(figures.connectionStates).toContainEqual({ state: 'active', count: expect.any(Number) })
    expect(figures.cacheHitRate).toBeGreaterThan(0.5)
    const names = figures.tables.map(({ name }: { name: string }) => name)
    expect(names).toContain('auth.sessions')
    expect(names.filter((name: string) => /usage_records_/.test(name))).toEqual([]) // a month counts to its table
  })

  it('show slow queries where they are counted, without a value in them, and say so where they are not', async () => {
    expect((await get('database')).slowQueries).toEqual({ state: 'not installed', queries: [] })
    await sql`create extension pg_stat_statements`.execute(owner.db)
    const { slowQueries } = await get('database')
    if (slowQueries.state === 'not loaded') return // this server was started without it
    await database.system('for a test', (tx) => sql.raw(`select 'a needle in a statement'`).execute(tx))
    const { state, queries } = (await get('database')).slowQueries
    expect(state).toBe('ok')
    expect(queries.length).toBeGreaterThan(3)
    expect(JSON.stringify(queries)).not.toMatch(/needle|alter role|password '/i)
  })

  it('count what was refused, by code and route, and keep no word of it', async () => {
    const before = Date.now()
    for (const id of ['a-needle', 'another-needle']) await ada.ask('GET', `/api/usage/calls/${id}?token=needle`)
    const { items, since, instance } = await get('errors')
    const found = items.find(({ code }: { code: string }) => code === 'usage.no_such_call')
    expect(found).toMatchObject({ route: 'GET /api/usage/calls/:id', status: 404, count: 2, lately: 2 })
    expect(Date.parse(found.lastAt)).toBeGreaterThanOrEqual(before)
    expect(items[0].code).toBe('usage.no_such_call')
    expect(Date.parse(since)).toBeLessThanOrEqual(before)
    expect(instance).toContain(':')
    expect(JSON.stringify(items)).not.toContain('needle')
  })

  it('tell the present state of what an operator wants to be told of', async () => {
    const states = async () => Object.fromEntries((await get('alerts')).items.map((one: { id: string }) => [one.id, one]))
    const before = await states()
    expect(Object.keys(before).sort()).toEqual([
      'calls-left-open',
      'connections',
      'people-without-key',
      'resolution-failures',
      'row-level-security',
      'vault-latency',
      'webhook-verification',
    ])
    expect(before['calls-left-open']).toMatchObject({ state: 'ok', value: 0, from: 'database' })
    expect(before['people-without-key']).toMatchObject({ state: 'ok', value: 0 })
    expect(before['resolution-failures']).toMatchObject({ state: 'unknown', value: null })
    expect(before['webhook-verification']).toMatchObject({ state: 'unknown' })

    const frank = await people.signUp()
    await frank.ask('POST', '/v1/chat/completions', { model: 'gpt-4o-mini', messages: [] }) // there is no key at all
    await sql`insert into keyloft.holds (user_id, id, started_at, request_id, operation, provider, model, credential_source, decisions, lease_until)
      values (${frank.id}, ${randomUUID()}, now(), 'r', 'chat.completions', 'openai', 'gpt-4o-mini', 'user-key', '[]', now() - interval '6 minutes')`.execute(
      owner.db,
    )
    await sql`insert into usage_hourly values (${frank.id}, date_trunc('hour', now()), 'openai', 'gpt-4o-mini', 'user-key', 1, 0, 0, 1, 0, 1, 0, 0)`.execute(
      owner.db,
    )
    const after = await states()
    expect(after['calls-left-open']).toMatchObject({ state: 'firing', value: 1 })
    expect(after['people-without-key']).toMatchObject({ state: 'firing', value: 1 })
    expect(after['resolution-failures']).toMatchObject({ state: 'firing', value: 1, detail: '1 of 1 calls.' })
  })

  it('show who did what, page by page, and what of it is asked for', async () => {
    const grace = await people.signUp()
    for (const tier of ['pro', 'free', 'pro']) await ada.ask('PATCH', `/api/admin/users/${grace.id}`, { tier })
    await service('PATCH', `/api/admin/users/${grace.id}`, { disabled: true, reason: 'Spam.' })
    const first = await get(`audit?user=${grace.id}&limit=3`)
    const second = await get(`audit?user=${grace.id}&limit=3&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items].map(({ action }: { action: string }) => action)).toEqual([
      'account.disabled',
      'account.tier_set',
      'account.tier_set',
      'account.tier_set',
    ])
    expect(second.nextCursor).toBeNull()
    expect(first.items[1]).toMatchObject({
      actor: { role: 'authenticated', userId: ada.id, tokenId: null },
      job: 'decide of a person',
      userId: grace.id,
      details: { tier: 'pro' },
    })
    expect((await get(`audit?actor=${ada.id}&action=account.tier_set`)).items).toHaveLength(3)
    expect((await get(`audit?actor=${ada.id}&to=2020-01-01T00:00:00Z`)).items).toEqual([])
    expect((await ada.ask('GET', '/api/admin/audit?cursor=bm90LWEtbnVtYmVy')).json()).toMatchObject({ status: 400, code: 'http.invalid' })
  })

  it('count people, and name none', async () => {
    const before = await get('users/figures')
    const heidi = await people.signUp()
    await owner.db.insertInto('api_gateway_configs').values({ user_id: heidi.id, base_url: 'https://needle.example.com' }).execute()
    const hour = (daysAgo: number) => sql`date_trunc('hour', now()) - ${daysAgo} * interval '1 day'`
    for (const daysAgo of [0, 40])
      await sql`insert into usage_hourly values (${heidi.id}, ${hour(daysAgo)}, 'openai', 'gpt-4o-mini', 'server-key', 1, 0, 0, 1, 0, 1, 0, 0)`.execute(
        owner.db,
      )
    const after = await get('users/figures')
    expect(after.people).toBe(before.people + 1)
    expect(after.activeToday).toBe(before.activeToday + 1)
    expect(after.features.hasOwnGateway).toBe(before.features.hasOwnGateway + 1)
    expect(after.registrations).toHaveLength(30)
    expect(after.registrations.at(-1)).toMatchObject({ day: new Date().toISOString().slice(0, 10), people: after.people })
    expect(after.retention[0]).toMatchObject({ people: after.people, active: [after.activeToday] })
    expect(JSON.stringify(after)).not.toMatch(/needle|@example/)
  })

  it('follow those of a week through the weeks after it', async () => {
    const ivan = await people.signUp()
    const monday = sql`date_trunc('week', now() at time zone 'UTC')`
    await sql`update auth.users set created_at = (${monday} - interval '21 days') at time zone 'UTC' where id = ${ivan.id}`.execute(
      owner.db,
    )
    for (const days of [21, 8])
      await sql`insert into usage_hourly values (${ivan.id}, (${monday} - ${days} * interval '1 day') at time zone 'UTC', 'openai', 'x', 'user-key', 1, 0, 0, 1, 0, 1, 0, 0)`.execute(
        owner.db,
      )
    const { retention } = await get('users/figures')
    expect(retention[1]).toMatchObject({ people: 1, active: [1, 1, 0, 0] })
  })
})

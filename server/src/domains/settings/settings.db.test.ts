import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { peopleOf } from '../../../test/person.ts'
import { createSecrets, keepSecret } from '../../platform/secrets/secrets.ts'
import { eraseAccounts } from './erase-accounts.ts'

describe('a person’s own account', async () => {
  const test = await createTestApp()
  const { owner, database } = test
  const people = peopleOf(test)
  const context = { signal: new AbortController().signal, jobId: '', attempt: 1 }
  const audited = async (userId: string) => {
    const { rows } = await sql<{ action: string; actor: string | null }>`
      select action, coalesce(actor_id::text, actor_role) as actor from keyloft.audit_log where user_id = ${userId} order by id`.execute(
      owner.db,
    )
    return rows.map(({ action, actor }) => `${action} by ${actor}`)
  }

  it('is shown with what sign-in knows, what the person wrote and what they have', async () => {
    const ada = await people.signUp()
    expect((await ada.ask('GET', '/api/profile')).json()).toEqual({
      id: ada.id,
      email: ada.email,
      emailVerified: false,
      username: null,
      displayName: null,
      bio: null,
      avatarUrl: null,
      preferences: {},
      tier: 'free',
      isAdmin: false,
      createdAt: expect.stringMatching(/Z$/),
      stats: { apiKeys: 0, apiTokens: 0 },
    })
    await ada.ask('POST', '/api/tokens', { name: 'laptop' })
    expect((await ada.ask('GET', '/api/profile')).json().stats).toEqual({ apiKeys: 0, apiTokens: 1 })
  })

  it('changes where something is said, and nowhere else', async () => {
    const ada = await people.signUp()
    const put = async (body: object) => {
      const reply = await ada.ask('PUT', '/api/profile', body)
      expect(reply.statusCode, reply.body).toBe(200)
      return reply.json()
    }
    const first = { displayName: 'Ada', bio: 'Reads.', avatarUrl: 'https://example.com/a.png', preferences: { theme: { dark: true } } }
    expect(await put(first)).toEqual(first)
    expect(await put({ bio: null })).toEqual({ ...first, bio: null })
    expect(await put({})).toEqual({ ...first, bio: null })
    expect((await ada.ask('GET', '/api/profile')).json()).toMatchObject({ ...first, bio: null })
  })

  it('has choices of the person’s own, and grants that they can only read', async () => {
    const [ada, service] = [await people.signUp(), await people.service()]
    expect((await ada.ask('GET', '/api/settings')).json()).toEqual({ allowGatewayFallback: true, ownKeysOnly: false, granted: {} })
    expect((await ada.ask('PUT', '/api/settings', { allowGatewayFallback: false, granted: { maxMessagesPerDay: '9' } })).json()).toEqual({
      allowGatewayFallback: false,
      ownKeysOnly: false,
    })
    expect((await ada.ask('PUT', '/api/settings', { ownKeysOnly: true })).json()).toEqual({
      allowGatewayFallback: false,
      ownKeysOnly: true,
    })
    expect((await ada.ask('PUT', '/api/settings', {})).json()).toEqual({ allowGatewayFallback: false, ownKeysOnly: true })
    const grant = `/api/admin/users/${ada.id}/settings/maxMessagesPerDay`
    expect((await ada.ask('PUT', grant, { value: '1000' })).statusCode).toBe(403)
    for (const value of ['50', '100']) expect((await service('PUT', grant, { value })).json()).toEqual({ key: 'maxMessagesPerDay', value })
    expect((await ada.ask('GET', '/api/settings')).json()).toEqual({
      allowGatewayFallback: false,
      ownKeysOnly: true,
      granted: { maxMessagesPerDay: '100' },
    })
    expect((await service('DELETE', grant)).statusCode).toBe(204)
    expect((await service('DELETE', grant)).json().code).toBe('settings.no_such_setting')
    expect((await service('PUT', `/api/admin/users/${randomUUID()}/settings/a`, { value: '' })).json().code).toBe('settings.no_such_user')
    expect(await audited(ada.id)).toEqual([
      'setting.granted by service_role',
      'setting.granted by service_role',
      'setting.taken_back by service_role',
    ])
  })

  it('is nobody else’s, whatever a body, a query or a header says', async () => {
    const [ada, bob] = [await people.signUp(), await people.signUp()]
    await ada.ask('PUT', '/api/profile', { displayName: 'Ada' })
    await ada.ask('PUT', '/api/settings', { allowGatewayFallback: false })
    const named = { userId: ada.id, user_id: ada.id, id: ada.id, sub: ada.id }
    await bob.ask('PUT', `/api/profile?userId=${ada.id}`, { displayName: 'Bob', ...named })
    await bob.ask('PUT', `/api/settings?userId=${ada.id}`, { allowGatewayFallback: true, ...named })
    expect((await ada.ask('GET', '/api/profile')).json()).toMatchObject({ id: ada.id, displayName: 'Ada' })
    expect((await ada.ask('GET', '/api/settings')).json().allowGatewayFallback).toBe(false)
    const bobs = await bob.ask('GET', `/api/profile?userId=${ada.id}&id=${ada.id}`)
    expect(bobs.json()).toMatchObject({ id: bob.id, displayName: 'Bob' })
    expect(bobs.body).not.toContain(ada.id)
    expect((await bob.ask('DELETE', `/api/profile?userId=${ada.id}`, named)).statusCode).toBe(200)
    expect((await ada.ask('GET', '/api/profile')).statusCode).toBe(200)
  })

  it('closes at once for every credential and in every process', async () => {
    const [ada, other] = [await people.signUp(), await test.anotherApp()]
    const { token } = (await ada.ask('POST', '/api/tokens', { name: 'laptop', scopes: ['read', 'account'] })).json()
    const byToken = people.asking({ authorization: `Bearer ${token}` })
    const byJwt = await people.byJwt(ada.id)
    const ways = [ada.ask, byToken, byJwt]
    for (const ask of ways)
      for (const on of [test.app, other]) expect((await ask('GET', '/api/profile', undefined, on)).statusCode).toBe(200)

    const secret = await createSecrets({ database, keyring: test.keyring, clock: Date.now }).seal({ userId: ada.id, kind: 'test' }, 'x')
    await database.system('test', (tx) => keepSecret(tx, secret))
    const sealed = async () => {
      const { rows } = await sql`
        select 1 from keyloft.data_keys where user_id = ${ada.id} union all select 1 from keyloft.secrets where user_id = ${ada.id}`.execute(
        owner.db,
      )
      return rows.length
    }
    expect(await sealed()).toBe(2)

    const closed = await byJwt('DELETE', '/api/profile')
    expect(await sealed()).toBe(0)
    const days = (Date.parse(closed.json().eraseAfter) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(29.9)
    expect(days).toBeLessThanOrEqual(30)
    for (const ask of ways) expect((await ask('GET', '/api/profile')).statusCode).toBe(401)
    for (const ask of ways) {
      await expect.poll(async () => (await ask('GET', '/api/profile', undefined, other)).statusCode, { timeout: 1_000 }).toBe(401)
    }
    const signIn = await test.app.inject({
      method: 'POST',
      url: '/api/auth/sign-in/email',
      payload: { email: ada.email, password: people.password },
    })
    expect([signIn.statusCode, signIn.json().code]).toEqual([403, 'ACCOUNT_CLOSED'])
    expect(signIn.headers['set-cookie']).toBeUndefined()
    expect(await audited(ada.id)).toEqual([`account.deactivated by ${ada.id}`])
  })

  it('is erased when its time has come, with everything that refers to it, and not before', async () => {
    const [ada, bob, chiara] = [await people.signUp(), await people.signUp(), await people.signUp()]
    for (const { ask } of [ada, bob, chiara]) {
      await ask('POST', '/api/tokens', { name: 'laptop' })
      await ask('PUT', '/api/profile', { displayName: 'Somebody' })
      await ask('DELETE', '/api/profile')
    }
    const service = await people.service()
    await sql`update user_standing set erase_after = now() - interval '1 second' where user_id in (${ada.id}, ${chiara.id})`.execute(
      owner.db,
    )
    expect((await service('PATCH', `/api/admin/users/${chiara.id}`, { disabled: false })).statusCode).toBe(200) // asked for it back
    const job = eraseAccounts(database)
    for (let again = 0; again < 2; again++) await job.run({}, context)

    const { rows: tables } = await sql<{ name: string }>`
      select c.oid::regclass::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid
       where a.attname = 'user_id' and not a.attisdropped and c.relkind in ('r', 'p') and not c.relispartition
         and c.relnamespace in ('public'::regnamespace, 'auth'::regnamespace, 'keyloft'::regnamespace)`.execute(owner.db)
    expect(tables.length).toBeGreaterThan(8)
    const left: Record<string, string[]> = {}
    for (const { id } of [ada, bob, chiara]) {
      left[id] = []
      for (const { name } of tables) {
        const { rows } = await sql
          .raw<{ there: boolean }>(`select exists (select from ${name} where user_id = '${id}') as there`)
          .execute(owner.db)
        if (rows[0]?.there) left[id].push(name)
      }
    }
    expect(left[ada.id]).toEqual(['keyloft.audit_log'])
    for (const { id } of [bob, chiara]) expect(left[id]).toEqual(expect.arrayContaining(['api_tokens', 'user_profiles', 'auth.accounts']))
    expect(await audited(ada.id)).toEqual([`account.deactivated by ${ada.id}`, 'account.erased by service_role'])
    const { rows: traces } = await sql<{ n: number }>`select count(*)::int as n from auth.users where email = ${ada.email}`.execute(
      owner.db,
    )
    expect(traces).toEqual([{ n: 0 }])
    await expect.poll(async () => (await (await people.byJwt(chiara.id))('GET', '/api/profile')).statusCode, { timeout: 2_000 }).toBe(200)
  })
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'
import { peopleOf } from '../../../test/person.ts'

describe('the operator’s side', async () => {
  const test = await createTestApp()
  const people = peopleOf(test)
  const service = await people.service()
  const page = async (query = '') => (await service('GET', `/api/admin/users${query}`)).json()

  it('lists everybody, newest first, page by page', async () => {
    const ids = [(await people.signUp()).id, (await people.signUp()).id, (await people.signUp()).id]
    const first = await page('?limit=2')
    const second = await page(`?limit=2&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items].map(({ id }: { id: string }) => id)).toEqual(ids.reverse())
    expect(second.nextCursor).toBeNull()
    expect(first.items[0]).toEqual({
      id: ids[0],
      email: expect.stringMatching(/@example\.com$/),
      emailVerified: false,
      username: null,
      name: 'Someone',
      isAnonymous: false,
      tier: 'free',
      isAdmin: false,
      disabledAt: null,
      disabledReason: null,
      deactivatedAt: null,
      eraseAfter: null,
      createdAt: expect.stringMatching(/Z$/),
    })
  })

  it('is open to admins from the moment they are made until they are not, and never to their tokens', async () => {
    const ada = await people.signUp()
    const token = (await ada.ask('POST', '/api/tokens', { name: 'all', scopes: ['calls', 'read', 'account'] })).json().token
    const byToken = people.asking({ authorization: `Bearer ${token}` })
    const [mine, byJwt] = [`/api/admin/users/${ada.id}`, await people.byJwt(ada.id)]
    const open = async () => [
      (await ada.ask('GET', mine)).statusCode,
      (await byJwt('GET', mine)).statusCode,
      (await byToken('GET', mine)).statusCode,
    ]
    expect(await open()).toEqual([403, 403, 403])
    expect((await ada.ask('PATCH', mine, { isAdmin: true })).statusCode).toBe(403)
    expect((await service('PATCH', mine, { isAdmin: true })).json()).toMatchObject({ isAdmin: true })
    expect(await open()).toEqual([200, 200, 403])
    await service('PATCH', mine, { isAdmin: false })
    expect(await open()).toEqual([403, 403, 403])
  })

  it('sets a tier, which nobody sets for themselves', async () => {
    const ada = await people.signUp()
    await ada.ask('PUT', '/api/profile', { tier: 'pro', isAdmin: true })
    expect((await ada.ask('GET', '/api/profile')).json()).toMatchObject({ tier: 'free', isAdmin: false })
    const mine = test.database.asPrincipal({ role: 'authenticated', claims: { role: 'authenticated', sub: ada.id } }, (tx) =>
      tx.insertInto('user_standing').values({ user_id: ada.id, tier: 'pro' }).execute(),
    )
    await expect(mine).rejects.toMatchObject({ code: 'database.forbidden' })
    await service('PATCH', `/api/admin/users/${ada.id}`, { tier: 'pro' })
    expect((await ada.ask('GET', '/api/profile')).json().tier).toBe('pro')
  })

  it('shuts somebody out, says why, and lets them in again', async () => {
    const [ada, bob] = [await people.signUp(), await people.signUp()]
    await service('PATCH', `/api/admin/users/${bob.id}`, { isAdmin: true })
    expect((await bob.ask('PATCH', `/api/admin/users/${ada.id}`, { disabled: true, reason: 'Spam.' })).json()).toMatchObject({
      disabledAt: expect.stringMatching(/Z$/),
      disabledReason: 'Spam.',
    })
    expect((await ada.ask('GET', '/api/profile')).statusCode).toBe(401)
    expect((await bob.ask('PATCH', `/api/admin/users/${bob.id}`, { disabled: true })).json().code).toBe('identity.not_yourself')
    await service('PATCH', `/api/admin/users/${ada.id}`, { disabled: false })
    expect((await (await people.byJwt(ada.id))('GET', '/api/profile')).statusCode).toBe(200)
    const { rows } = await sql<object>`
      select action, actor_role, actor_id, request_id is not null as asked from keyloft.audit_log where user_id = ${ada.id} order by id`.execute(
      test.owner.db,
    )
    expect(rows).toEqual([
      { action: 'account.disabled', actor_role: 'authenticated', actor_id: bob.id, asked: true },
      { action: 'account.enabled', actor_role: 'service_role', actor_id: null, asked: true },
    ])
  })

  it('lets nobody in whose account is gone, though their JWT holds: what was closed must not open by being erased', async () => {
    const { id } = await test.makePerson()
    await service('PATCH', `/api/admin/users/${id}`, { disabled: true })
    expect((await (await people.byJwt(id))('GET', '/api/usage/calls')).statusCode).toBe(401)
    await sql`delete from auth.users where id = ${id}`.execute(test.owner.db)
    const later = await test.anotherApp() // which remembers nothing of them
    const authorization = `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}`
    const reply = await later.inject({ url: '/api/usage/calls', headers: { authorization } })
    expect([reply.statusCode, reply.json().code]).toEqual([401, 'identity.unauthorized'])
  })

  it('knows nobody who is not there', async () => {
    for (const [method, body] of [['GET'], ['PATCH', { tier: 'pro' }]] as const) {
      const reply = await service(method, `/api/admin/users/${randomUUID()}`, body)
      expect([reply.statusCode, reply.json().code]).toEqual([404, 'identity.no_such_user'])
    }
  })
})

import { describe, expect, it } from 'vitest'
import { createTestApp } from './app.ts'
import { publicUrl } from './identity.ts'

it('lets nobody guess passwords without end, and does not count against others', async () => {
  const { app } = await createTestApp()
  const guess = (remoteAddress: string) =>
    app.inject({
      method: 'POST',
      url: '/api/auth/sign-in/email',
      headers: { origin: publicUrl },
      payload: { email: 'ada@example.com', password: '' },
      remoteAddress,
    })
  const statuses = new Set<number>()
  for (let time = 0; time < 60; time++) statuses.add((await guess('203.0.113.7')).statusCode)
  expect(statuses).not.toContain(429)
  const refused = await guess('203.0.113.7')
  expect(refused.statusCode).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect((await guess('203.0.113.8')).statusCode).not.toBe(429)
  expect((await app.inject({ url: '/api/auth/ok', remoteAddress: '203.0.113.7' })).statusCode).toBe(200)
})

describe('new accounts', async () => {
  const { app, owner } = await createTestApp()
  const begin = async (remoteAddress: string, url = '/api/auth/sign-in/anonymous') =>
    (await app.inject({ method: 'POST', url, headers: { origin: publicUrl }, payload: {}, remoteAddress })).statusCode

  it('are made thirty times an hour from one address, however theirs is spelt', async () => {
    const statuses = []
    for (let time = 0; time < 30; time++) statuses.push(await begin('203.0.113.7'))
    expect(new Set(statuses)).toEqual(new Set([200]))
    const before = await owner.db.selectFrom('auth.users').select('id').execute()
    for (const url of [
      '/api/auth/sign-in/anonymous',
      '/api/auth/sign-in/%61nonymous',
      '/api/auth/sign-in/Anonymous?x=1',
      '/api/auth//sign-in/anonymous/',
    ])
      expect(await begin('203.0.113.7', url), url).toBe(429)
    expect(await owner.db.selectFrom('auth.users').select('id').execute()).toHaveLength(before.length)
    expect(await begin('203.0.113.7', '/api/auth/sign-up/email')).toBe(429)
    expect(await begin('203.0.113.8')).toBe(200)
  })

  it('are counted together for the addresses that one owner of IPv6 has', async () => {
    for (let time = 0; time < 30; time++) expect(await begin(`2001:db8:0:1::${time.toString(16)}`)).toBe(200)
    for (const address of ['2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:0db8::0001:1:2:3:4']) expect(await begin(address), address).toBe(429)
    expect([await begin('2001:db8:0:2::1'), await begin('::ffff:203.0.113.9')]).toEqual([200, 200])
  })
})

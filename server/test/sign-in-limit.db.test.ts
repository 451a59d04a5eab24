import { expect, it } from 'vitest'
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

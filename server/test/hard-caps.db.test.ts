import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { describe, expect, it, vi } from 'vitest'
import { loadShippedModels } from '../src/domains/models/models.ts'
import { usualOrder } from '../src/domains/resolver/sources.ts'
import { createTestApp } from './app.ts'
import { postTo } from './gateway.ts'
import { jwtSecret, projectJwt, publicUrl } from './identity.ts'
import { postAll } from './ledger.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('a hard limit', async () => {
  const test = await createTestApp()
  const { owner } = test
  await loadShippedModels(test.database)
  const serve = async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const app = await test.anotherApp({
      url,
      config: {
        http: { host: '127.0.0.1', port, publicUrl, corsOrigins: [], trustedProxies: undefined },
        auth: { jwtSecret, externalIssuer: undefined, signInWith: {} },
        providers: { baseUrls: {}, added: {} },
        mockProvider: true,
        servesUnaccounted: false,
        eraseAfterDays: 30,
        mail: undefined,
        resolver: { order: usualOrder, serverKeys: {} },
      },
    })
    await app.listen({ host: '127.0.0.1', port })
    return url
  }
  const urls = [await serve(), await serve()] as const
  const caller = async () => {
    const { id } = await test.makePerson()
    const authorization = `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}`
    const body = { model: 'mock-1', messages: [{ role: 'user', content: 'hello' }], max_tokens: 50 }
    const call = (url: string, change: object = {}) => postTo(`${url}/v1/chat/completions`, { ...body, ...change }, { authorization })
    return { id, call }
  }

  it('that is set or raised counts within a second on every process', async () => {
    const { id, call } = await caller()
    for (const url of urls) expect((await call(url)).status).toBe(200)
    await sql`insert into user_quota_limits (user_id, type, request_limit) values (${id}, 'daily', 3)`.execute(owner.db)
    await sleep(1_000)
    expect([(await call(urls[0])).status, (await call(urls[1])).status, (await call(urls[0])).status]).toEqual([200, 429, 429])
    await sql`update user_quota_limits set request_limit = 4 where user_id = ${id} and set_by = 'operator'`.execute(owner.db)
    expect([(await call(urls[1])).status, (await call(urls[0])).status]).toEqual([200, 429])
    await vi.waitFor(async () => {
      const { rows } = await sql`select used_requests::int as used, reserved_requests::int as reserved from user_quota_limits
        where user_id = ${id} and set_by = 'operator'`.execute(owner.db)
      expect(rows).toEqual([{ used: 4, reserved: 0 }])
    })
  })

  it('of a tier holds for everybody, and refuses what nobody can bound', async () => {
    const { call } = await caller()
    const refused = await call(urls[0], { max_tokens: 200_000 })
    expect(refused.status).toBe(429)
    expect(JSON.parse(refused.body.toString()).error).toMatchObject({
      code: 'ledger.quota_exceeded',
      quota: { type: 'daily', setBy: 'tier', spend: 'platform', limits: 'tokens', limit: '100000' },
    })
    const unbounded = await call(urls[0], { web_search_options: {} })
    expect(unbounded.status).toBe(422)
    expect(JSON.parse(unbounded.body.toString()).error).toMatchObject({ code: 'ledger.unbounded_call', quota: { limits: 'tokens' } })
  })

  it('is counted in the metrics, by what refused', async () => {
    const { call } = await caller()
    await call(urls[0])
    await call(urls[0], { max_tokens: 200_000 })
    const text = await (await fetch(`${urls[0]}/metrics`)).text()
    expect(text).toMatch(/quota_refusals_total\{reason="over",type="daily",set_by="tier",limits="tokens"\} \d/)
    expect(text).toMatch(/quota_reservations_total \d/)
    expect(text).toMatch(/ledger_flush_seconds_count\{lane="intents"\} \d/)
    expect(text).toMatch(/ledger_flush_calls_bucket\{.*lane="ends".*\} \d/)
  })

  it('over all people together refuses whoever comes after, on every process', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, caller))
    await postAll(owner) // the limit begins with what stands in the hours
    await test.database.system('test', async (tx) => {
      await sql`select keyloft.limit_platform('daily', null, null, null)`.execute(tx)
      await sql`select keyloft.limit_platform('daily', coalesce((select sum(requests) from usage_hourly), 0)::bigint + 5, null, null)`.execute(
        tx,
      )
    })
    const replies = await Promise.all(people.map(({ call }, n) => call(urls[n % 2] as string)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(5)
    const refused = replies.find(({ status }) => status === 429)
    expect(JSON.parse(refused?.body.toString() ?? '').error).toMatchObject({
      code: 'ledger.service_limit_reached',
      quota: { type: 'daily', setBy: 'platform', limits: 'requests' },
    })
    const metrics = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()))
    expect(metrics.join('\n')).toMatch(/quota_refusals_total\{reason="over",type="daily",set_by="platform",limits="requests"\} [1-7]/)
    await test.database.system('test', (tx) => sql`select keyloft.limit_platform('daily', null, null, null)`.execute(tx))
  })

  it('stands through many calls at once on two processes', async () => {
    const { id, call } = await caller()
    await sql`insert into user_quota_limits (user_id, type, spend, request_limit) values (${id}, 'daily', 'platform', 20)`.execute(owner.db)
    await sleep(300)
    const replies = await Promise.all(Array.from({ length: 60 }, (_, n) => call(urls[n % 2] as string)))
    const statuses = replies.map(({ status }) => status)
    expect([statuses.filter((one) => one === 200).length, statuses.filter((one) => one === 429).length]).toEqual([20, 40])
  })
})

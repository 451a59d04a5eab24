import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoute } from '../../src/platform/http/define-route.ts'
import { createTestApp } from '../app.ts'
import { projectJwt } from '../identity.ts'

const requests = 500

describe('many requests of two people over few connections', async () => {
  const reply = z.object({ seen: z.array(z.string()), who: z.string().nullable() })
  const { app, database, owner, makePerson } = await createTestApp(
    ({ database: db }) => [
      defineRoute({
        method: 'GET',
        path: '/api/mine',
        policy: { allow: 'user', scope: 'read' },
        schema: { summary: 'One statement', reply },
        handler: async ({ principal }) => {
          const rows = await db.readAs(principal, (from) => from.selectFrom('settings').select('user_id'))
          return { seen: rows.map(({ user_id }) => user_id), who: principal.claims.sub ?? null }
        },
      }),
      defineRoute({
        method: 'GET',
        path: '/api/mine-slowly',
        policy: { allow: 'user', scope: 'read' },
        schema: { summary: 'Several statements, some of which fail', reply },
        handler: ({ principal, request }) =>
          db.asPrincipal(principal, async (tx) => {
            await sql`select pg_sleep(0.002)`.execute(tx)
            if (request.headers['x-fail']) await sql`select 1 / 0`.execute(tx)
            const rows = await tx.selectFrom('settings').select('user_id').execute()
            return { seen: rows.map(({ user_id }) => user_id), who: principal.claims.sub ?? null }
          }),
      }),
    ],
    { poolSize: 4 },
  )
  const people = await Promise.all(
    ['ada', 'bob'].map(async () => {
      const { id } = await makePerson()
      await owner.db
        .insertInto('settings')
        .values([1, 2, 3].map((n) => ({ user_id: id, key: `key${n}`, value: 'x' })))
        .execute()
      return { id, jwt: await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' }) }
    }),
  )
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  afterAll(() => app.server.closeAllConnections())

  it('never shows one the other’s rows, whoever fails or hangs up between them, and leaves the connections whole', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: requests }, async (_, n) => {
        const { id, jwt } = people[n % 2] as (typeof people)[number]
        const abort = new AbortController()
        if (n % 7 === 0) void sleep(n % 40).then(() => abort.abort())
        const path = n % 3 === 0 ? '/api/mine-slowly' : '/api/mine'
        try {
          const response = await fetch(url + path, {
            headers: { authorization: `Bearer ${jwt}`, ...(n % 11 === 0 ? { 'x-fail': '1' } : {}) },
            signal: abort.signal,
          })
          const body = (await response.json()) as z.infer<typeof reply>
          if (!response.ok) return { status: response.status, foreign: 0 }
          expect(body.who).toBe(id)
          return { status: 200, foreign: body.seen.filter((owner) => owner !== id).length + Math.abs(3 - body.seen.length) }
        } catch (error) {
          if (!abort.signal.aborted) throw error
          return { status: 0, foreign: 0 }
        }
      }),
    )
    expect(outcomes.filter(({ foreign }) => foreign > 0)).toEqual([])
    expect(outcomes.filter(({ status }) => status === 200).length).toBeGreaterThan(requests / 2)
    expect(outcomes.filter(({ status }) => ![0, 200, 400].includes(status))).toEqual([])

    await expect.poll(() => database.pools.user.idleCount).toBe(database.pools.user.totalCount)
    expect(database.pools.user.totalCount).toBeLessThanOrEqual(4)
    const { rows } = await sql<{
      state: string
    }>`select state from pg_stat_activity where datname = current_database() and usename = 'keyloft_user' and state like '%transaction%'`.execute(
      owner.db,
    )
    expect(rows).toEqual([])
  })
})

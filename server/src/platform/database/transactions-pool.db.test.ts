import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { startDatabaseProxy } from '../../../test/database-proxy.ts'
import { createTestDatabase } from '../../../test/harness.ts'
import { anonymous } from '../../base/principal.ts'
import type { Tx } from './bound-kysely.ts'
import { createDatabase } from './database.ts'
import type { LoginUrls } from './logins.ts'

const run = (text: string) => (tx: Tx) => sql.raw(text).execute(tx)

describe('the way to the database', async () => {
  const { urls, makePerson, owner } = await createTestDatabase()
  const ada = await makePerson()
  const proxy = await startDatabaseProxy(urls.keyloft_user)
  afterAll(() => proxy.stop())
  const proxied = Object.fromEntries(Object.entries(urls).map(([login, url]) => [login, proxy.through(url)])) as unknown as LoginUrls

  async function through<T>(
    poolSize: number,
    work: (database: ReturnType<typeof createDatabase>) => Promise<T>,
    options: { answerTimeoutMs?: number } = {},
  ): Promise<T> {
    const database = createDatabase(proxied, { poolSize, onError: () => {}, ...options })
    try {
      return await work(database)
    } finally {
      await database.end()
    }
  }
  const read = (database: ReturnType<typeof createDatabase>) =>
    database.readAs(ada.principal, (db) => db.selectFrom('user_settings').select('user_id'))

  it('plans what it only reads once, however often it is asked, and leaves other transactions their choice', async () => {
    await through(1, async (database) => {
      const mode = [sql<string>`current_setting('plan_cache_mode')`.as('mode'), sql`count(*)`.as('rows')] as const
      const [during] = await database.readAs(ada.principal, (db) => db.selectFrom('user_settings').select(mode))
      const after = await database.asPrincipal(ada.principal, (tx) => tx.selectFrom('user_settings').select(mode).executeTakeFirst())
      expect([during?.mode, after?.mode]).toEqual(['force_generic_plan', 'auto'])
    })
  })

  it('is not dialled before the first query, and then by one login alone', async () => {
    proxy.connections = 0
    await through(4, async (database) => {
      const unbuilt = database.readAs(ada.principal, () => {
        throw new RangeError('cannot be built')
      })
      await expect(unbuilt).rejects.toThrow(RangeError)
      await sleep(100)
      expect(proxy.connections).toBe(0)
      await read(database)
      expect(proxy.connections).toBe(1)
      expect(database.pools).toMatchObject({ service: { totalCount: 0 }, auth: { totalCount: 0 } })
    })
    await through(4, async () => {})
    expect(proxy.connections).toBe(1)
  })

  it('is gone once for a read, and once more than it has statements for a transaction', async () => {
    await through(1, async (database) => {
      const flightsOf = async (work: () => Promise<unknown>) => {
        await work() // dials, and names the statements
        proxy.flights = 0
        await work()
        return proxy.flights
      }
      const transaction = (statements: number) => () =>
        database.asPrincipal(ada.principal, async (tx) => {
          for (let count = 0; count < statements; count++) await tx.selectFrom('user_settings').select('user_id').execute()
        })
      expect(await flightsOf(() => read(database))).toBe(1)
      expect(await flightsOf(transaction(1))).toBe(2)
      expect(await flightsOf(transaction(3))).toBe(4)
    })
  })

  it('may break anywhere: that request is unavailable, and the next one dials again', async () => {
    await through(2, async (database) => {
      const unavailable = { code: 'database.unavailable', status: 503, retryAfterSeconds: 2 }
      await read(database)
      proxy.cut() // while idle
      await sleep(50)
      expect(database.pools.user.totalCount).toBe(0)
      expect(await read(database)).toEqual([])

      const inWork = database.asPrincipal(ada.principal, async (tx) => {
        await run('select 1')(tx)
        proxy.cut()
        await run('select 2')(tx)
      })
      await expect(inWork).rejects.toMatchObject(unavailable)
      const inStatement = database.asPrincipal(ada.principal, run('select pg_sleep(10)'))
      await sleep(100)
      proxy.cut()
      await expect(inStatement).rejects.toMatchObject(unavailable)
      const inRead = read(database)
      inRead.catch(() => {})
      await sleep(5)
      proxy.cut()
      await expect(inRead).rejects.toMatchObject(unavailable)
      await sleep(50)
      expect(database.pools.user).toMatchObject({ totalCount: 0, waitingCount: 0 })
      expect(await read(database)).toEqual([])
    })
  })

  it('may fall silent: those who wait are told so, and the next one dials again', async () => {
    const work = async (database: ReturnType<typeof createDatabase>) => {
      const halfWay = database.asPrincipal(ada.principal, async (tx) => {
        await run('select 1')(tx)
        proxy.silence()
        await run('select 2')(tx)
      })
      await expect(halfWay).rejects.toMatchObject({ code: 'database.unavailable', status: 503 })
      await read(database)
      proxy.silence() // while idle
      await expect(read(database)).rejects.toMatchObject({ code: 'database.unavailable' })
      await expect.poll(() => database.pools.user.totalCount).toBe(0)
      expect(await read(database)).toEqual([])
    }
    await through(1, work, { answerTimeoutMs: 500 })
  })

  it('waits longer for an answer than the server lets a statement run', async () => {
    await through(1, async (database) => {
      for (const name of ['user', 'service', 'auth'] as const) {
        const pool = database.pools[name]
        const { rows } = await pool.query(`select setting::int as ms from pg_settings where name = 'statement_timeout'`)
        expect(rows[0].ms).toBeGreaterThan(0)
        expect(pool.options.query_timeout, name).toBeGreaterThanOrEqual(rows[0].ms * 1.5)
      }
    })
  })

  it('is not blamed for what a host elsewhere did, in the middle of a transaction', async () => {
    const elsewhere = Object.assign(new Error('connect ECONNREFUSED 203.0.113.7:443'), { code: 'ECONNREFUSED', syscall: 'connect' })
    await through(1, async (database) => {
      const work = database.asPrincipal(ada.principal, async (tx) => {
        await run('select 1')(tx)
        throw elsewhere
      })
      await expect(work).rejects.toBe(elsewhere)
    })
  })

  it('may be ended by the server: that request is unavailable, and the next one dials again', async () => {
    await through(1, async (database) => {
      const ended = database.asPrincipal(ada.principal, async (tx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
        await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(owner.db)
        await run('select 1')(tx)
      })
      await expect(ended).rejects.toMatchObject({ code: 'database.unavailable' })
      const idled = database.asPrincipal(ada.principal, async (tx) => {
        await run("set local idle_in_transaction_session_timeout = '50ms'")(tx)
        await sleep(200)
        await run('select 1')(tx)
      })
      await expect(idled).rejects.toMatchObject({ status: 503 })
      expect(await read(database)).toEqual([])
    })
  })

  it('stays open when a statement took too long', async () => {
    await through(1, async (database) => {
      const slow = database.asPrincipal(ada.principal, async (tx) => {
        await run("set local statement_timeout = '50ms'")(tx)
        await run('select pg_sleep(10)')(tx)
      })
      await expect(slow).rejects.toMatchObject({ code: 'database.busy', internal: 'SQLSTATE 57014' })
      expect(database.pools.user).toMatchObject({ totalCount: 1, idleCount: 1 })
      expect(await read(database)).toEqual([])
    })
  })

  it('is unavailable where nobody listens, refuses, or knows the database', async () => {
    for (const change of [
      (url: URL) => (url.port = '1'),
      (url: URL) => (url.password = 'wrong'),
      (url: URL) => (url.pathname = '/no_such_database'),
    ]) {
      const changed = Object.fromEntries(
        Object.entries(urls).map(([login, text]) => {
          const url = new URL(text)
          change(url)
          return [login, url.href]
        }),
      ) as unknown as LoginUrls
      const database = createDatabase(changed, { poolSize: 1, onError: () => {} })
      for (const ask of [
        () => read(database),
        () => database.asPrincipal(anonymous, run('select 1')),
        () => database.system('x', run('select 1')),
      ]) {
        await expect(ask()).rejects.toMatchObject({ code: 'database.unavailable', retryAfterSeconds: 2 })
      }
      await database.end()
    }
  })
})

describe('five hundred requests of two people over four connections', async () => {
  const { database, makePerson, owner, name } = await createTestDatabase({ poolSize: 4 })

  it('never see each other’s rows, though some fail, and leave the pool whole', async () => {
    const people = [await makePerson(), await makePerson()]
    for (const { id, principal } of people) {
      await database.asPrincipal(principal, (tx) => tx.insertInto('user_settings').values({ user_id: id }).execute())
    }
    const own = async (tx: Tx, id: string) => {
      const { rows } = await sql<{ who: string; me: string }>`select current_user as who, auth.uid() as me`.execute(tx)
      expect(rows).toEqual([{ who: 'authenticated', me: id }])
      expect(await tx.selectFrom('user_settings').select('user_id').execute()).toEqual([{ user_id: id }])
    }
    const kinds: ((person: (typeof people)[number]) => Promise<unknown>)[] = [
      ({ id, principal }) => database.asPrincipal(principal, (tx) => own(tx, id)),
      async ({ id, principal }) =>
        expect(await database.readAs(principal, (db) => db.selectFrom('user_settings').select('user_id'))).toEqual([{ user_id: id }]),
      ({ id, principal }) =>
        database.asPrincipal(principal, async (tx) => {
          await own(tx, id)
          await sleep(Math.random() * 5)
          await own(tx, id)
        }),
      async ({ id, principal }) => {
        const thrown = database.asPrincipal(principal, async (tx) => {
          await own(tx, id)
          await tx.updateTable('user_settings').set({ allow_gateway_fallback: false }).execute()
          throw new RangeError('on purpose')
        })
        await expect(thrown).rejects.toThrow(RangeError)
      },
      async ({ principal }) => {
        const other = people.find(({ principal: theirs }) => theirs !== principal)
        const stolen = database.asPrincipal(principal, (tx) =>
          tx
            .insertInto('user_settings')
            .values({ user_id: other?.id ?? '' })
            .execute(),
        )
        await expect(stolen).rejects.toMatchObject({ code: 'database.forbidden' })
      },
      async ({ principal }) => {
        const swallowed = database.asPrincipal(principal, async (tx) => {
          await tx
            .deleteFrom('user_settings')
            .execute()
            .catch(() => {})
        })
        await expect(swallowed).rejects.toMatchObject({ code: 'database.not_committed' })
      },
      async () =>
        await expect(database.readAs(anonymous, (db) => db.selectFrom('user_settings').selectAll())).rejects.toMatchObject({
          code: 'database.forbidden',
        }),
      async ({ principal }) => {
        const role = 'keyloft_owner' as 'anon'
        await expect(
          database.asPrincipal({ ...principal, role }, (tx) => tx.selectFrom('user_settings').selectAll().execute()),
        ).rejects.toMatchObject({ code: 'database.forbidden' })
      },
    ]
    const requests = Array.from({ length: 500 }, (_, number) => {
      const person = people[Math.floor(number / kinds.length) % 2]
      return person ? kinds[number % kinds.length]?.(person) : undefined
    })
    await Promise.all(requests)

    expect(database.pools.user).toMatchObject({ totalCount: 4, idleCount: 4, waitingCount: 0 })
    const { rows } = await sql`
      select state, backend_xmin is null and backend_xid is null as clean, count(*)::int from pg_stat_activity
       where datname = ${name} and usename = 'keyloft_user' group by 1, 2`.execute(owner.db)
    expect(rows).toEqual([{ state: 'idle', clean: true, count: 4 }])
    const clients = await Promise.all(Array.from({ length: 4 }, () => database.pools.user.connect()))
    for (const client of clients) {
      const { rows } = await client.query(`select current_user as who, coalesce(current_setting('request.jwt.claims', true), '') as claims`)
      expect(rows).toEqual([{ who: 'keyloft_user', claims: '' }])
      client.release()
    }
    expect((await sql`select allow_gateway_fallback as kept from user_settings`.execute(owner.db)).rows).toEqual([
      { kept: true },
      { kept: true },
    ])
  })
})

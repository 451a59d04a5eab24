import { type Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { anonymous, type Principal } from '../../base/principal.ts'
import type { Tx } from './bound-kysely.ts'
import type { Tables } from './tables.ts'
import { createTransactions } from './transactions.ts'

const run = (text: string) => (tx: Tx) => sql.raw(text).execute(tx)
const withCode = (code: string, sqlstate?: string) => ({
  code: `database.${code}`,
  ...(sqlstate ? { internal: `SQLSTATE ${sqlstate}` } : {}),
})

describe('a refused statement', async () => {
  const { database, makePerson } = await createTestDatabase({ poolSize: 2 })
  const ada = await makePerson()

  it.each([
    ['insert into public.settings (user_id, key, value) values (auth.uid(), $$a$$, $$b$$)', withCode('forbidden', '42501')],
    ['insert into public.user_settings (user_id) values (gen_random_uuid())', withCode('forbidden', '42501')],
    ['insert into public.user_profiles (user_id) values (auth.uid()), (auth.uid())', withCode('conflict', '23505')],
    ["insert into public.user_profiles (user_id, avatar_url) values (auth.uid(), 'http://x')", withCode('invalid', '23514')],
    ["select 'no uuid'::uuid", withCode('invalid', '22P02')],
    ['select * from public.no_such_table', withCode('failed', '42P01')],
    ["do $$ begin raise exception using errcode = '40001'; end $$", withCode('busy', '40001')],
    ["do $$ begin raise exception using errcode = '57014'; end $$", withCode('busy', '57014')],
  ])('%s has a code of ours', async (text, error) => {
    await expect(database.asPrincipal(ada.principal, run(text))).rejects.toMatchObject(error)
  })

  it('that waited in a circle is busy, for one of the two', async () => {
    const [a, b] = [await makePerson(), await makePerson()]
    for (const { id, principal } of [a, b])
      await database.asPrincipal(principal, (tx) => tx.insertInto('user_settings').values({ user_id: id }).execute())
    let bothHold = 0
    const crossing = (first: string, second: string) =>
      database.system('cross', async (tx) => {
        const touch = (id: string) =>
          tx.updateTable('user_settings').set({ allow_gateway_fallback: true }).where('user_id', '=', id).execute()
        await touch(first)
        bothHold++
        while (bothHold < 2) await new Promise((resolve) => setTimeout(resolve, 5))
        await touch(second)
      })
    const ends = await Promise.allSettled([crossing(a.id, b.id), crossing(b.id, a.id)])
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'database.busy', internal: 'SQLSTATE 40P01', retryAfterSeconds: 2 },
    })
  })

  it('that the caller swallows is never a silent loss', async () => {
    const eve = await makePerson()
    const done = database.asPrincipal(eve.principal, async (tx) => {
      await tx.insertInto('user_settings').values({ user_id: eve.id }).execute()
      await run("select 'no uuid'::uuid")(tx).catch(() => {})
      return 'all is well'
    })
    await expect(done).rejects.toMatchObject({ code: 'database.not_committed', status: 500 })
    expect(await database.readAs(eve.principal, (db) => db.selectFrom('user_settings').selectAll())).toEqual([])
  })

  it('that nobody waited for is no silent loss either', async () => {
    const eve = await makePerson()
    const done = database.asPrincipal(eve.principal, async (tx) => {
      run("select 'no uuid'::uuid")(tx).catch(() => {})
      await tx
        .insertInto('user_settings')
        .values({ user_id: eve.id })
        .execute()
        .catch(() => {})
    })
    await expect(done).rejects.toMatchObject({ code: 'database.not_committed' })
  })

  it('may be undone by its savepoint, and the rest is kept', async () => {
    const eve = await makePerson()
    await database.asPrincipal(eve.principal, async (tx) => {
      await tx.insertInto('user_settings').values({ user_id: eve.id }).execute()
      await run('savepoint before')(tx)
      await run("select 'no uuid'::uuid")(tx).catch(() => {})
      await run('rollback to savepoint before')(tx)
    })
    expect(await database.readAs(eve.principal, (db) => db.selectFrom('user_settings').select('user_id'))).toEqual([{ user_id: eve.id }])
  })
})

describe('a role that the login may not take', async () => {
  const { database, owner, makePerson } = await createTestDatabase({ poolSize: 1 })
  const ada = await makePerson()
  // Everybody may count it up, and no rollback takes that back: a witness that something ran.
  await sql`create sequence public.witness; grant usage on sequence public.witness to public`.execute(owner.db)
  const counted = async () => (await sql`select is_called from public.witness`.execute(owner.db)).rows
  const forged = (role: string): Principal => ({ role: role as 'anon', claims: { role: role as 'anon', sub: ada.id } })
  const swapped = createTransactions({ user: database.pools.user, service: database.pools.user })
  const witness = "select nextval('public.witness')"

  it.each([
    'keyloft_owner',
    'keyloft_definer',
    'keyloft_service',
    'keyloft_auth',
    'postgres',
    'pg_read_all_data',
    'nobody',
    'ANON',
    '',
    'anon; reset role',
  ])('(%j) is refused, and nothing runs outside of one', async (role) => {
    const refusal = { code: expect.stringMatching(/^database\.(forbidden|invalid)$/) }
    await expect(database.asPrincipal(forged(role), run(witness))).rejects.toMatchObject(refusal)
    await expect(database.asPrincipal(forged(role), async () => 'no query')).rejects.toMatchObject(refusal)
    const swallowed = database.asPrincipal(forged(role), async (tx) => {
      await run(witness)(tx).catch(() => {})
    })
    await expect(swallowed).rejects.toMatchObject(refusal)
    const renamed = database.asPrincipal(forged(role), async (tx) => {
      await run(witness)(tx).catch(() => {
        throw new RangeError('something failed')
      })
    })
    await expect(renamed).rejects.toMatchObject(refusal)
    await expect(
      database.readAs(forged(role), () => ({ compile: () => sql.raw(witness).compile(owner.db) }) as never),
    ).rejects.toMatchObject(refusal)
    expect(await counted()).toEqual([{ is_called: false }])
    expect(database.pools.user).toMatchObject({ totalCount: 1, idleCount: 1, waitingCount: 0 })
  })

  it('is service_role, for the login that serves people', async () => {
    const service = { role: 'service_role', claims: { role: 'service_role' } } as const
    await expect(swapped.asPrincipal(service, run(witness))).rejects.toMatchObject(withCode('forbidden', '42501'))
    await expect(swapped.system('sweep', run(witness))).rejects.toMatchObject(withCode('forbidden', '42501'))
    await expect(swapped.readAs(service, (db) => db.selectFrom('settings').selectAll())).rejects.toMatchObject(
      withCode('forbidden', '42501'),
    )
    expect(await counted()).toEqual([{ is_called: false }])
  })

  it.each(['none', 'keyloft_user'])('does not include its own (%s), which reaches no table', async (role) => {
    for (const table of ['user_profiles', 'user_settings', 'settings']) {
      await expect(database.asPrincipal(forged(role), run(`select * from public.${table}`))).rejects.toMatchObject(
        withCode('forbidden', '42501'),
      )
    }
    await expect(database.asPrincipal(forged(role), run('select auth.uid()'))).rejects.toMatchObject(withCode('forbidden', '42501'))
  })
})

describe('a transaction', async () => {
  const { database, owner, makePerson } = await createTestDatabase({ poolSize: 1 })
  const backend = async (principal = anonymous) =>
    (await database.asPrincipal(principal, (tx) => sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx))).rows[0]?.pid

  it('begun inside another is refused, and the outer one goes on', async () => {
    const kept = await database.asPrincipal(anonymous, async (tx) => {
      const inner = tx as Kysely<Tables>
      await expect(inner.transaction().execute(async () => {})).rejects.toMatchObject({ code: 'database.nested' })
      await expect(inner.startTransaction().execute()).rejects.toMatchObject({ code: 'database.nested' })
      await inner.destroy()
      return (await sql<{ who: string }>`select current_user as who`.execute(tx)).rows
    })
    expect(kept).toEqual([{ who: 'anon' }])
    expect(await backend()).toBeGreaterThan(0)
  })

  it('that has ended runs nothing more: its connection acts for somebody else by then', async () => {
    const [ada, bob] = [await makePerson(), await makePerson()]
    const kept: Tx[] = []
    await database.asPrincipal(ada.principal, async (tx) => void kept.push(tx))
    const thrown = database.asPrincipal(ada.principal, async (tx) => {
      kept.push(tx)
      throw new RangeError('x')
    })
    await expect(thrown).rejects.toThrow(RangeError)
    await database.asPrincipal(bob.principal, async (tx) => {
      for (const old of kept)
        await expect(old.selectFrom('user_settings').selectAll().execute()).rejects.toMatchObject({ code: 'database.ended' })
      expect((await sql`select auth.uid() as id`.execute(tx)).rows).toEqual([{ id: bob.id }])
    })
  })

  it('one of whose branches failed stops the others', async () => {
    const [ada, bob] = [await makePerson(), await makePerson()]
    let goOn = () => {}
    const wait = new Promise<void>((resolve) => (goOn = resolve))
    let slow: Promise<unknown> = Promise.resolve()
    const failed = database.asPrincipal(ada.principal, (tx) => {
      slow = (async () => {
        await run('select 1')(tx)
        await wait
        await tx.insertInto('user_settings').values({ user_id: bob.id }).execute()
      })()
      return Promise.all([slow, run("select 'no uuid'::uuid")(tx)])
    })
    await expect(failed).rejects.toMatchObject({ code: 'database.invalid' })
    await database.asPrincipal(bob.principal, async (tx) => {
      await run('select 1')(tx)
      goOn()
      await expect(slow).rejects.toMatchObject({ code: 'database.ended' })
    })
    expect(await database.readAs(bob.principal, (db) => db.selectFrom('user_settings').selectAll())).toEqual([])
  })

  it.each(['commit', 'rollback', 'abort and chain; commit'])(
    'ended by a statement of its own (%s) is an error, and its connection is closed',
    async (text) => {
      const before = await backend()
      const ended = database.asPrincipal(anonymous, async (tx) => {
        for (const one of text.split(';')) await run(one)(tx)
      })
      await expect(ended).rejects.toMatchObject({ code: 'database.failed' })
      expect(await backend()).not.toBe(before)
    },
  )

  it('with a value that cannot be sent fails alone', async () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const ask = (value: unknown) => database.asPrincipal(anonymous, (tx) => sql`select ${value}::jsonb as value`.execute(tx))
    await ask({ a: 1 })
    for (let round = 0; round < 3; round++) {
      await expect(ask(circle)).rejects.toThrow(/circular/i)
      expect((await ask({ a: 1 })).rows).toEqual([{ value: { a: 1 } }])
    }
    const read = (value: unknown) =>
      database.readAs(anonymous, () => ({ compile: () => sql`select ${value}::jsonb as value`.compile(owner.db) }) as never)
    await expect(read(circle)).rejects.toThrow(/circular/i)
    expect(await read({ a: 1 })).toEqual([{ value: { a: 1 } }])
  })

  it('on a table that was migrated meanwhile fails at most once per connection', async () => {
    const ada = await makePerson()
    const read = () => database.readAs(ada.principal, (db) => db.selectFrom('user_profiles').selectAll())
    const write = () => database.asPrincipal(ada.principal, (tx) => tx.selectFrom('user_settings').selectAll().execute())
    await read()
    await write()
    await sql`alter table public.user_profiles add column newer text`.execute(owner.db)
    await sql`alter table public.user_settings add column newer text`.execute(owner.db)
    for (const ask of [read, write]) {
      await ask().catch((error) => expect(error).toMatchObject({ code: 'database.busy', retryAfterSeconds: 2 }))
      expect(await ask()).toEqual([])
    }
  })
})

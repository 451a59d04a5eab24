import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { anonymous } from '../../base/principal.ts'
import type { Tx } from './bound-kysely.ts'

interface Self {
  who: string
  id: string | null
  role: string | null
  login: string
  claims: Record<string, unknown>
}

/** Who the database takes this transaction for. */
async function self(tx: Tx): Promise<Self> {
  const { rows } = await sql<Self>`
    select current_user as who, session_user as login, auth.uid() as id, auth.role() as role, auth.jwt() as claims`.execute(tx)
  return rows[0] as Self
}

describe('asPrincipal', async () => {
  const { database, makePerson, owner } = await createTestDatabase({ poolSize: 1 })

  it('acts as the person, over the login that cannot become more', async () => {
    const ada = await makePerson()
    const seen = await database.asPrincipal(ada.principal, self)
    expect(seen).toEqual({
      who: 'authenticated',
      login: 'keyloft_user',
      id: ada.id,
      role: 'authenticated',
      claims: { sub: ada.id, role: 'authenticated' },
    })
  })

  it('acts as nobody, who has no id', async () => {
    const seen = await database.asPrincipal(anonymous, self)
    expect(seen).toEqual({ who: 'anon', login: 'keyloft_user', id: null, role: 'anon', claims: { role: 'anon' } })
  })

  it('carries every claim as it is, whatever characters it has', async () => {
    const claims = {
      role: 'anon',
      'quote"\'\\': "'; drop table user_settings; --",
      deep: { list: [1, 2.5, null, true, '👩‍👩‍👧'] },
      big: 'x'.repeat(50_000),
    } as const
    expect((await database.asPrincipal({ role: 'anon', claims }, self)).claims).toEqual(claims)
  })

  it('returns what the work returns, and keeps what it wrote', async () => {
    const ada = await makePerson()
    const returned = await database.asPrincipal(ada.principal, async (tx) => {
      await tx.insertInto('user_profiles').values({ user_id: ada.id, display_name: 'Ada' }).execute()
      const updated = await tx.updateTable('user_profiles').set({ bio: 'x' }).where('user_id', '=', ada.id).executeTakeFirst()
      return updated.numUpdatedRows
    })
    expect(returned).toBe(1n)
    const { rows } = await sql`select display_name, bio from user_profiles where user_id = ${ada.id}`.execute(owner.db)
    expect(rows).toEqual([{ display_name: 'Ada', bio: 'x' }])
  })

  it('keeps nothing when the work throws, and passes the error on as it is', async () => {
    const ada = await makePerson()
    const thrown = new RangeError('the caller’s own')
    const done = database.asPrincipal(ada.principal, async (tx) => {
      await tx.insertInto('user_profiles').values({ user_id: ada.id }).execute()
      throw thrown
    })
    await expect(done).rejects.toBe(thrown)
    expect((await sql`select from user_profiles where user_id = ${ada.id}`.execute(owner.db)).rows).toEqual([])
  })

  it('keeps nothing when the work throws before its first query, or makes none', async () => {
    const thrown = new RangeError('at once')
    await expect(
      database.asPrincipal(anonymous, async () => {
        throw thrown
      }),
    ).rejects.toBe(thrown)
    expect(await database.asPrincipal(anonymous, async () => 'no query')).toBe('no query')
  })

  it('leaves nothing of itself to the next user of its connection, whether it was kept or thrown away', async () => {
    const ada = await makePerson()
    for (const end of ['kept', 'thrown away']) {
      await database
        .asPrincipal(ada.principal, async (tx) => {
          await self(tx)
          if (end === 'thrown away') throw new RangeError(end)
        })
        .catch(() => {})
      const client = await database.pools.user.connect()
      const { rows } = await client.query(
        `select current_user as who, current_setting('role') as role, coalesce(current_setting('request.jwt.claims', true), '') as claims`,
      )
      client.release()
      expect(rows).toEqual([{ who: 'keyloft_user', role: 'none', claims: '' }])
      expect(await database.asPrincipal(anonymous, self)).toMatchObject({ who: 'anon', id: null })
    }
    expect(database.pools.user.totalCount).toBe(1)
  })

  it('runs service_role over its own login', async () => {
    const seen = await database.asPrincipal({ role: 'service_role', claims: { role: 'service_role' } }, self)
    expect(seen).toMatchObject({ who: 'service_role', login: 'keyloft_service' })
  })
})

describe('system', async () => {
  const { database, makePerson } = await createTestDatabase({ poolSize: 1 })

  it('acts as service_role, with the job’s name in the claims', async () => {
    expect(await database.system('sweep "holds"', self)).toEqual({
      who: 'service_role',
      login: 'keyloft_service',
      id: null,
      role: 'service_role',
      claims: { role: 'service_role', job: 'sweep "holds"' },
    })
  })

  it('writes what people may only read, and keeps nothing when it throws', async () => {
    const ada = await makePerson()
    const grant = (value: string, error?: Error) =>
      database.system('grant', async (tx) => {
        await tx.insertInto('settings').values({ user_id: ada.id, key: value, value }).execute()
        if (error) throw error
      })
    await grant('kept')
    await expect(grant('lost', new RangeError('x'))).rejects.toThrow(RangeError)
    expect(await database.readAs(ada.principal, (db) => db.selectFrom('settings').select('value'))).toEqual([{ value: 'kept' }])
  })
})

describe('readAs', async () => {
  const { database, makePerson, owner } = await createTestDatabase({ poolSize: 1 })

  it('gives a person their own rows and nobody else’s', async () => {
    const [ada, bob, eve] = [await makePerson(), await makePerson(), await makePerson()]
    for (const { id, principal } of [ada, bob]) {
      await database.asPrincipal(principal, (tx) => tx.insertInto('user_settings').values({ user_id: id }).execute())
    }
    const read = (person: typeof ada) => database.readAs(person.principal, (db) => db.selectFrom('user_settings').select('user_id'))
    expect(await read(ada)).toEqual([{ user_id: ada.id }])
    expect(await read(bob)).toEqual([{ user_id: bob.id }])
    expect(await read(eve)).toEqual([])
    const ofAda = database.readAs(bob.principal, (db) => db.selectFrom('user_settings').selectAll().where('user_id', '=', ada.id))
    expect(await ofAda).toEqual([])
    await expect(database.readAs(anonymous, (db) => db.selectFrom('user_settings').selectAll())).rejects.toMatchObject({
      code: 'database.forbidden',
    })
  })

  it('acts as the principal and leaves nothing to the next', async () => {
    const ada = await makePerson()
    const who = () => ({ compile: () => sql<Self>`select current_user as who, auth.uid() as id`.compile(owner.db) }) as never
    expect(await database.readAs(ada.principal, who)).toEqual([{ who: 'authenticated', id: ada.id }])
    expect(await database.readAs(anonymous, who)).toEqual([{ who: 'anon', id: null }])
    expect(await database.readAs({ role: 'service_role', claims: { role: 'service_role' } }, who)).toEqual([
      { who: 'service_role', id: null },
    ])
    expect(database.pools.user.totalCount).toBe(1)
  })

  it('writes nothing: neither a statement in disguise nor a function it calls', async () => {
    const ada = await makePerson()
    await database.asPrincipal(ada.principal, (tx) => tx.insertInto('user_profiles').values({ user_id: ada.id, bio: 'before' }).execute())
    await sql`create function public.rewrite() returns int language sql volatile as $$ update public.user_profiles set bio = 'after'; select 1 $$`.execute(
      owner.db,
    )
    await sql`create sequence public.counter; grant usage on sequence public.counter to authenticated`.execute(owner.db)
    const raw = (text: string) => () => ({ compile: () => sql.raw(text).compile(owner.db) }) as never
    for (const text of [
      'select public.rewrite()',
      "update public.user_profiles set bio = 'after'",
      "with changed as (update public.user_profiles set bio = 'after' returning 1) select * from changed",
      "select nextval('public.counter')",
      'set transaction read write',
    ]) {
      await expect(database.readAs(ada.principal, raw(text)), text).rejects.toMatchObject({
        code: expect.stringMatching(/^database\.(failed|forbidden)$/),
      })
    }
    const written = database.readAs(ada.principal, (db) =>
      db
        .with('changed', (cte) => cte.updateTable('user_profiles').set({ bio: 'after' }).returning('bio'))
        .selectFrom('changed')
        .selectAll(),
    )
    await expect(written).rejects.toMatchObject({ code: 'database.failed', internal: 'SQLSTATE 25006' })
    expect(await database.readAs(ada.principal, (db) => db.selectFrom('user_profiles').select('bio'))).toEqual([{ bio: 'before' }])
  })
})

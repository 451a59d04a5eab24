import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { anonymous } from '../../base/principal.ts'
import type { Tx } from './bound-kysely.ts'

// The bare driver is the witness: what goes in and comes out through a transaction is what goes through it.
describe('values and rows', async () => {
  const { database, owner, makePerson, urls } = await createTestDatabase({ poolSize: 1 })
  const bare = new pg.Client({ connectionString: urls.keyloft_user })
  beforeAll(() => bare.connect())
  afterAll(() => bare.end())

  const asked = (text: string, values: unknown[] = []) =>
    ({ compile: () => ({ ...sql.raw(text).compile(owner.db), parameters: values }) }) as never
  const transact = (text: string, values: unknown[] = []) =>
    database.asPrincipal(anonymous, async (tx) => (await tx.executeQuery({ ...sql.raw(text).compile(owner.db), parameters: values })).rows)

  it.each([
    ['text', 'it\'s \\ "quoted" 👩‍👩‍👧 \n\t'],
    ['text', ''],
    ['text', 'x'.repeat(1_000_000)],
    ['text', null],
    ['text', undefined],
    ['int', 42],
    ['int', -1],
    ['float8', 0.1 + 0.2],
    ['float8', Number.NaN],
    ['int8', 9_007_199_254_740_993n],
    ['numeric', '123456789012345678901234567890.123456789'],
    ['bool', true],
    ['bool', false],
    ['bytea', Buffer.from([0, 1, 2, 0xff, 0x5c, 0x27])],
    ['bytea', new Uint8Array([9, 8, 7]).subarray(1)],
    ['bytea', Buffer.alloc(0)],
    ['timestamptz', new Date('2026-11-20T10:00:00.123Z')],
    ['uuid', '00000000-0000-4000-8000-00000000000a'],
    ['jsonb', { a: [1, 'two', null, { b: 'é' }] }],
    ['jsonb', JSON.stringify([1, 2])],
    ['text[]', ['a', 'b,c', '"d"', null, '{e}', '\\', '']],
    ['int[]', [1, 2, 3]],
    [
      'int[][]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['text[]', []],
  ])('%s (%#) is the same in a transaction, in a read, and over the bare driver', async (type, value) => {
    const text = `select $1::${type} as value, $1::${type} is null as absent, pg_typeof($1::${type})::text as type`
    const { rows } = await bare.query(text, [value])
    expect(rows).toHaveLength(1)
    for (let again = 0; again < 2; again++) {
      expect(await transact(text, [value])).toEqual(rows)
      expect(await database.readAs(anonymous, () => asked(text, [value]))).toEqual(rows)
    }
  })

  it.each([
    'select 1 where false',
    'select',
    'select 1 as a, 2 as a',
    'select generate_series(1, 5000) as n, repeat(md5(random()::text), 0) as t',
    "values (1, 'a'), (null, 'b')",
    'show transaction_isolation',
  ])('the rows of %s are the same', async (text) => {
    const { rows } = await bare.query(text)
    expect(await transact(text)).toEqual(rows)
    expect(await database.readAs(anonymous, () => asked(text))).toEqual(rows)
  })

  it('a text without a statement gives no rows, and the transaction goes on', async () => {
    const after = await database.asPrincipal(anonymous, async (tx) => {
      await tx.executeQuery(sql.raw('').compile(owner.db))
      return (await sql<{ who: string }>`select current_user as who`.execute(tx)).rows
    })
    expect(after).toEqual([{ who: 'anon' }])
  })

  it('counts and returned rows of each kind of writing are told', async () => {
    const ada = await makePerson()
    const mine = (tx: Tx) => tx.updateTable('user_profiles').set({ bio: 'x' }).where('user_id', '=', ada.id)
    await database.asPrincipal(ada.principal, async (tx) => {
      expect((await mine(tx).executeTakeFirst()).numUpdatedRows).toBe(0n)
      const inserted = await tx.insertInto('user_profiles').values({ user_id: ada.id }).executeTakeFirst()
      expect(inserted.numInsertedOrUpdatedRows).toBe(1n)
      expect((await mine(tx).executeTakeFirst()).numUpdatedRows).toBe(1n)
      expect(await mine(tx).returning(['user_id', 'bio']).execute()).toEqual([{ user_id: ada.id, bio: 'x' }])
    })
    await database.system('tidy', async (tx) => {
      const removed = await tx.deleteFrom('user_profiles').where('user_id', '=', ada.id).executeTakeFirst()
      expect(removed.numDeletedRows).toBe(1n)
    })
  })

  it('many statements under way at once each get their own answer, and all behind a failed one are refused', async () => {
    const answers = await database.asPrincipal(anonymous, (tx) =>
      Promise.all(
        Array.from(
          { length: 200 },
          async (_, n) => (await sql<{ n: number }>`select ${n}::int as n, ${sql.lit(n % 7)} as text`.execute(tx)).rows[0]?.n,
        ),
      ),
    )
    expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => n))

    let ends: PromiseSettledResult<unknown>[] = []
    const failed = database.asPrincipal(anonymous, async (tx) => {
      ends = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => sql`select 1 / (${n}::int - 30) as n`.execute(tx)))
    })
    await expect(failed).rejects.toMatchObject({ code: 'database.not_committed' })
    expect(ends.map(({ status }) => status)).toEqual(Array.from({ length: 60 }, (_, n) => (n < 30 ? 'fulfilled' : 'rejected')))
    expect(await transact('select 1 as n')).toEqual([{ n: 1 }])
  })

  it.each([
    ['a text with a zero byte', 'select $1::text', ['a\0b'], 'invalid'],
    ['a zero byte within json', 'select $1::jsonb', [{ a: 'b\0c' }], 'invalid'],
    ['one value too few', 'select $1::text, $2::text', ['a'], '(failed|unavailable)'],
    ['one value too many', 'select $1::text', ['a', 'b'], '(failed|unavailable)'],
    [
      'more values than the protocol counts',
      `select ${Array.from({ length: 70_000 }, (_, n) => `$${n + 1}::int`)}`,
      new Array(70_000).fill(1),
      '.*',
    ],
  ])('%s is refused, and its connection goes on', async (_, text, values, code) => {
    const refusal = { code: expect.stringMatching(`^database\\.${code}$`) }
    for (let again = 0; again < 2; again++) {
      await expect(transact(text, values)).rejects.toMatchObject(refusal)
      await expect(database.readAs(anonymous, () => asked(text, values))).rejects.toMatchObject(refusal)
      expect(await transact('select 1 as n')).toEqual([{ n: 1 }])
    }
  })

  it('what the database says aside, or what a statement streams, disturbs nobody', async () => {
    const ada = await makePerson()
    const after = await database.asPrincipal(ada.principal, async (tx) => {
      await sql`do $$ begin raise notice 'aside'; raise warning 'aside'; perform pg_notify('aside', 'x'); end $$`.execute(tx)
      await sql`listen aside`.execute(tx)
      return (await sql<{ id: string }>`select auth.uid() as id`.execute(tx)).rows
    })
    expect(after).toEqual([{ id: ada.id }])
    for (const copy of ['copy (select 1) to stdout', 'copy public.user_profiles (user_id) from stdin']) {
      await transact(copy).catch(() => {})
      expect(await transact('select 1 as n')).toEqual([{ n: 1 }])
    }
  })
})

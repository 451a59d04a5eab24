import { type Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { userPrincipal } from '../../src/base/principal.ts'
import { createTestDatabase } from '../harness.ts'
import { collectGrants, collectTables, sampleOf, tryEverything } from './verdicts.ts'

/*
 * verdicts.json is what we mean, reviewed in the diff: who may select, insert, update and delete in which table, their
 * own row and another's, tried over the real logins; and every grant there is. What is not in it fails here.
 * After a change that is meant: npx vitest run server/test/isolation -u, and read the difference.
 */
/** Catalogues: no person's rows lie in them. */
const isNobodys = new Set(['public.ai_models', 'public.model_prices', 'public.quota_tiers'])
const readOnly = { select: 'yes/yes', insert: 'no/no', update: 'no/no', delete: 'no/no' }

describe('isolation', async () => {
  const test = await createTestDatabase()

  it('gives every role exactly the verdicts and grants that are written down', async () => {
    const found = { tables: await tryEverything(test), grants: await collectGrants(test.owner.db) }
    await expect(`${JSON.stringify(found, null, 2)}\n`).toMatchFileSnapshot('verdicts.json')
  })

  it('gives nobody else’s row to anybody who signed in, and of what is nobody’s the reading alone', async () => {
    const verdicts = await tryEverything(test)
    for (const [table, roles] of Object.entries(verdicts)) {
      if (isNobodys.has(table)) {
        expect(roles, table).toMatchObject({ anon: 'no', authenticated: readOnly, keyloft_user: 'no' })
        continue
      }
      for (const role of ['anon', 'authenticated', 'keyloft_user']) {
        const outcome = roles[role] ?? 'no'
        for (const verdict of Object.values(outcome === 'no' ? {} : outcome))
          expect(verdict, `${table} for ${role}`).toMatch(/\/(no|hidden)$/)
      }
    }
  })

  it('shows the limits over everybody to the service alone, and lets nobody else set them', async () => {
    const { database, makePerson } = test
    const { id } = await makePerson()
    const ofNobody = { type: 'daily', spend: 'platform', set_by: 'platform', request_limit: '1000000' }
    await test.owner.db.deleteFrom('user_quota_limits').where('set_by', '=', 'platform').where('type', '=', 'daily').execute()
    for (const user_id of [id, null])
      await expect(
        database.asPrincipal(userPrincipal(id), (tx) =>
          tx
            .insertInto('user_quota_limits')
            .values({ user_id, ...ofNobody })
            .execute(),
        ),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^database\.(forbidden|invalid)$/) })
    const touched = await database.asPrincipal(userPrincipal(id), async (tx) => ({
      seen: await tx.selectFrom('user_quota_limits').selectAll().execute(),
      raised: await tx.updateTable('user_quota_limits').set({ cost_limit: '1e6' }).returning('id').execute(),
      removed: await tx.deleteFrom('user_quota_limits').returning('id').execute(),
    }))
    expect(touched).toEqual({ seen: [], raised: [], removed: [] })
    await expect(
      database.asPrincipal(userPrincipal(id), (tx) => sql`select keyloft.limit_platform('daily', null, null, 1e6)`.execute(tx)),
    ).rejects.toMatchObject({ code: 'database.forbidden' })
    const rows = await database.system('test', (tx) =>
      tx.selectFrom('user_quota_limits').select(['type', 'cost_limit']).where('user_id', 'is', null).execute(),
    )
    expect(rows).toEqual([{ type: 'monthly', cost_limit: '1000' }])
  })

  it('turns red for a table, a function or a grant that nobody wrote down', async () => {
    const before = await collectGrants(test.owner.db)
    const planted = [
      'create table public.planted (id int)',
      'grant select on public.planted to authenticated',
      'grant update on public.settings to authenticated',
      "create function public.planted() returns int language sql as 'select 1'",
      'grant execute on function public.planted() to anon',
      "create function public.planted_alone() returns int language sql as 'select 1'",
    ]
    await test.owner.db
      .transaction()
      .execute(async (tx) => {
        await sql`set local role keyloft_owner`.execute(tx)
        for (const statement of planted) await sql.raw(statement).execute(tx)
        await sql`reset role`.execute(tx)
        const owner = { ...test.owner, db: tx as unknown as Kysely<unknown> }
        expect((await collectGrants(owner.db)).filter((line) => !before.includes(line))).toEqual([
          'function planted(): anon execute',
          'function planted_alone(): nobody',
          'table planted: authenticated select',
          'table settings: authenticated select, update',
        ])
        expect(await collectTables({ ...test, owner })).toContain('public.planted')
        throw new Error('undo')
      })
      .catch((error) => expect(error.message).toBe('undo'))
    expect(() => sampleOf('public.planted')).toThrow('has no sample row')
  })
})

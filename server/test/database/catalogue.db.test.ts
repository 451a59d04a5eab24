import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { catalogueChecks, runCatalogueChecks } from '../../src/platform/database/catalogue-checks.ts'
import { verifyDatabase } from '../../src/platform/database/verify.ts'
import { createTestDatabase } from '../harness.ts'

class Undo extends Error {}

describe('the catalogue', async () => {
  const { owner } = await createTestDatabase()

  /** What the checks find when this was added, which is then undone. */
  async function findAfter(planted: string): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {}
    await owner.db
      .transaction()
      .execute(async (tx) => {
        await sql.raw(planted).execute(tx)
        for (const { id, offenders } of await runCatalogueChecks(tx)) if (offenders.length > 0) found[id] = offenders
        throw new Undo()
      })
      .catch((error) => {
        if (!(error instanceof Undo)) throw error
      })
    return found
  }

  it.each(catalogueChecks.map(({ id, claim }) => [claim, id]))('says that %s', async (_claim, id) => {
    const outcome = (await runCatalogueChecks(owner.db)).find((check) => check.id === id)
    expect(outcome?.offenders).toEqual([])
  })

  it('passes keyloft migrate verify', async () => {
    expect((await verifyDatabase(owner)).filter(({ outcome }) => outcome !== 'ok')).toEqual([])
  })

  const table = 'set local role keyloft_owner; create table public.planted (id uuid primary key, user_id uuid not null);'
  const forced = 'alter table public.planted enable row level security; alter table public.planted force row level security;'
  const policy = 'create policy "anybody" on public.planted using (true);'

  it.each<[string, string, string]>([
    ['rls-forced', 'planted', table + policy],
    ['rls-forced', 'planted', `${table}${policy} alter table public.planted enable row level security;`],
    ['policy-exists', 'planted', table + forced],
    ['no-public-grant', 'planted', `${table}${forced}${policy} grant select on public.planted to public;`],
    ['user-tables-cascade', 'planted', table + forced + policy],
    [
      'foreign-key-index',
      'planted planted_settings_id_fkey',
      `${table}${forced}${policy} alter table public.planted add settings_id uuid references public.settings;`,
    ],
    [
      'partitions-closed',
      'planted_1',
      `${table.replace('not null);', 'not null) partition by hash (id);')}${forced}${policy} create table public.planted_1 partition of public.planted for values with (modulus 1, remainder 0);`,
    ],
    ['account-moves', 'planted', `${table}${forced}${policy} alter table public.planted add name text unique, add unique (user_id, name);`],
    ['account-moves', 'planted', `${table}${forced}${policy} create unique index on public.planted (user_id) where user_id is not null;`],
    [
      'account-moves',
      'settings',
      `set local role keyloft_owner; create unique index on public.settings (user_id, lower(key)); update keyloft.move_rules set rule = 'keep target' where table_name = 'public.settings';`,
    ],
    [
      'account-moves',
      'planted planted_id_user_id_fkey',
      `${table}${forced}${policy} alter table public.settings add unique (id, user_id); alter table public.planted add foreign key (id, user_id) references public.settings (id, user_id);`,
    ],
    ['views-invoke', 'planted_view', 'set local role keyloft_owner; create view public.planted_view as select 1 as one;'],
    [
      'definer-search-path',
      'planted()',
      "set local role keyloft_owner; create function public.planted() returns int language sql security definer as 'select 1';",
    ],
    [
      'definer-owner',
      'planted()',
      "set local role keyloft_owner; create function public.planted() returns int language sql security definer set search_path = '' as 'select 1';",
    ],
    [
      'no-public-grant',
      'planted()',
      "set local role keyloft_owner; create function public.planted() returns int language sql as 'select 1'; grant execute on function public.planted() to public;",
    ],
    ['schemas-closed', 'keyloft: USAGE for authenticated', 'grant usage on schema keyloft to authenticated;'],
    ['schemas-closed', 'keyloft: CREATE for service_role', 'grant create on schema keyloft to service_role;'],
    ['logins-cannot-become-more', 'keyloft_user in service_role', 'grant service_role to keyloft_user;'],
    ['logins-cannot-become-more', 'keyloft_service', 'alter role keyloft_service bypassrls;'],
  ])('names a planted offender against %s (%s)', async (id, offender, planted) => {
    expect((await findAfter(planted))[id]?.join()).toMatch(new RegExp(offender.replace(/[()]/g, '\\$&')))
  })

  it('closes a new function to everybody without being told', async () => {
    expect(
      await findAfter("set local role keyloft_owner; create function public.planted() returns int language sql as 'select 1';"),
    ).toEqual({})
  })
})

import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { toNamed } from './bound-kysely.ts'
import { fingerprint, roleFingerprint } from './fingerprint.ts'

/*
 * The worst case, planted: whole statements of an attacker's run inside a request's transaction. None of them becomes
 * service_role, the owner or a superuser, and none reaches what only those reach. What they can do stands at the end.
 */

const roles = [
  'service_role',
  'keyloft_service',
  'keyloft_auth',
  'keyloft_owner',
  'keyloft_definer',
  'postgres',
  'pg_read_all_data',
  'pg_execute_server_program',
]
const privileged = [
  ...roles.flatMap((role) => [
    `set role ${role}`,
    `set local role ${role}`,
    `select set_config('role', '${role}', true)`,
    `select set_config('role', '${role}', false)`,
    `set session authorization ${role}`,
    `grant ${role} to keyloft_user`,
    `grant ${role} to authenticated`,
  ]),
  ...['superuser', 'bypassrls', 'createrole', 'createdb', 'replication', 'inherit'].map(
    (attribute) => `alter role keyloft_user ${attribute}`,
  ),
  `alter role service_role login password 'x'`,
  `alter role keyloft_owner set role = 'postgres'`,
  'create role mine',

  // Private tables and functions, of ours and of PostgreSQL's.
  'select * from keyloft.logins',
  'select keyloft.applied_migrations()',
  'select * from keyloft_migrations.files',
  'select * from auth.users',
  'select * from auth.sessions',
  'select * from pgboss.job',
  'select * from pg_authid',
  'select * from pg_shadow',
  'select * from pg_hba_file_rules',

  // Rules.
  'set local row_security = off; select * from public.user_profiles',
  'set local session_replication_role = replica',
  'alter table public.user_profiles disable row level security',
  'alter table public.user_profiles no force row level security',
  'alter table public.user_profiles owner to authenticated',
  'drop policy "people read their own profile" on public.user_profiles',
  'create policy mine on public.user_profiles for select using (true)',
  'create trigger mine before update on public.user_profiles for each row execute function keyloft.set_updated_at()',
  'truncate public.user_profiles',
  'delete from public.user_profiles',
  'lock table public.user_profiles in access exclusive mode',
  'comment on table public.user_profiles is $$mine$$',

  // Code.
  'create function public.mine() returns int language sql as $$ select 1 $$',
  'create or replace function auth.uid() returns uuid language sql as $$ select null::uuid $$',
  'alter function auth.uid() owner to authenticated',
  'create table public.mine (id int)',
  'create schema mine',
  'create extension dblink',
  'create language plmine handler plpgsql_call_handler',
  'create event trigger mine on ddl_command_end execute function keyloft.set_updated_at()',
  'create publication mine',
  'create foreign data wrapper mine',
  "load 'auto_explain'",

  // The machine.
  `copy (select 1) to program 'id'`,
  `copy public.user_profiles from program 'id'`,
  `copy (select 1) to '/tmp/mine'`,
  `copy public.user_profiles from '/etc/passwd'`,
  `select pg_read_file('/etc/passwd')`,
  `select pg_read_binary_file('PG_VERSION')`,
  `select pg_ls_dir('.')`,
  `select pg_stat_file('PG_VERSION')`,
  `select lo_import('/etc/passwd')`,
  `select lo_export(1, '/tmp/mine')`,
  'select pg_reload_conf()',
  'select pg_switch_wal()',
  'select pg_promote()',
  'checkpoint',
  'alter system set log_statement = $$none$$',
  'set local log_statement = $$none$$',
  'set local session_preload_libraries = $$mine$$',
  'create database mine',
  'alter database postgres set search_path = mine',
  `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'keyloft_service'`,
]

describe('SQL injected into a request', async () => {
  const { database, owner, makePerson } = await createTestDatabase({ poolSize: 1 })
  const [ada, bob] = [await makePerson(), await makePerson()]
  for (const { id, principal } of [ada, bob]) {
    await database.asPrincipal(principal, (tx) =>
      tx
        .insertInto('user_profiles')
        .values({ user_id: id, bio: `of ${id}` })
        .execute(),
    )
  }
  await database.system('hold a connection', async () => {})
  await database.pools.auth.query('select 1')

  /** Each text as a statement of its own, behind one that is honest. Gives the last one's rows. */
  const inject = (...texts: string[]) =>
    database.asPrincipal(ada.principal, async (tx) => {
      await tx.selectFrom('user_profiles').select('user_id').execute()
      let rows: unknown[] = []
      for (const text of texts) rows = (await sql.raw(text).execute(tx)).rows
      return rows
    })
  const everything = async () => [
    ...(await fingerprint(owner.db, ['public', 'keyloft', 'auth', 'pgboss', 'keyloft_migrations', 'realtime'])),
    ...(await roleFingerprint(owner.db, ['anon', 'authenticated', 'keyloft_user', ...roles])),
  ]

  it.each([
    ['in the person’s role', []],
    ['in the login’s own', ['reset role']],
    ['as nobody', ['set role anon']],
    ['with a forged claim', [`select set_config('request.jwt.claims', '{"role":"service_role"}', true)`]],
    ['behind a commit', ['commit']],
    ['behind a commit that begins again', ['commit and chain']],
  ])('%s is refused whatever takes a right that people lack', async (_, before) => {
    const untouched = await everything()
    const verdicts: Record<string, unknown> = {}
    for (const text of privileged) {
      verdicts[text] = await inject(...before, ...text.split(/;\s*/)).then(
        () => 'it went through',
        (error) => error.internal ?? error,
      )
    }
    // 42501: no right to. 25001, 25P01: not to be had inside, or outside, a transaction.
    expect(Object.entries(verdicts).filter(([, verdict]) => !/^SQLSTATE (42501|25001|25P01)$/.test(String(verdict)))).toEqual([])
    expect(await everything()).toEqual(untouched)
  })

  it('finds no door to another server', async () => {
    await expect(inject(`select * from dblink('dbname=postgres', 'select 1') as t (a int)`)).rejects.toMatchObject({
      internal: 'SQLSTATE 42883',
    })
    const { rows } =
      await sql`select extname from pg_extension where extname in ('dblink', 'postgres_fdw', 'file_fdw', 'adminpack')`.execute(owner.db)
    expect(rows).toEqual([])
    const untrusted = await sql`select lanname from pg_language where not lanpltrusted and lanname not in ('internal', 'c')`.execute(
      owner.db,
    )
    expect(untrusted.rows).toEqual([])
  })

  it('grants what it has to nobody', async () => {
    const untouched = await everything()
    await inject('grant select on public.user_profiles to anon', 'grant usage on schema public to keyloft_auth').catch(() => {})
    await inject('reset role', 'grant keyloft_user to anon').catch(() => {})
    await inject('reset role', 'alter default privileges grant select on tables to anon', 'reset role').catch(() => {})
    expect((await everything()).filter((line) => !line.startsWith('default privileges for keyloft_user'))).toEqual(untouched)
  })

  it('is one statement where one was meant, however many texts came before', async () => {
    const two = "select 1; select set_config('role', 'anon', false)"
    await expect(inject(two)).rejects.toMatchObject({ internal: 'SQLSTATE 42601' })
    for (let number = 0; number < 1_100; number++) toNamed({ sql: `select ${number}`, parameters: [] } as never)
    expect(toNamed({ sql: 'select $1', parameters: [1] } as never).name).toBeUndefined()
    await expect(inject(`${two} `)).rejects.toMatchObject({ internal: 'SQLSTATE 42601' })
    const compile = () => sql.raw(`${two}  `).compile(owner.db)
    await expect(database.readAs(ada.principal, () => ({ compile }) as never)).rejects.toMatchObject({ internal: 'SQLSTATE 42601' })
  })

  it('cannot become more over any of the three logins', async () => {
    const { rows } = await sql<{ login: string; roles: string[]; attributes: boolean }>`
      select member.rolname as login, array_agg(role.rolname::text order by role.rolname) as roles,
             member.rolsuper or member.rolbypassrls or member.rolcreaterole or member.rolcreatedb or member.rolreplication or member.rolinherit as attributes
        from pg_roles member join pg_roles role on pg_has_role(member.oid, role.oid, 'member')
       where member.rolname in ('keyloft_user', 'keyloft_service', 'keyloft_auth')
       group by member.oid, 1, 3 order by 1`.execute(owner.db)
    expect(rows).toEqual([
      { login: 'keyloft_auth', roles: ['keyloft_auth'], attributes: false },
      { login: 'keyloft_service', roles: ['keyloft_service', 'service_role'], attributes: false },
      { login: 'keyloft_user', roles: ['anon', 'authenticated', 'keyloft_user'], attributes: false },
    ])
    for (const role of ['keyloft_owner', 'keyloft_user', 'authenticated', 'postgres']) {
      await expect(
        database.system('x', (tx) => sql.raw(`set role ${role}`).execute(tx)),
        role,
      ).rejects.toMatchObject({ internal: 'SQLSTATE 42501' })
    }
    for (const role of ['keyloft_owner', 'service_role', 'authenticated', 'postgres']) {
      await expect(database.pools.auth.query(`set role ${role}`), role).rejects.toMatchObject({ code: '42501' })
    }
  })

  // The limits of what a database can do for a request that runs an attacker's SQL. Each is why SQL is never spliced.
  describe('can, and so must never get in:', () => {
    it('forge the claims, and so act as any other person, though never as more than a person', async () => {
      const forged = `select set_config('request.jwt.claims', '{"sub":"${bob.id}","role":"service_role"}', true)`
      expect(await inject(forged, 'select bio from public.user_profiles')).toEqual([{ bio: `of ${bob.id}` }])
      expect(await inject(forged, 'select auth.role() as claimed, current_user as actual')).toEqual([
        { claimed: 'service_role', actual: 'authenticated' },
      ])
      await expect(
        inject(forged, `insert into public.settings (user_id, key, value) values ('${ada.id}', 'a', 'b')`),
      ).rejects.toMatchObject({ code: 'database.forbidden' })
    })

    it('set things for its connection that the next request finds, except role and claims', async () => {
      await inject("set statement_timeout = '29s'", 'set role anon', `set request.jwt.claims = '{"sub":"${ada.id}"}'`)
      const next = await database.asPrincipal(bob.principal, (tx) =>
        sql`select current_setting('statement_timeout') as timeout, current_user as who, auth.uid() as id`.execute(tx),
      )
      expect(next.rows).toEqual([{ timeout: '29s', who: 'authenticated', id: bob.id }])
    })

    it('leave a temporary table on its connection that the next request takes for ours', async () => {
      await inject('create temporary table user_profiles (user_id uuid, bio text)', "insert into user_profiles values (null, 'planted')")
      const read = () => database.readAs(bob.principal, (db) => db.selectFrom('user_profiles').select('bio'))
      expect(await read()).toEqual([{ bio: 'planted' }])
      await inject('discard temp')
      expect(await read()).toEqual([{ bio: `of ${bob.id}` }])
    })

    it('change the password of its own login, which is healed at the next start', async () => {
      const undone = inject('reset role', "alter role keyloft_user password 'mine'", "select 'no uuid'::uuid")
      await expect(undone).rejects.toMatchObject({ internal: 'SQLSTATE 22P02' }) // the statement before went through
    })
  })
})

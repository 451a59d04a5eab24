import { type Kysely, sql } from 'kysely'

/*
 * Questions that every table and function of ours must answer with "no offender", whoever adds one and wherever.
 * The suite asks them of a fresh database, `keyloft migrate verify` and `keyloft doctor` of the live one.
 *
 * Ours is what keyloft_owner, keyloft_definer or one of the logins owns; on Supabase the rest is theirs.
 */

export interface CatalogueCheck {
  id: string
  /** What holds when nobody offends. */
  claim: string
  hint: string
  query: string
}

/** The job queue's schema is the one exemption from row level security: no user's rows lie there. */
const exemptFromRls = 'pgboss'
/**
 * Only the owner of a table can attach a partition to it or take one off; these functions take a number and nothing else. And only the owner
 * has a policy on every table, those included that are added later, which a move of an account must not leave behind. On Supabase the last two
 * are of the user who migrated, as is auth.users to read.
 */
const runAsTheOwner = [
  `keyloft.make_usage_partitions(integer)`,
  `keyloft.drop_usage_month(integer)`,
  `keyloft.move_account(uuid, uuid, uuid[], jsonb)`,
  `keyloft.anonymous_among(uuid[])`,
  `keyloft.is_person(uuid)`,
]
/** Their owner may read the statistics of the server, which keyloft_definer need not. */
const readStatistics = [`keyloft.database_figures()`, `keyloft.slow_queries(integer)`]
/** What was spent stays written down; a person deleted in mid-call must not undo a batch of others' calls. */
const outlivesItsUser = `('public', 'usage_records'), ('public', 'usage_hourly'), ('public', 'usage_adjustments')`

/** Limits of a person, and beside them those over everybody, of which a trigger says that they are the operator's. */
const isNobodysToo = `('public', 'user_quota_limits')`

const ourRelations = `
  select c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.relacl, c.relowner, n.nspname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relowner::regrole::text like 'keyloft\\_%'`
const ourFunctions = `
  select p.oid, p.proname, p.prosecdef, p.proconfig, p.proacl, p.proowner, n.nspname
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where p.proowner::regrole::text like 'keyloft\\_%'`

export const catalogueChecks: readonly CatalogueCheck[] = [
  {
    id: 'rls-forced',
    claim: 'every table has row level security enabled and forced, partitions included',
    hint: 'alter table … enable row level security; alter table … force row level security;',
    query: `select oid::regclass::text as offender from (${ourRelations}) t
             where relkind in ('r', 'p') and nspname <> '${exemptFromRls}' and not (relrowsecurity and relforcerowsecurity)`,
  },
  {
    id: 'policy-exists',
    claim: 'every table that is not a partition has a policy',
    hint: 'Without one nobody sees a row; write the policies the table needs.',
    query: `select oid::regclass::text as offender from (${ourRelations}) t
             where relkind in ('r', 'p') and nspname <> '${exemptFromRls}' and not relispartition
               and not exists (select from pg_policy where polrelid = t.oid)`,
  },
  {
    id: 'partitions-closed',
    claim: 'partitions lie in private schemas and nobody has a grant on them',
    hint: "A partition does not inherit its parent's policies: make it through the function that closes it.",
    query: `select oid::regclass::text as offender from (${ourRelations}) t
             where relispartition and relkind in ('r', 'p') and nspname <> '${exemptFromRls}'
               and (nspname not in ('keyloft') or exists (select from aclexplode(relacl) a where a.grantee <> relowner))`,
  },
  {
    id: 'no-public-grant',
    claim: 'nothing is granted to everybody',
    hint: 'revoke all on … from public; then grant to the roles by name.',
    query: `select oid::regclass::text as offender from (${ourRelations}) t
             where exists (select from aclexplode(relacl) a where a.grantee = 0)
            union all
            select oid::regprocedure::text from (${ourFunctions}) f
             where exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) a where a.grantee = 0)`,
  },
  {
    id: 'views-invoke',
    claim: 'every view asks with the rights of who reads it',
    hint: 'create view … with (security_invoker = true)',
    query: `select t.oid::regclass::text as offender from (${ourRelations}) t join pg_class c using (oid)
             where t.relkind = 'v' and not coalesce(c.reloptions @> array['security_invoker=true'], false)`,
  },
  {
    id: 'definer-search-path',
    claim: 'every security definer function has an empty search_path',
    hint: "security definer set search_path = ''",
    query: `select oid::regprocedure::text as offender from (${ourFunctions}) f
             where prosecdef and not coalesce(proconfig @> array['search_path=""'], false)`,
  },
  {
    id: 'definer-owner',
    claim:
      'every security definer function belongs to keyloft_definer, but those that make and drop partitions, move accounts, know who is anonymous and read statistics',
    hint: 'alter function … owner to keyloft_definer;',
    query: `select oid::regprocedure::text as offender from (${ourFunctions}) f
             where prosecdef and proowner <> 'keyloft_definer'::regrole
               and oid::regprocedure::text not in (${runAsTheOwner.map((one) => `to_regprocedure('${one}')::text`)})
               and not (proowner::regrole::text = 'keyloft_observer'
                        and oid::regprocedure::text in (${readStatistics.map((one) => `to_regprocedure('${one}')::text`)}))`,
  },
  {
    id: 'foreign-key-index',
    claim: 'every foreign key has an index that starts with its columns',
    hint: 'create index on … (…); without it a deletion reads the whole table.',
    query: `select conrelid::regclass || ' ' || conname as offender
              from pg_constraint k join (${ourRelations}) t on t.oid = k.conrelid
             where contype = 'f' and nspname <> '${exemptFromRls}'
               and not exists (select from pg_index i where i.indrelid = k.conrelid
                                 and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)`,
  },
  {
    id: 'logins-cannot-become-more',
    claim: 'no login is owner, superuser or above row level security, and each becomes only what it is meant to',
    hint: 'Take back the attribute or the membership: alter role … / revoke … from …',
    query: `select rolname::text as offender from pg_roles
             where rolname in ('keyloft_user', 'keyloft_service', 'keyloft_auth', 'keyloft_owner', 'keyloft_definer', 'keyloft_observer')
               and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
            union all
            select rolname::text from pg_roles where rolname in ('keyloft_user', 'keyloft_service', 'keyloft_auth') and rolinherit
            union all
            select format('%s in %s', member::regrole, roleid::regrole) from pg_auth_members
             where member in ('keyloft_user'::regrole, 'keyloft_service'::regrole, 'keyloft_auth'::regrole)
               and (member::regrole::text, roleid::regrole::text) not in
                   (('keyloft_user', 'anon'), ('keyloft_user', 'authenticated'), ('keyloft_service', 'service_role'))
            union all
            select format('%s owns %s', relowner::regrole, oid::regclass) from pg_class
             where relowner in ('keyloft_user'::regrole, 'keyloft_service'::regrole, 'keyloft_auth'::regrole)`,
  },
  {
    id: 'schemas-closed',
    claim: 'nobody but the owner may create in our schemas, and users reach nothing private',
    hint: 'revoke create on schema … from …; revoke usage on schema keyloft from …',
    query: `select nspname || ': ' || privilege_type || ' for ' || coalesce(nullif(grantee, 0)::regrole::text, 'everybody') as offender
              from pg_namespace, lateral aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
             where nspowner = 'keyloft_owner'::regrole and grantee <> nspowner
               and (privilege_type = 'CREATE' or grantee = 0
                    or (nspname in ('keyloft', 'keyloft_migrations', 'pgboss') and grantee in ('anon'::regrole, 'authenticated'::regrole, 'keyloft_user'::regrole)))`,
  },
  {
    id: 'user-tables-cascade',
    claim: 'every user-owned table but the ledger refers to auth.users and goes with its user',
    hint: 'user_id uuid not null references auth.users on delete cascade',
    query: `select t.oid::regclass::text as offender
              from (${ourRelations}) t join pg_attribute a on a.attrelid = t.oid and a.attname = 'user_id' and not a.attisdropped
             where t.relkind in ('r', 'p') and not t.relispartition and nspname in ('public', 'auth')
               and (nspname, relname) not in (${outlivesItsUser})
               and (not a.attnotnull and (nspname, relname) not in (${isNobodysToo}) or a.atttypid <> 'uuid'::regtype
                    or not exists (select from pg_constraint k where k.conrelid = t.oid and k.contype = 'f'
                                     and k.confrelid = to_regclass('auth.users') and k.confdeltype = 'c' and k.conkey = array[a.attnum]))`,
  },
  {
    id: 'account-moves',
    claim: 'every row of a person can move to another account, or a rule says what becomes of it instead',
    hint: 'insert into keyloft.move_rules (table_name, rule, column_name, because) …; foreign keys that carry the owner: deferrable.',
    query: `select o.relation::text as offender
              from keyloft.owner_columns() o, lateral keyloft.excluding_columns(o.relation, o.column_name) x
             where o.relation <> to_regclass('auth.users')
               and not exists (select from keyloft.move_rules r where to_regclass(r.table_name) = o.relation
                                  and (x.columns is not null or r.rule in ('ends', 'stays', 'special')))
            union all
            select distinct k.conrelid::regclass || ' ' || k.conname
              from pg_constraint k join keyloft.owner_columns() o on o.relation = k.conrelid
              join pg_attribute a on a.attrelid = k.conrelid and a.attname = o.column_name and a.attnum = any (k.conkey)
             where k.contype = 'f' and cardinality(k.conkey) > 1 and not k.condeferrable
               and k.confrelid <> 'keyloft.secrets'::regclass`,
  },
]

export interface CheckOutcome {
  id: string
  claim: string
  hint: string
  offenders: string[]
}

// biome-ignore lint/suspicious/noExplicitAny: reads catalogues only
export async function runCatalogueChecks(db: Kysely<any>): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = []
  for (const { query, ...check } of catalogueChecks) {
    const { rows } = await sql.raw<{ offender: string }>(query).execute(db)
    outcomes.push({ ...check, offenders: rows.map(({ offender }) => offender) })
  }
  return outcomes
}

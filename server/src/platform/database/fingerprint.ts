import { type Kysely, sql } from 'kysely'

/**
 * Every object of the given schemas as one line of text, as PostgreSQL itself describes it, in an order that does not
 * depend on when it was made. Two databases with equal lines have the same schema.
 */
// biome-ignore lint/suspicious/noExplicitAny: reads catalogues only
export async function fingerprint(db: Kysely<any>, schemas: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    with spaces as (
      select oid, nspname from pg_namespace where nspname = any (${schemas}::text[])
    ), relations as (
      select c.*, nspname from pg_class c join spaces on spaces.oid = relnamespace
    ), lines (line) as (
      select format('schema %I owner %s acl %s', n.nspname, n.nspowner::regrole, keyloft_acl.text)
        from pg_namespace n join spaces using (oid),
             lateral (select string_agg(a::text, ' ' order by a::text) from unnest(coalesce(n.nspacl, acldefault('n', n.nspowner))) a) keyloft_acl (text)
      union all
      select format('relation %I.%I kind %s owner %s rls %s %s persistence %s options %s acl %s', nspname, relname, relkind, relowner::regrole,
                    relrowsecurity, relforcerowsecurity, relpersistence, reloptions, acl.text)
        from relations,
             lateral (select string_agg(a::text, ' ' order by a::text) from unnest(coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))) a) acl (text)
       where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      union all
      select format('column %I.%I.%I type %s notnull %s default %s identity %s generated %s acl %s', nspname, relname, attname,
                    format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attidentity, attgenerated,
                    (select string_agg(a::text, ' ' order by a::text) from unnest(attacl) a))
        from relations join pg_attribute on attrelid = relations.oid left join pg_attrdef on adrelid = attrelid and adnum = attnum
       where attnum > 0 and not attisdropped and relkind in ('r', 'p', 'v', 'm', 'f', 'c')
      union all
      select format('constraint %s %I %s', conrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid))
        from pg_constraint join relations on relations.oid = conrelid where contype <> 'n'
      union all
      select format('index %s', pg_get_indexdef(indexrelid)) from pg_index join relations on relations.oid = indrelid
      union all
      select format('view %I.%I %s', nspname, relname, pg_get_viewdef(oid)) from relations where relkind in ('v', 'm')
      union all
      select format('trigger %s', pg_get_triggerdef(pg_trigger.oid)) from pg_trigger join relations on relations.oid = tgrelid where not tgisinternal
      union all
      select format('policy %I on %s %s %s to %s using %s check %s', polname, polrelid::regclass, polpermissive, polcmd,
                    (select string_agg(case role when 0 then 'public' else role::regrole::text end, ', ' order by role::regrole::text) from unnest(polroles) role),
                    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
        from pg_policy join relations on relations.oid = polrelid
      union all
      select format('function %s owner %s acl %s definition %s', p.oid::regprocedure, proowner::regrole, acl.text, pg_get_functiondef(p.oid))
        from pg_proc p join spaces on spaces.oid = pronamespace,
             lateral (select string_agg(a::text, ' ' order by a::text) from unnest(coalesce(proacl, acldefault('f', proowner))) a) acl (text)
       where prokind in ('f', 'p')
      union all
      select format('type %I.%I %s labels %s', nspname, typname, typtype, (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid))
        from pg_type t join spaces on spaces.oid = typnamespace where typtype in ('e', 'd', 'r')
      union all
      select format('comment on %s: %s', pg_describe_object(classoid, objoid, objsubid), description)
        from pg_description left join relations on classoid = 'pg_class'::regclass and objoid = relations.oid
             left join pg_proc on classoid = 'pg_proc'::regclass and objoid = pg_proc.oid
             left join spaces on (classoid = 'pg_namespace'::regclass and objoid = spaces.oid) or pronamespace = spaces.oid
       where relations.oid is not null or spaces.oid is not null
      union all
      select format('default privileges for %s in %s on %s: %s', defaclrole::regrole, coalesce(nspname, 'every schema'), defaclobjtype,
                    (select string_agg(a::text, ' ' order by a::text) from unnest(defaclacl) a))
        from pg_default_acl left join pg_namespace on pg_namespace.oid = defaclnamespace
       where defaclnamespace = 0 or nspname = any (${schemas}::text[])
    )
    select line from lines order by line collate "C"`.execute(db)
  return rows.map(({ line }) => line)
}

/** Roles, their attributes and memberships: of the cluster, not of a schema. */
// biome-ignore lint/suspicious/noExplicitAny: reads catalogues only
export async function roleFingerprint(db: Kysely<any>, names: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    select format('role %s super %s inherit %s createrole %s createdb %s login %s replication %s bypassrls %s settings %s member of %s', rolname, rolsuper,
                  rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconfig,
                  (select string_agg(roleid::regrole::text, ', ' order by roleid::regrole::text) from pg_auth_members where member = pg_roles.oid)) as line
      from pg_roles where rolname = any (${names}::text[]) order by rolname collate "C"`.execute(db)
  return rows.map(({ line }) => line)
}

-- What an admin's pages are told, by functions that each look after themselves whether they are asked by an admin:
-- a route that forgot to would be refused here.

-- Reads the statistics of the whole server and nothing of ours. Of the cluster, like every role: it stays.
do $$
begin
  if not exists (select from pg_roles where rolname = 'keyloft_observer') then
    begin
      create role keyloft_observer nologin inherit;
    exception when duplicate_object or unique_violation then
      null; -- made by another database between the question and the act
    end;
  end if;
  if not pg_has_role('keyloft_observer', 'pg_read_all_stats', 'member') then
    begin
      grant pg_read_all_stats to keyloft_observer;
    exception when insufficient_privilege or internal_error or unique_violation then
      null; -- only a superuser may: then the figures say what they do not show
    end;
  end if;
end
$$;
grant keyloft_observer to keyloft_owner;
grant usage on schema keyloft to keyloft_observer;

set local role keyloft_owner;

create function keyloft.require_admin() returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  claims jsonb := coalesce(nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb, '{}');
  actor jsonb := claims -> 'actor';
begin
  if claims ->> 'role' = 'service_role' and actor ->> 'role' in ('service_role', 'operator') then
    return;
  end if;
  if claims ->> 'role' = 'service_role' and actor ->> 'role' = 'authenticated' and actor ->> 'token' is null
    and exists (select from public.user_standing s
                 where s.user_id = (actor ->> 'id')::uuid and s.is_admin and s.disabled_at is null and s.deactivated_at is null) then
    return;
  end if;
  raise exception 'Only an admin is told this.' using errcode = '42501';
end
$$;
comment on function keyloft.require_admin() is
  'Refuses unless this is done for service_role, for an operator''s command, or for somebody who is an admin at this moment, and not by an API token.';

create function keyloft.database_figures() returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_admin();
  return (
    with people as (
      select coalesce(a.state, 'hidden') as state, a.xact_start, a.wait_event_type
        from pg_catalog.pg_stat_activity a
       where a.datid is not null and coalesce(a.backend_type, 'client backend') = 'client backend'
    ), sizes as (
      select coalesce(pg_catalog.pg_partition_root(c.oid), c.oid) as root, pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)) as size,
             pg_catalog.sum(coalesce(s.n_live_tup, 0)) as live, pg_catalog.sum(coalesce(s.n_dead_tup, 0)) as dead, pg_catalog.max(s.last_autovacuum) as vacuumed
        from pg_catalog.pg_class c left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
       where c.relkind in ('r', 'p') and pg_catalog.pg_get_userbyid(c.relowner) like 'keyloft\_%'
       group by 1
    )
    select pg_catalog.jsonb_build_object(
      'serverVersion', pg_catalog.current_setting('server_version'),
      'seesEverybody', pg_catalog.pg_has_role('pg_read_all_stats', 'usage'),
      'maxConnections', pg_catalog.current_setting('max_connections')::integer,
      'connections', (select pg_catalog.count(*) from people),
      'connectionStates', (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('state', p.state, 'count', p.count) order by p.count desc, p.state), '[]')
                             from (select state, pg_catalog.count(*) as count from people group by 1) p),
      'waitingForLocks', (select pg_catalog.count(*) from people where wait_event_type = 'Lock'),
      'longestTransactionSeconds', (select pg_catalog.round(pg_catalog.max(extract(epoch from pg_catalog.clock_timestamp() - xact_start)), 1) from people),
      'sizeBytes', pg_catalog.pg_database_size(d.datid),
      'cacheHitRate', (select pg_catalog.round(d.blks_hit::numeric / nullif(d.blks_hit + d.blks_read, 0), 4)),
      'deadlocks', d.deadlocks,
      'rollbackRate', (select pg_catalog.round(d.xact_rollback::numeric / nullif(d.xact_commit + d.xact_rollback, 0), 4)),
      'temporaryBytes', d.temp_bytes,
      'since', d.stats_reset,
      'tables', (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                          'name', t.root::regclass::text, 'sizeBytes', t.size, 'rows', t.live, 'deadRows', t.dead, 'vacuumedAt', t.vacuumed) order by t.size desc), '[]')
                   from (select * from sizes order by size desc limit 12) t))
      from pg_catalog.pg_stat_database d where d.datname = pg_catalog.current_database()
  );
end
$$;
comment on function keyloft.database_figures() is 'Connections, cache, sizes: statistics of the server, nobody''s rows.';

create function keyloft.slow_queries(in_limit integer) returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  home name;
  found jsonb;
begin
  perform keyloft.require_admin();
  select n.nspname into home
    from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements';
  if home is null then
    return '{"state": "not installed", "queries": []}';
  elsif not pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then
    return '{"state": "not readable", "queries": []}';
  end if;
  -- Only what our logins sent, and no statement whose words could hold a value: of a select or a change the extension keeps
  -- the text with every constant taken out, of others it does not.
  execute pg_catalog.format($query$
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
             'query', pg_catalog.left(pg_catalog.regexp_replace(q.query, '\s+', ' ', 'g'), 600), 'calls', q.calls, 'rows', q.rows,
             'totalMs', pg_catalog.round(q.total_exec_time::numeric, 1), 'meanMs', pg_catalog.round(q.mean_exec_time::numeric, 3)) order by q.total_exec_time desc), '[]')
      from (select s.* from %I.pg_stat_statements s
             where s.dbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
               and s.userid in (select r.oid from pg_catalog.pg_roles r
                                 where r.rolname in ('anon', 'authenticated', 'service_role', 'keyloft_user', 'keyloft_service', 'keyloft_auth'))
               and s.query ~* '^\s*(select|insert|update|delete|merge|with)\M'
             order by s.total_exec_time desc limit $1) q$query$, home)
    into found using in_limit;
  return pg_catalog.jsonb_build_object('state', 'ok', 'queries', found);
exception
  when object_not_in_prerequisite_state then
    return '{"state": "not loaded", "queries": []}';
end
$$;
comment on function keyloft.slow_queries(integer) is 'What took most of the server''s time, where pg_stat_statements is there to say so.';

create function keyloft.alert_figures(out people_without_key bigint, out calls_left_open bigint)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_admin();
  select pg_catalog.count(*) into people_without_key
    from (select distinct h.user_id from public.usage_hourly h
           where h.hour > pg_catalog.now() - interval '7 days' and h.credential_source = 'user-key') active
   where not exists (select from public.api_keys k where k.user_id = active.user_id and k.is_enabled and k.is_valid);
  -- Swept once a minute, so only what should have been.
  select pg_catalog.count(*) into calls_left_open from keyloft.holds where lease_until < pg_catalog.now() - interval '5 minutes';
end
$$;
comment on function keyloft.alert_figures() is 'What the conditions of alerts need to know of everybody''s rows, as numbers.';

create function keyloft.audit_page(
  in_before bigint, in_limit integer, in_action text, in_user_id uuid, in_actor_id uuid, in_from timestamptz, in_to timestamptz)
  returns setof keyloft.audit_log
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_admin();
  return query execute
    'select * from keyloft.audit_log a where true'
    || case when in_before is null then '' else ' and a.id < $1' end
    || case when in_action is null then '' else ' and a.action = $3' end
    || case when in_user_id is null then '' else ' and a.user_id = $4' end
    || case when in_actor_id is null then '' else ' and a.actor_id = $5' end
    || case when in_from is null then '' else ' and a.at >= $6' end
    || case when in_to is null then '' else ' and a.at < $7' end
    || ' order by a.id desc limit $2'
    using in_before, in_limit, in_action, in_user_id, in_actor_id, in_from, in_to;
end
$$;
comment on function keyloft.audit_page(bigint, integer, text, uuid, uuid, timestamptz, timestamptz) is
  'The newest entries before a given one. Each question is planned as it is asked, so that it finds its index.';

grant select on keyloft.audit_log to keyloft_definer;
create policy "admins are told by a function" on keyloft.audit_log for select to keyloft_definer using (true);

do $$
declare
  one regprocedure;
begin
  grant create on schema keyloft to keyloft_definer, keyloft_observer;
  foreach one in array array[
    'keyloft.database_figures()', 'keyloft.slow_queries(integer)', 'keyloft.alert_figures()',
    'keyloft.audit_page(bigint, integer, text, uuid, uuid, timestamptz, timestamptz)'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', one);
    execute format('grant execute on function %s to service_role', one);
  end loop;
  revoke all on function keyloft.require_admin() from public;
  grant execute on function keyloft.require_admin() to keyloft_observer;
  alter function keyloft.require_admin() owner to keyloft_definer;
  alter function keyloft.alert_figures() owner to keyloft_definer;
  alter function keyloft.audit_page(bigint, integer, text, uuid, uuid, timestamptz, timestamptz) owner to keyloft_definer;
  alter function keyloft.database_figures() owner to keyloft_observer;
  alter function keyloft.slow_queries(integer) owner to keyloft_observer;
  revoke create on schema keyloft from keyloft_definer, keyloft_observer;
end
$$;

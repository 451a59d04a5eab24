-- What choosing a key for a call needs to know of a person, in one question, and who hears when it changes.
set local role keyloft_owner;

alter table public.user_settings add column own_keys_only boolean not null default false;
comment on column public.user_settings.own_keys_only is 'Strict: a call fails rather than being paid with a key that is not the person''s.';
grant insert (own_keys_only), update (own_keys_only) on public.user_settings to authenticated;

create function keyloft.resolver_facts(
  in_user_id uuid, out settings jsonb, out gateway_base_url text, out keys jsonb, out caps_own boolean, out caps_platform boolean
)
  language sql stable security definer
  set search_path = ''
as $$
  select (select pg_catalog.jsonb_build_object('allow_gateway_fallback', s.allow_gateway_fallback, 'own_keys_only', s.own_keys_only)
            from public.user_settings s where s.user_id = in_user_id),
         (select g.base_url from public.api_gateway_configs g where g.user_id = in_user_id),
         (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'id', k.id, 'service', k.service, 'is_enabled', k.is_enabled, 'is_valid', k.is_valid,
                   'daily_limit', k.daily_limit, 'monthly_limit', k.monthly_limit,
                   'secret', case when k.is_enabled and s.id is not null then pg_catalog.jsonb_build_object(
                     'id', s.id, 'user_id', s.user_id, 'kind', s.kind, 'provider', s.provider, 'host', s.host,
                     'version', s.version, 'sealed', s.sealed) end)
                 order by k.priority, k.key_name <> '', k.key_name), '[]')
            from public.api_keys k left join keyloft.secrets s on s.id = k.secret_id and s.user_id = k.user_id
           where k.user_id = in_user_id),
         exists (select from public.user_quota_limits q where q.user_id = in_user_id and q.is_active and q.spend <> 'platform'),
         exists (select from public.user_quota_limits q where q.user_id = in_user_id and q.is_active and q.spend <> 'own' and q.set_by <> 'tier')
         or exists (select from public.user_quota_limits q where q.user_id is null and q.is_active)
         or exists (select from public.quota_tiers t join keyloft.tiers_of(array[in_user_id]) s using (tier))
$$;
comment on function keyloft.resolver_facts(uuid) is 'All of a person that decides which key serves a call: what they chose, where their gateway is, and their keys, sealed, in the order in which they are taken. And whether a limit may hold for calls with their own keys, and for those that the operator pays for.';

-- Ids of calls are UUIDv7, so that the primary key leads to a person's calls of this month.
create function keyloft.uses_of_keys(in_user_id uuid, in_key_ids uuid[], in_now timestamptz)
  returns table (key_id uuid, today bigint, this_month bigint)
  language sql stable security definer
  set search_path = ''
as $$
  with counted as (
    -- A window that has ended begins anew with the next call: until then nothing of it is used.
    select q.key_id, coalesce(pg_catalog.sum(q.used_requests + q.reserved_requests) filter (where q.type = 'daily' and q.reset_at > in_now), 0)::bigint as today,
           coalesce(pg_catalog.sum(q.used_requests + q.reserved_requests) filter (where q.type = 'monthly' and q.reset_at > in_now), 0)::bigint as this_month
      from public.user_quota_limits q
     where q.user_id = in_user_id and q.key_id = any (in_key_ids)
     group by q.key_id having pg_catalog.bool_and(q.reset_at is not null and coalesce(q.last_reset <= in_now, false))
  ), uncounted as (
    select array(select pg_catalog.unnest(in_key_ids) except select c.key_id from counted c) as key_ids
  ), months as (
    select pg_catalog.date_trunc('day', in_now, 'UTC') as day_begins, pg_catalog.date_trunc('month', in_now, 'UTC') as month_begins
  ), bounds as (
    select m.*, (pg_catalog.rpad(pg_catalog.lpad(pg_catalog.to_hex(
             (extract(epoch from month_begins - interval '1 day') * 1000)::bigint), 12, '0'), 32, '0'))::uuid as first_id
      from months m
  ), calls as (
    select u.key_id, u.started_at
      from bounds b join public.usage_records u
        on u.user_id = in_user_id and u.id >= b.first_id and u.started_at >= b.month_begins and u.key_id = any ((select key_ids from uncounted)::uuid[])
     where (select pg_catalog.cardinality(key_ids) > 0 from uncounted)
    union all
    select h.key_id, h.started_at
      from bounds b join keyloft.holds h on h.user_id = in_user_id and h.started_at >= b.month_begins and h.key_id = any ((select key_ids from uncounted)::uuid[])
     where (select pg_catalog.cardinality(key_ids) > 0 from uncounted)
  )
  select c.key_id, pg_catalog.count(*) filter (where c.started_at >= b.day_begins), pg_catalog.count(*)
    from calls c, bounds b group by c.key_id
  union all
  select c.key_id, c.today, c.this_month from counted c
$$;
-- From the counters of their limits; call by call where a window has not begun.
comment on function keyloft.uses_of_keys(uuid, uuid[], timestamptz) is 'How often keys of a person were used on this day and in this month (UTC), calls under way included.';

-- The old person and the new one, where a row moves.
create function keyloft.signal_person() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if coalesce(old.user_id, new.user_id) is null then
    perform pg_catalog.pg_notify('keyloft', 'tiers platform'); -- what is nobody's is everybody's
  end if;
  perform pg_catalog.pg_notify('keyloft', tg_argv[0] || ' ' || it)
     from (select distinct pg_catalog.unnest(array[old.user_id, new.user_id]) as it) people where it is not null;
  return null;
end
$$;
comment on function keyloft.signal_person() is 'Trigger, after a row: signals its topic (the argument) and whose it is.';

-- Not by its last use, nor by what a verification found beside its validity: those are written all the time and decide nothing.
create trigger api_keys_signal_change
  after insert or delete or update of user_id, service, key_name, secret_id, priority, is_enabled, is_valid, daily_limit, monthly_limit on public.api_keys
  for each row execute function keyloft.signal_person('facts');
create trigger api_gateway_configs_signal_change after insert or update or delete on public.api_gateway_configs
  for each row execute function keyloft.signal_person('facts');
create trigger user_settings_signal_change after insert or update or delete on public.user_settings
  for each row execute function keyloft.signal_person('facts');
-- Not by its counters: how much is left is asked with every call.
create trigger user_quota_limits_signal_change
  after insert or delete or update of user_id, type, provider, model, spend, request_limit, token_limit, cost_limit, is_active on public.user_quota_limits
  for each row execute function keyloft.signal_person('facts');
create trigger quota_tiers_signal_change after insert or update or delete on public.quota_tiers
  for each row execute function keyloft.signal_change('tiers', 'tier');
-- One signal for each provider, however many of its models change at once.
create trigger ai_models_signal_change after insert or delete or update of provider, model on public.ai_models
  for each row execute function keyloft.signal_change('models', 'provider');

revoke all on function keyloft.resolver_facts(uuid), keyloft.uses_of_keys(uuid, uuid[], timestamptz), keyloft.signal_person() from public;
grant execute on function keyloft.resolver_facts(uuid), keyloft.uses_of_keys(uuid, uuid[], timestamptz) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.resolver_facts(uuid) owner to keyloft_definer;
alter function keyloft.uses_of_keys(uuid, uuid[], timestamptz) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

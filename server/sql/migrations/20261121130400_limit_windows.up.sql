-- Which calls a quota counts, and since when. Whoever changes its counters has its lock, taken in the order of ids, and with
-- it a window that has begun.
set local role keyloft_owner;

create function keyloft.quota_counts(quota public.user_quota_limits, provider text, model text, credential_source text, key_id uuid) returns boolean
  language sql immutable
  return ((quota).provider is null or (quota).provider = provider)
    and ((quota).model is null or (quota).model = model or (right((quota).model, 1) = '*' and starts_with(model, left((quota).model, -1))))
    and ((quota).spend = 'all' or (quota).spend = case when credential_source in ('server-key', 'team-gateway') then 'platform' else 'own' end)
    and ((quota).key_id is null or (quota).key_id = key_id);
comment on function keyloft.quota_counts(public.user_quota_limits, text, text, text, uuid) is 'Whether a call of its person belongs to this quota.';

create function keyloft.window_begins(quota_type text, at timestamptz) returns timestamptz
  language sql stable
  return date_trunc(case quota_type when 'monthly' then 'month' else 'day' end, at, 'UTC');
create function keyloft.window_ends(quota_type text, at timestamptz) returns timestamptz
  language sql stable
  return (date_trunc(case quota_type when 'monthly' then 'month' else 'day' end, at at time zone 'UTC')
          + case quota_type when 'monthly' then interval '1 month' else interval '1 day' end) at time zone 'UTC';

-- Once for each limit: its window may have begun before it was set. Hours do not know of keys, so those are counted by the call.
create function keyloft.used_before(quota public.user_quota_limits, begins timestamptz, out requests bigint, out tokens bigint, out cost numeric)
  language sql stable
  set search_path = ''
as $$
  select coalesce(pg_catalog.sum(used.requests), 0)::bigint, coalesce(pg_catalog.sum(used.tokens), 0)::bigint, coalesce(pg_catalog.sum(used.cost), 0)
    from (
      select h.requests, h.input_tokens + h.output_tokens as tokens, h.cost_usd as cost
        from public.usage_hourly h
       where (quota).key_id is null and h.user_id = (quota).user_id and h.hour >= begins
         and keyloft.quota_counts(quota, h.provider, h.model, h.credential_source, null)
      union all
      select h.requests, h.input_tokens + h.output_tokens, h.cost_usd
        from public.usage_hourly h
       where (quota).user_id is null and h.hour >= begins and keyloft.quota_counts(quota, h.provider, h.model, h.credential_source, null)
      union all
      select case u.usage_basis when 'none' then 0 else 1 end, u.input_tokens + u.output_tokens, u.cost_usd
        from public.usage_records u
       where (quota).key_id is not null and u.key_id = (quota).key_id and u.user_id = (quota).user_id
         and u.started_at >= begins and u.started_at < begins + interval '32 days'
         -- Ids begin with the time of the call, or of its request a while before: enough for the key, which started_at then sifts.
         and u.id >= pg_catalog.rpad(pg_catalog.lpad(pg_catalog.to_hex((extract(epoch from begins - interval '1 day') * 1000)::bigint), 12, '0'), 32, '0')::uuid
         and keyloft.quota_counts(quota, u.provider, u.model, u.credential_source, u.key_id)
    ) used
$$;
comment on function keyloft.used_before(public.user_quota_limits, timestamptz) is 'What was used in a window before its quota was set.';

create function keyloft.lock_quotas(in_user_ids uuid[], in_platform boolean default false, out locked public.user_quota_limits[], out begun uuid[])
  language plpgsql volatile
  set search_path = ''
as $$
declare
  some_begin boolean;
  at timestamptz;
begin
  select pg_catalog.array_agg(l.quota), pg_catalog.bool_or((l.quota).reset_at is null or (l.quota).reset_at <= pg_catalog.clock_timestamp()),
         -- Never before the window began, wherever the clock goes: a reservation must be found to be of its window.
         greatest(pg_catalog.clock_timestamp(), pg_catalog.max((l.quota).last_reset))
    into locked, some_begin, at
    from (select q as quota from public.user_quota_limits q
           where q.user_id = any (in_user_ids) or in_platform and q.user_id is null order by q.id for no key update) l;
  if some_begin then
    begun := array(select o.id from unnest(locked) o where o.reset_at is null);
    update public.user_quota_limits q
       set used_requests = coalesce(b.requests, 0), used_tokens = coalesce(b.tokens, 0), used_cost = coalesce(b.cost, 0),
           reserved_requests = 0, reserved_tokens = 0, reserved_cost = 0, last_reset = at, reset_at = keyloft.window_ends(q.type, at)
      from unnest(locked) o
           left join lateral keyloft.used_before(o, keyloft.window_begins(o.type, at)) b on o.reset_at is null
     where o.id = q.id and (o.reset_at is null or o.reset_at <= at);
    select pg_catalog.array_agg(q order by q.id) into locked from unnest(locked) o join public.user_quota_limits q on q.id = o.id;
  end if;
end
$$;
comment on function keyloft.lock_quotas(uuid[], boolean) is 'Locks all quotas of these people, and if asked those over everybody, and begins the windows that are due. Gives them as they are then, in the order of their ids, null where there are none; and which of them began with what was used before.';

create function keyloft.begin_quotas(in_user_id uuid) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform keyloft.lock_quotas(array[in_user_id]);
end
$$;
comment on function keyloft.begin_quotas(uuid) is 'Begins the windows that are due, so that whoever looks sees what was used before a limit was set.';

create function keyloft.limit_platform(in_type text, in_request_limit bigint, in_token_limit bigint, in_cost_limit numeric) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: limits set', 0)); -- before that of any row
  if num_nonnulls(in_request_limit, in_token_limit, in_cost_limit) = 0 then
    delete from public.user_quota_limits q where q.user_id is null and q.type = in_type;
    return;
  end if;
  insert into public.user_quota_limits (id, type, spend, set_by, request_limit, token_limit, cost_limit)
  values (('ffffffff' || pg_catalog.substr(pg_catalog.gen_random_uuid()::text, 9))::uuid, in_type, 'platform', 'platform', in_request_limit, in_token_limit, in_cost_limit)
  on conflict (user_id, type, provider, model, spend, set_by, key_id) do update
     set request_limit = excluded.request_limit, token_limit = excluded.token_limit, cost_limit = excluded.cost_limit, is_active = true;
  perform keyloft.lock_quotas('{}', true);
end
$$;
comment on function keyloft.limit_platform(text, bigint, bigint, numeric) is 'Sets what all people together may spend of the operator''s money in a day or a month. Three times null: no limit.';

revoke all on function keyloft.quota_counts(public.user_quota_limits, text, text, text, uuid), keyloft.window_begins(text, timestamptz),
  keyloft.window_ends(text, timestamptz), keyloft.used_before(public.user_quota_limits, timestamptz), keyloft.lock_quotas(uuid[], boolean),
  keyloft.begin_quotas(uuid), keyloft.limit_platform(text, bigint, bigint, numeric) from public;
grant execute on function keyloft.quota_counts(public.user_quota_limits, text, text, text, uuid), keyloft.window_begins(text, timestamptz),
  keyloft.window_ends(text, timestamptz), keyloft.used_before(public.user_quota_limits, timestamptz), keyloft.lock_quotas(uuid[], boolean) to keyloft_definer;
grant execute on function keyloft.begin_quotas(uuid), keyloft.limit_platform(text, bigint, bigint, numeric) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.begin_quotas(uuid) owner to keyloft_definer;
alter function keyloft.limit_platform(text, bigint, bigint, numeric) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

-- Booking: what was reserved for a call becomes what it used.
set local role keyloft_owner;

create table keyloft.presumed_reservations (
  user_id uuid not null,
  id uuid not null,
  quota_ids uuid[] not null,
  reserved_at timestamptz not null,
  most_tokens bigint,
  most_cost_usd numeric,
  primary key (user_id, id, reserved_at)
);
comment on table keyloft.presumed_reservations is 'What was booked in full on quotas for calls of which nobody heard again, so that an end that comes late can lower it. A second row of a call is of quotas that were set while it was under way. Of this month, in which every window begins.';

create type keyloft.counted_call as (
  user_id uuid, id uuid, started_at timestamptz, provider text, model text, credential_source text, key_id uuid, usage_basis text, tokens bigint, cost_usd numeric
);
comment on type keyloft.counted_call is 'Of a call that was written, what quotas count.';

-- Without settings, so that it becomes a part of the statement that writes the call.
create function keyloft.counted(written public.usage_records) returns keyloft.counted_call
  language sql immutable
  return row((written).user_id, (written).id, (written).started_at, (written).provider, (written).model, (written).credential_source, (written).key_id,
             (written).usage_basis, (written).input_tokens + (written).output_tokens, (written).cost_usd)::keyloft.counted_call;
comment on function keyloft.counted(public.usage_records) is 'Of this call, what quotas count.';

create type keyloft.quota_change as (
  quota_id uuid, freed_requests bigint, freed_tokens bigint, freed_cost numeric, used_requests bigint, used_tokens bigint, used_cost numeric
);

-- Of what nobody could tell, all that was reserved counts as used. A call of which the provider charges nothing counts as none.
create function keyloft.sum_up_quotas(
  in_quotas public.user_quota_limits[], in_begun uuid[], in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[]
) returns setof keyloft.quota_change
  language plpgsql stable
  set search_path = ''
  set enable_hashjoin = on -- whatever is settled: nobody tells the planner how many there are
  set enable_nestloop = off
  set jit = off
as $$
begin
  return query
    with written as materialized (select * from unnest(in_written)),
         reserved as materialized (select * from unnest(in_reservations)),
         quotas as materialized (
           select q as quota, q.id, q.is_active, q.type, q.last_reset, q.user_id as of_user from unnest(in_quotas) q where q.user_id is not null
           union all -- and not as an outer join, which would look at all people for each quota
           select q, q.id, q.is_active, q.type, q.last_reset, everybody.user_id
             from unnest(in_quotas) q cross join (select distinct w.user_id from written w) everybody where q.user_id is null
         )
    select c.quota_id, pg_catalog.sum(c.freed_requests)::bigint, pg_catalog.sum(c.freed_tokens)::bigint, pg_catalog.sum(c.freed_cost),
           pg_catalog.sum(c.used_requests)::bigint, pg_catalog.sum(c.used_tokens)::bigint, pg_catalog.sum(c.used_cost)
      from (
        select q.id as quota_id, 1 as freed_requests, coalesce(r.most_tokens, 0) as freed_tokens, coalesce(r.most_cost_usd, 0) as freed_cost,
               case when w.id is null or w.usage_basis = 'none' then 0 else 1 end as used_requests,
               case when w.id is null then 0 when w.usage_basis = 'unknown' then coalesce(r.most_tokens, 0) else w.tokens end as used_tokens,
               case when w.id is null then 0 else coalesce(w.cost_usd, r.most_cost_usd, 0) end as used_cost
          from reserved r
               cross join unnest(r.quota_ids) as of_quota
               join unnest(in_quotas) q on q.id = of_quota and q.last_reset <= r.reserved_at
               left join written w on w.user_id = r.user_id and w.id = r.id
        union all
        -- Written down without an intent, or since before the limit was set.
        select q.id, 0, 0, 0, case w.usage_basis when 'none' then 0 else 1 end, w.tokens, coalesce(w.cost_usd, 0)
          from written w
               join quotas q on q.of_user = w.user_id
         where q.is_active and w.started_at >= keyloft.window_begins(q.type, q.last_reset) and (q.id = any (in_begun)) is not true
           and keyloft.quota_counts(q.quota, w.provider, w.model, w.credential_source, w.key_id)
           and not exists (select from reserved r where r.user_id = w.user_id and r.id = w.id and q.id = any (r.quota_ids))
      ) c
     group by c.quota_id;
end
$$;
comment on function keyloft.sum_up_quotas(public.user_quota_limits[], uuid[], keyloft.counted_call[], keyloft.presumed_reservations[])
  is 'What calls that were written, and reservations that end, change in these quotas. Those that begin with the calls have them already.';

create function keyloft.reserve_again(in_reservations keyloft.presumed_reservations[]) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.user_quota_limits q
     set reserved_requests = q.reserved_requests + m.requests, reserved_tokens = q.reserved_tokens + m.tokens, reserved_cost = q.reserved_cost + m.cost,
         used_requests = q.used_requests - m.requests, used_tokens = q.used_tokens - m.tokens, used_cost = q.used_cost - m.cost
    from (select o.id, pg_catalog.count(*) as requests, coalesce(pg_catalog.sum(r.most_tokens), 0) as tokens, coalesce(pg_catalog.sum(r.most_cost_usd), 0) as cost
            from unnest(in_reservations) r join public.user_quota_limits o on o.id = any (r.quota_ids) and o.last_reset <= r.reserved_at
           group by o.id) m
   where q.id = m.id
$$;
comment on function keyloft.reserve_again(keyloft.presumed_reservations[]) is 'Of places that were presumed to be used: they are only reserved after all.';

-- Whoever opens a call waits while its quotas are locked, so all is summed up before, and again only where a quota has
-- become another in the meantime.
create function keyloft.book_quotas(
  in_user_ids uuid[], in_platform boolean, in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[], in_presumed keyloft.presumed_reservations[]
) returns void
  language plpgsql volatile
  set search_path = ''
as $$
declare
  seen public.user_quota_limits[];
  now_locked public.user_quota_limits[];
  now_begun uuid[];
  changes keyloft.quota_change[];
begin
  select pg_catalog.array_agg(q order by q.id) into seen from public.user_quota_limits q where q.user_id = any (in_user_ids) or in_platform and q.user_id is null;
  changes := array(select c from keyloft.sum_up_quotas(seen, null, in_written, in_reservations) c);
  select l.locked, l.begun into now_locked, now_begun from keyloft.lock_quotas(in_user_ids, in_platform) l;
  if array(select row(q.id, q.updated_at, q.last_reset)::text from unnest(now_locked) q) <> array(select row(q.id, q.updated_at, q.last_reset)::text from unnest(seen) q) then
    changes := array(select c from keyloft.sum_up_quotas(now_locked, now_begun, in_written, in_reservations) c);
  end if;
  if in_presumed is not null then
    perform keyloft.reserve_again(in_presumed);
  end if;
  update public.user_quota_limits q
     set reserved_requests = q.reserved_requests - c.freed_requests, reserved_tokens = q.reserved_tokens - c.freed_tokens,
         reserved_cost = q.reserved_cost - c.freed_cost, used_requests = q.used_requests + c.used_requests,
         used_tokens = q.used_tokens + c.used_tokens, used_cost = q.used_cost + c.used_cost
    from unnest(changes) c where q.id = c.quota_id;
end
$$;
comment on function keyloft.book_quotas(uuid[], boolean, keyloft.counted_call[], keyloft.presumed_reservations[], keyloft.presumed_reservations[])
  is 'Moves what was reserved for calls of these people to what those that were written used; with it what was presumed to be used already.';

create function keyloft.lower_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamptz[], in_lowered_ids uuid[]) returns void
  language plpgsql volatile
  set search_path = ''
as $$
#variable_conflict use_column
begin
  with lowered as (
    delete from keyloft.presumed_reservations p
     using unnest(in_user_ids, in_ids, in_started_at) as g (of_user, of_call, began_at)
     where p.user_id = g.of_user and p.id = g.of_call and p.id = any (in_lowered_ids)
    returning p.*, g.began_at
  )
  update public.user_quota_limits q
     set used_requests = q.used_requests - e.requests, used_tokens = q.used_tokens - e.tokens, used_cost = q.used_cost - e.cost
    from (select o.id as quota_id, pg_catalog.sum(case u.usage_basis when 'none' then 1 else 0 end) as requests,
                 pg_catalog.sum(case u.usage_basis when 'unknown' then 0 else coalesce(greatest(l.most_tokens - u.input_tokens - u.output_tokens, 0), 0) end) as tokens,
                 pg_catalog.sum(coalesce(greatest(l.most_cost_usd - u.cost_usd, 0), 0)) as cost
            from lowered l
                 join public.usage_records u on u.user_id = l.user_id and u.id = l.id and u.started_at = l.began_at
                 join public.user_quota_limits o on o.id = any (l.quota_ids) and l.reserved_at >= coalesce(o.last_reset, '-infinity')
           group by o.id) e
   where q.id = e.quota_id;
end
$$;
comment on function keyloft.lower_quotas(uuid[], uuid[], timestamptz[], uuid[]) is 'Takes back what was booked too much for calls of which it was heard late.';

alter table keyloft.presumed_reservations enable row level security;
alter table keyloft.presumed_reservations force row level security;
revoke all on keyloft.presumed_reservations from public, anon, authenticated, service_role;
grant select, insert, update, delete on keyloft.presumed_reservations to keyloft_definer;
create policy "owner maintains" on keyloft.presumed_reservations
  for all to keyloft_owner using (true) with check (true);
create policy "its functions keep it" on keyloft.presumed_reservations
  for all to keyloft_definer using (true) with check (true);

revoke all on function keyloft.counted(public.usage_records), keyloft.sum_up_quotas(public.user_quota_limits[], uuid[], keyloft.counted_call[], keyloft.presumed_reservations[]),
  keyloft.reserve_again(keyloft.presumed_reservations[]), keyloft.book_quotas(uuid[], boolean, keyloft.counted_call[], keyloft.presumed_reservations[], keyloft.presumed_reservations[]),
  keyloft.lower_quotas(uuid[], uuid[], timestamptz[], uuid[]) from public;
grant execute on function keyloft.counted(public.usage_records), keyloft.sum_up_quotas(public.user_quota_limits[], uuid[], keyloft.counted_call[], keyloft.presumed_reservations[]),
  keyloft.reserve_again(keyloft.presumed_reservations[]), keyloft.book_quotas(uuid[], boolean, keyloft.counted_call[], keyloft.presumed_reservations[], keyloft.presumed_reservations[]),
  keyloft.lower_quotas(uuid[], uuid[], timestamptz[], uuid[]) to keyloft_definer;

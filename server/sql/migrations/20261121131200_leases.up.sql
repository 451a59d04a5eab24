-- Leases: a process says of its calls that they still go on. Those of one that went away are swept up.
set local role keyloft_owner;

create function keyloft.renew_leases(in_user_ids uuid[], in_ids uuid[], in_lease_seconds integer) returns integer
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  renewed integer;
begin
  in_user_ids := keyloft.present_owners(in_user_ids);
  -- What is locked is being settled or swept; to wait for it would only invite a deadlock.
  with living as (
    select h.user_id, h.id
      from unnest(in_user_ids, in_ids) as l (user_id, id) join keyloft.holds h using (user_id, id)
       for update of h skip locked
  )
  update keyloft.holds h set lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
    from living l where h.user_id = l.user_id and h.id = l.id;
  get diagnostics renewed = row_count;
  update keyloft.advances a set lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
   where a.id = any (array(
     select o.id from keyloft.advances o
      where o.presumed_at is null and o.id = any (array(select h.advance_id from unnest(in_user_ids, in_ids) as l (user_id, id) join keyloft.holds h using (user_id, id)))
        for update skip locked));
  return renewed;
end
$$;
comment on function keyloft.renew_leases(uuid[], uuid[], integer) is 'Says of calls, and of the advances in which they have their places, that they still go on.';

create function keyloft.sweep_calls(in_limit integer) returns integer
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  swept integer;
  owners uuid[];
  of_platform boolean;
  calls keyloft.presumed_reservations[];
  booked keyloft.counted_call[];
  advances keyloft.advances[];
  places keyloft.presumed_reservations[];
  drawn_from uuid[];
  drawing_owners uuid[];
  drawing_ids uuid[];
  drawn keyloft.presumed_reservations[];
  presumed keyloft.presumed_reservations[];
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('keyloft: limits set', 0));
  perform keyloft.present_owners('{}');
  with expired as (
    select user_id, id from keyloft.holds
     where lease_until < pg_catalog.clock_timestamp() order by lease_until limit in_limit for update skip locked
  ), released as (
    delete from keyloft.holds h using expired e where h.user_id = e.user_id and h.id = e.id returning h.*
  ), written as (
    -- One that was settled while its opening was still on the way has its record already.
    insert into public.usage_records as u (
      user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, outcome, usage_basis, cost_usd)
    select r.user_id, r.id, r.started_at, r.request_id, r.operation, r.provider, r.model, r.credential_source, r.key_id, r.token_id, r.decisions, 'presumed', 'unknown',
           coalesce(r.most_cost_usd, (select a.most_cost_usd from keyloft.advances a where a.id = r.advance_id))
      from released r order by r.user_id, r.id
    on conflict (user_id, id, started_at) do nothing
    returning u.id, keyloft.counted(u) as counted
  )
  select pg_catalog.count(*), pg_catalog.array_agg(r.user_id), pg_catalog.bool_or(r.credential_source in ('server-key', 'team-gateway')),
         pg_catalog.array_agg(row(r.user_id, r.id, r.quota_ids, r.reserved_at, r.most_tokens, r.most_cost_usd)::keyloft.presumed_reservations) filter (where r.quota_ids is not null),
         pg_catalog.array_agg(w.counted) filter (where w.id is not null),
         pg_catalog.array_agg(r.advance_id) filter (where w.id is not null and r.advance_id is not null),
         pg_catalog.array_agg(r.user_id) filter (where w.id is not null and r.advance_id is not null), pg_catalog.array_agg(r.id) filter (where w.id is not null and r.advance_id is not null)
    into swept, owners, of_platform, calls, booked, drawn_from, drawing_owners, drawing_ids
    from released r left join written w on w.id = r.id;
  -- What else its process had reserved in advance: whether it came to a call, nobody can tell.
  select d.drawn, d.presumed into drawn, presumed from keyloft.draw_places(drawing_owners, drawing_ids, drawn_from) d;
  delete from keyloft.advances where id = any (array(
    select a.id from keyloft.advances a where a.presumed_at is not null and a.reserved_at < pg_catalog.date_trunc('month', pg_catalog.now(), 'UTC') for update skip locked));
  advances := array(select a from keyloft.advances a where a.presumed_at is null and a.lease_until < pg_catalog.clock_timestamp() limit in_limit for no key update skip locked);
  update keyloft.advances a set presumed_at = pg_catalog.clock_timestamp() where a.id = any (array(select p.id from unnest(advances) p));
  select pg_catalog.array_agg(row(a.user_id, a.id, a.quota_ids, a.reserved_at, a.most_tokens, a.most_cost_usd)::keyloft.presumed_reservations)
    into places from unnest(advances) a cross join pg_catalog.generate_series(1, a.places);
  owners := owners || array(select a.user_id from unnest(advances) a);
  of_platform := coalesce(of_platform, false) or keyloft.are_of_everybody(advances);
  -- Also what was opened before a limit was set.
  if keyloft.are_limited(owners, of_platform) then
    calls := calls || drawn;
    -- An advance counts as calls of which nobody knows what they used: all that is reserved for them.
    perform keyloft.book_quotas(
      owners, of_platform, booked || array(select row(a.user_id, a.id, null, null, null, null, null, 'unknown', null, null)::keyloft.counted_call from unnest(advances) a),
      calls || places, presumed);
    insert into keyloft.presumed_reservations select c.* from unnest(calls) c where c.id in (select b.id from unnest(booked) b);
    -- There it counts as it was written: one call, without tokens. All its quotas are locked, and none begins after this.
    insert into keyloft.presumed_reservations
    select b.user_id, b.id, pg_catalog.array_agg((l.quota).id), greatest(pg_catalog.clock_timestamp(), pg_catalog.max((l.quota).last_reset)), 0, b.cost_usd
      from unnest(booked) b
           cross join lateral (select q as quota from public.user_quota_limits q where q.user_id = b.user_id
                               union all select q from public.user_quota_limits q where q.user_id is null) l
     where (l.quota).is_active and b.started_at >= keyloft.window_begins((l.quota).type, (l.quota).last_reset)
       and keyloft.quota_counts(l.quota, b.provider, b.model, b.credential_source, b.key_id)
       and not exists (select from unnest(calls) c where c.user_id = b.user_id and c.id = b.id and (l.quota).id = any (c.quota_ids))
     group by b.user_id, b.id, b.cost_usd
    on conflict do nothing;
  end if;
  -- No window is longer than a month.
  delete from keyloft.presumed_reservations where reserved_at < pg_catalog.date_trunc('month', pg_catalog.now(), 'UTC');
  return swept;
end
$$;
comment on function keyloft.sweep_calls(integer) is 'Books calls whose lease has ended as presumed, at what they may have cost at most. Says how many holds it took.';

revoke all on function keyloft.renew_leases(uuid[], uuid[], integer), keyloft.sweep_calls(integer) from public;
grant execute on function keyloft.renew_leases(uuid[], uuid[], integer), keyloft.sweep_calls(integer) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.renew_leases(uuid[], uuid[], integer) owner to keyloft_definer;
alter function keyloft.sweep_calls(integer) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

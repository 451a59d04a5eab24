-- Places in advance (decision 0037). They are reservations of one call each, and go the way that those go.
set local role keyloft_owner;

-- By whoever writes a call's record, once it is written: so a call draws once, whatever is told of it again.
create function keyloft.draw_places(
  in_user_ids uuid[], in_ids uuid[], in_advance_ids uuid[], out drawn keyloft.presumed_reservations[], out presumed keyloft.presumed_reservations[]
)
  language plpgsql volatile
  set search_path = ''
as $$
#variable_conflict use_column
declare
  advances keyloft.advances[] := array(select a from keyloft.advances a where a.id = any (in_advance_ids) order by a.id for no key update);
  drawn_from uuid[];
begin
  select pg_catalog.array_agg(d.reservation), pg_catalog.array_agg(d.reservation) filter (where d.presumed_at is not null), pg_catalog.array_agg(d.advance_id)
    into drawn, presumed, drawn_from
    from (select a.id as advance_id, row(c.user_id, c.id, a.quota_ids, a.reserved_at, a.most_tokens, a.most_cost_usd)::keyloft.presumed_reservations as reservation, a.presumed_at
            from (select g.user_id, g.id, g.advance_id, pg_catalog.row_number() over (partition by g.user_id, g.advance_id) as no
                    from unnest(in_user_ids, in_ids, in_advance_ids) as g (user_id, id, advance_id)) c
                 join unnest(advances) a on a.id = c.advance_id and a.user_id = c.user_id and c.no <= a.places) d;
  update keyloft.advances a set places = a.places - c.calls
    from (select g.id, pg_catalog.count(*) as calls from unnest(drawn_from) as g (id) group by g.id) c where a.id = c.id;
  delete from keyloft.advances a where a.id = any (drawn_from) and a.places = 0;
end
$$;
comment on function keyloft.draw_places(uuid[], uuid[], uuid[]) is 'Takes a place for each of these calls from its advance, and gives what was reserved there; and which of that was presumed to be used.';

create function keyloft.are_of_everybody(in_advances keyloft.advances[]) returns boolean
  language sql stable
  return exists (select from unnest(in_advances) a join public.user_quota_limits q on q.id = any (a.quota_ids) where q.user_id is null);
comment on function keyloft.are_of_everybody(keyloft.advances[]) is 'Whether any of these is reserved also in a quota over everybody.';

create function keyloft.return_places(in_ids uuid[], in_free integer[]) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  advances keyloft.advances[];
  owners uuid[];
  freed keyloft.presumed_reservations[];
  presumed keyloft.presumed_reservations[];
begin
  perform keyloft.present_owners('{}');
  -- Once each, for it may be told again.
  advances := array(select a from keyloft.advances a where a.id = any (in_ids) and not a.is_closed order by a.id for no key update);
  select pg_catalog.array_agg(f.user_id), pg_catalog.array_agg(f.reservation), pg_catalog.array_agg(f.reservation) filter (where f.presumed_at is not null)
    into owners, freed, presumed
    from (select a.user_id, row(a.user_id, a.id, a.quota_ids, a.reserved_at, a.most_tokens, a.most_cost_usd)::keyloft.presumed_reservations as reservation, a.presumed_at
            from unnest(advances) a join unnest(in_ids, in_free) as g (id, free) on g.id = a.id
                 cross join pg_catalog.generate_series(1, least(a.places, coalesce(g.free, a.places)))) f;
  update keyloft.advances a set places = a.places - least(a.places, coalesce(g.free, a.places)), is_closed = true
    from unnest(in_ids, in_free) as g (id, free) where a.id = g.id and not a.is_closed;
  delete from keyloft.advances a where a.id = any (in_ids) and a.places = 0;
  if freed is not null then
    perform keyloft.book_quotas(owners, keyloft.are_of_everybody(advances), null, freed, presumed);
  end if;
end
$$;
comment on function keyloft.return_places(uuid[], integer[]) is 'Closes advances: what of their places no call took, or null for all, is free again.';

create function keyloft.may_return(in_quota_id uuid) returns boolean
  language sql stable security definer
  set search_path = ''
as $$
  select exists (select from keyloft.advances a
                  where not a.is_closed and a.presumed_at is null and a.reserved_at > pg_catalog.clock_timestamp() - interval '1 second' and in_quota_id = any (a.quota_ids))
$$;
comment on function keyloft.may_return(uuid) is 'Whether some process may soon give back what it has reserved in this quota for calls that did not come.';

revoke all on function keyloft.draw_places(uuid[], uuid[], uuid[]), keyloft.are_of_everybody(keyloft.advances[]), keyloft.return_places(uuid[], integer[]),
  keyloft.may_return(uuid) from public;
grant execute on function keyloft.draw_places(uuid[], uuid[], uuid[]), keyloft.are_of_everybody(keyloft.advances[]) to keyloft_definer;
grant execute on function keyloft.return_places(uuid[], integer[]), keyloft.may_return(uuid) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.return_places(uuid[], integer[]) owner to keyloft_definer;
alter function keyloft.may_return(uuid) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

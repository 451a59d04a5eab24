-- Calls that have ended are written to the books, many at once.
set local role keyloft_owner;

-- Ends. One says all of its call, so that it is written whether or not it was opened before. Verdicts: settled;
-- already, where it had been settled before and nothing changed; lowered, where it had been presumed and is corrected;
-- invalid. Quotas are locked last, after all else is done: whoever opens a call waits for them.
create type keyloft.call_end as (
  user_id uuid, id uuid, started_at timestamptz, request_id text, operation text, provider text, model text, credential_source text,
  key_id uuid, token_id uuid, decisions json, was_opened boolean, ended_at timestamptz, outcome text, status integer, first_byte_ms integer,
  input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint, audio_input_tokens bigint,
  output_tokens bigint, reasoning_tokens bigint, audio_output_tokens bigint, images bigint, searches bigint,
  usage_basis text, provider_usage text, provider_cost_usd numeric, advance_id uuid
);
comment on type keyloft.call_end is 'A call as it is told when it has ended. Counts may be missing, which is none; was_opened, which is that a hold is looked for.';

create function keyloft.is_end(told keyloft.call_end) returns boolean
  language sql immutable
  return keyloft.is_call((told).user_id, (told).id, (told).started_at, (told).request_id, (told).operation, (told).provider, (told).model, (told).credential_source)
    and coalesce(
      (told).decisions is not null and (told).outcome in ('completed', 'failed', 'aborted') and (told).usage_basis in ('reported', 'estimated', 'none', 'unknown')
      and coalesce(least(
        (told).cached_input_tokens, (told).cache_write_5m_tokens, (told).cache_write_1h_tokens, (told).audio_input_tokens, (told).reasoning_tokens,
        (told).audio_output_tokens, (told).images, (told).searches) >= 0, true)
      and coalesce((told).cached_input_tokens, 0) + coalesce((told).cache_write_5m_tokens, 0) + coalesce((told).cache_write_1h_tokens, 0)
        + coalesce((told).audio_input_tokens, 0) <= coalesce((told).input_tokens, 0)
      and coalesce((told).reasoning_tokens, 0) + coalesce((told).audio_output_tokens, 0) <= coalesce((told).output_tokens, 0)
      and coalesce(greatest((told).input_tokens, (told).output_tokens, (told).images, (told).searches) <= 1000000000000, true)
      and coalesce((told).provider_cost_usd between 0 and 1e12, true), false);
comment on function keyloft.is_end(keyloft.call_end) is 'Whether it can be written to the books.';

-- Without settings, so that it becomes a part of the statement of whoever asks: none of it is kept in between.
create function keyloft.records_of(in_ends keyloft.call_end[]) returns setof public.usage_records
  language sql stable
as $$
  select e.user_id, e.id, e.started_at, e.ended_at, e.request_id, e.operation, e.provider, e.model, e.credential_source, e.key_id, e.token_id, e.decisions,
         e.outcome, e.status, e.first_byte_ms, coalesce(e.input_tokens, 0), coalesce(e.cached_input_tokens, 0), coalesce(e.cache_write_5m_tokens, 0),
         coalesce(e.cache_write_1h_tokens, 0), coalesce(e.audio_input_tokens, 0), coalesce(e.output_tokens, 0), coalesce(e.reasoning_tokens, 0),
         coalesce(e.audio_output_tokens, 0), coalesce(e.images, 0), coalesce(e.searches, 0), e.usage_basis, e.provider_usage::json,
         case e.usage_basis when 'none' then 0 when 'unknown' then null else price.cost_usd end, price.id, e.provider_cost_usd, pg_catalog.clock_timestamp()
    from unnest(in_ends) e
         left join lateral (
           select p.id, keyloft.cost_of(
                    p, coalesce(e.input_tokens, 0), coalesce(e.cached_input_tokens, 0), coalesce(e.cache_write_5m_tokens, 0),
                    coalesce(e.cache_write_1h_tokens, 0), coalesce(e.audio_input_tokens, 0), coalesce(e.output_tokens, 0),
                    coalesce(e.reasoning_tokens, 0), coalesce(e.audio_output_tokens, 0), coalesce(e.images, 0), coalesce(e.searches, 0)) as cost_usd
             from public.model_prices p
            where p.provider = e.provider and p.model = e.model and p.effective_from <= e.started_at and p.from_input_tokens <= coalesce(e.input_tokens, 0)
            order by p.effective_from desc, p.from_input_tokens desc limit 1) price on true
   where keyloft.is_end(e)
$$;
comment on function keyloft.records_of(keyloft.call_end[]) is 'What the books say of these calls, with their cost by the price in force when they began. Of those that can be written.';

create function keyloft.settle_calls(in_ends keyloft.call_end[]) returns text[]
  language plpgsql volatile security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_mergejoin = off -- of a batch with all that are under way
  set enable_hashjoin = off
as $$
declare
  given_owners uuid[];
  owners uuid[];
  ids uuid[];
  written integer;
  written_ids uuid[];
  verdicts text[];
  is_capped boolean;
  of_platform boolean;
  in_advance boolean;
  reservations keyloft.presumed_reservations[];
  drawn keyloft.presumed_reservations[];
  presumed keyloft.presumed_reservations[];
  booked keyloft.counted_call[];
  lowered_ids uuid[];
begin
  select pg_catalog.array_agg(e.user_id), pg_catalog.array_agg(e.id), pg_catalog.bool_or(e.credential_source in ('server-key', 'team-gateway')), pg_catalog.bool_or(e.advance_id is not null)
    into given_owners, ids, of_platform, in_advance
    from unnest(in_ends) e;
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('keyloft: limits set', 0));
  owners := keyloft.present_owners(given_owners);
  if owners <> given_owners then
    for place in 1 .. cardinality(ids) loop
      continue when owners[place] is not distinct from given_owners[place];
      in_ends[place].user_id := owners[place];
    end loop;
  end if;
  is_capped := keyloft.are_limited(owners, of_platform);

  -- Before the record, as the sweeper does it: the hold is the lock between the two.
  with released as (
    delete from keyloft.holds h
     using (select e.user_id, e.id from unnest(in_ends) e where coalesce(e.was_opened, true) and keyloft.is_end(e) order by 1, 2) ended
     where h.user_id = ended.user_id and h.id = ended.id
    returning h.user_id, h.id, h.quota_ids, h.reserved_at, h.most_tokens, h.most_cost_usd
  )
  select pg_catalog.array_agg(row(user_id, id, quota_ids, reserved_at, most_tokens, most_cost_usd)::keyloft.presumed_reservations) into reservations
    from released where quota_ids is not null;

  -- Nearly always all are new, and no limit asks for more than that they are written: without a look for each, and without
  -- giving each back, it is half the work.
  if not is_capped then
    begin
      insert into public.usage_records select r.* from keyloft.records_of(in_ends) r order by r.user_id, r.id;
      get diagnostics written = row_count;
      written_ids := case when written = cardinality(ids) then ids else array(select e.id from unnest(in_ends) e where keyloft.is_end(e)) end;
    exception when unique_violation then
      written_ids := null;
    end;
  end if;
  if written_ids is null then
    with written as (
      insert into public.usage_records as u select r.* from keyloft.records_of(in_ends) r order by r.user_id, r.id
      on conflict (user_id, id, started_at) do nothing
      returning u.id, case when is_capped then keyloft.counted(u) end as counted
    )
    select coalesce(pg_catalog.array_agg(w.id), '{}'), case when is_capped then pg_catalog.array_agg(w.counted) end into written_ids, booked from written w;
  end if;
  verdicts := keyloft.verdicts_of(ids, written_ids, 'settled',
    case when cardinality(written_ids) < cardinality(ids)
      then array(select place from pg_catalog.generate_subscripts(in_ends, 1) as place where not keyloft.is_end(in_ends[place])) end);

  -- Late ends, rare enough for a look of their own. All in one statement, so that no hour is locked between two calls.
  if 'already' = any (verdicts) then
    with late as (
      select r.* from keyloft.records_of(in_ends) r join public.usage_records u on u.user_id = r.user_id and u.id = r.id and u.started_at = r.started_at
       where u.outcome = 'presumed' order by u.user_id, u.id for update of u
    ), corrected as (
      update public.usage_records u
         set ended_at = l.ended_at, outcome = l.outcome, status = l.status, first_byte_ms = l.first_byte_ms, input_tokens = l.input_tokens,
             cached_input_tokens = l.cached_input_tokens, cache_write_5m_tokens = l.cache_write_5m_tokens,
             cache_write_1h_tokens = l.cache_write_1h_tokens, audio_input_tokens = l.audio_input_tokens, output_tokens = l.output_tokens,
             reasoning_tokens = l.reasoning_tokens, audio_output_tokens = l.audio_output_tokens, images = l.images, searches = l.searches,
             usage_basis = l.usage_basis, provider_usage = l.provider_usage, provider_cost_usd = l.provider_cost_usd,
             price_id = l.price_id, settled_at = l.settled_at, cost_usd = least(u.cost_usd, l.cost_usd)
        from late l
       where u.user_id = l.user_id and u.id = l.id and u.started_at = l.started_at
      returning u.id
    )
    select pg_catalog.array_agg(id) into lowered_ids from corrected;
    if lowered_ids is not null then
      select pg_catalog.array_agg(case when verdict = 'already' and id = any (lowered_ids) then 'lowered' else verdict end order by place)
        into verdicts
        from unnest(ids, verdicts) with ordinality as g (id, verdict, place);
    end if;
  end if;

  if in_advance then
    select d.drawn, d.presumed into drawn, presumed
      from (select pg_catalog.array_agg(owners[place]) as owners, pg_catalog.array_agg(ids[place]) as ids, pg_catalog.array_agg(in_ends[place].advance_id) as advance_ids
              from (select distinct on (owners[place], ids[place]) place -- one may be told twice
                      from pg_catalog.generate_subscripts(in_ends, 1) as place where verdicts[place] = 'settled' and in_ends[place].advance_id is not null) once) g
           cross join lateral keyloft.draw_places(g.owners, g.ids, g.advance_ids) d;
  end if;

  -- Only a tier's limit can have been made meanwhile: by a call that needed it, which waits for nobody.
  if not is_capped and keyloft.are_limited(owners, of_platform) then
    is_capped := true;
    select pg_catalog.array_agg(keyloft.counted(u)) into booked
      from (select distinct owners[place] as owner, ids[place] as id, in_ends[place].started_at
              from pg_catalog.generate_subscripts(in_ends, 1) as place where verdicts[place] = 'settled') g
           join public.usage_records u on u.user_id = g.owner and u.id = g.id and u.started_at = g.started_at;
  end if;
  if is_capped then
    perform keyloft.book_quotas(owners, of_platform, booked, reservations || drawn, presumed);
    if lowered_ids is not null then
      perform keyloft.lower_quotas(owners, ids, (select pg_catalog.array_agg(e.started_at) from unnest(in_ends) e), lowered_ids);
    end if;
  end if;
  return verdicts;
end
$$;
comment on function keyloft.settle_calls(keyloft.call_end[]) is 'Writes down calls that have ended, each once, with their cost. A verdict for each row; a bad one fails no other.';

revoke all on function keyloft.is_end(keyloft.call_end), keyloft.records_of(keyloft.call_end[]), keyloft.settle_calls(keyloft.call_end[]) from public;
grant execute on function keyloft.is_end(keyloft.call_end), keyloft.records_of(keyloft.call_end[]) to keyloft_definer;
grant execute on function keyloft.settle_calls(keyloft.call_end[]) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.settle_calls(keyloft.call_end[]) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

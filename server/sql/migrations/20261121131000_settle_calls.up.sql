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

create function keyloft.settle_calls(in_ends keyloft.call_end[]) returns text[]
  language plpgsql volatile security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_mergejoin = off -- of a batch with all that are under way
  set enable_hashjoin = off
as $$
declare
  owners uuid[];
  ids uuid[];
  written_ids uuid[];
  invalid bigint[];
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
    into owners, ids, of_platform, in_advance
    from unnest(in_ends) e;
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('keyloft: limits set', 0));
  owners := keyloft.present_owners(owners);
  is_capped := keyloft.are_limited(owners, of_platform);
  with given as materialized (
    select g.*, keyloft.is_call(owner, id, started_at, request_id, operation, provider, model, credential_source)
                and coalesce(
                  decisions is not null and outcome in ('completed', 'failed', 'aborted') and usage_basis in ('reported', 'estimated', 'none', 'unknown')
                  and least(cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, audio_input_tokens, reasoning_tokens, audio_output_tokens, images, searches) >= 0
                  and cached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + audio_input_tokens <= input_tokens
                  and reasoning_tokens + audio_output_tokens <= output_tokens
                  and greatest(input_tokens, output_tokens, images, searches) <= 1000000000000
                  and coalesce(provider_cost_usd between 0 and 1e12, true), false) as is_valid
      from (select e.place, owners[e.place] as owner, e.id, e.started_at, e.request_id, e.operation, e.provider, e.model, e.credential_source, e.key_id, e.token_id,
                   e.decisions, coalesce(e.was_opened, true) as was_opened, e.ended_at, e.outcome, e.status, e.first_byte_ms, coalesce(e.input_tokens, 0) as input_tokens,
                   coalesce(e.cached_input_tokens, 0) as cached_input_tokens, coalesce(e.cache_write_5m_tokens, 0) as cache_write_5m_tokens,
                   coalesce(e.cache_write_1h_tokens, 0) as cache_write_1h_tokens, coalesce(e.audio_input_tokens, 0) as audio_input_tokens,
                   coalesce(e.output_tokens, 0) as output_tokens, coalesce(e.reasoning_tokens, 0) as reasoning_tokens,
                   coalesce(e.audio_output_tokens, 0) as audio_output_tokens, coalesce(e.images, 0) as images, coalesce(e.searches, 0) as searches,
                   e.usage_basis, e.provider_usage::json as provider_usage, e.provider_cost_usd
              from unnest(in_ends) with ordinality as e (
                   user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, was_opened, ended_at, outcome, status,
                   first_byte_ms, input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, audio_input_tokens, output_tokens,
                   reasoning_tokens, audio_output_tokens, images, searches, usage_basis, provider_usage, provider_cost_usd, advance_id, place)) g
  ), released as (
    -- Before the record, as the sweeper does it: the hold is the lock between the two. That it is counted below lets it go first.
    delete from keyloft.holds h using (select owner, id from given where is_valid and was_opened order by owner, id) ended
     where h.user_id = ended.owner and h.id = ended.id
    returning h.user_id, h.id, h.quota_ids, h.reserved_at, h.most_tokens, h.most_cost_usd
  ), written as (
    insert into public.usage_records as u (
      user_id, id, started_at, ended_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions,
      outcome, status, first_byte_ms, input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, audio_input_tokens,
      output_tokens, reasoning_tokens, audio_output_tokens, images, searches, usage_basis, provider_usage, cost_usd, price_id, provider_cost_usd)
    select g.owner, g.id, g.started_at, g.ended_at, g.request_id, g.operation, g.provider, g.model, g.credential_source, g.key_id, g.token_id, g.decisions,
           g.outcome, g.status, g.first_byte_ms, g.input_tokens, g.cached_input_tokens, g.cache_write_5m_tokens, g.cache_write_1h_tokens, g.audio_input_tokens,
           g.output_tokens, g.reasoning_tokens, g.audio_output_tokens, g.images, g.searches, g.usage_basis, g.provider_usage,
           case g.usage_basis when 'none' then 0 when 'unknown' then null else price.cost_usd end,
           price.id, g.provider_cost_usd
      from given g
           left join lateral (
             select p.id, keyloft.cost_of(
                      p, g.input_tokens, g.cached_input_tokens, g.cache_write_5m_tokens, g.cache_write_1h_tokens, g.audio_input_tokens,
                      g.output_tokens, g.reasoning_tokens, g.audio_output_tokens, g.images, g.searches) as cost_usd
               from public.model_prices p
              where p.provider = g.provider and p.model = g.model and p.effective_from <= g.started_at and p.from_input_tokens <= g.input_tokens
              order by p.effective_from desc, p.from_input_tokens desc limit 1) price on true
     where g.is_valid and (select count(*) from released) >= 0 order by g.owner, g.id
    on conflict (user_id, id, started_at) do nothing
    returning u.id, case when is_capped then keyloft.counted(u) end as counted
  )
  select (select pg_catalog.array_agg(id) from written), (select pg_catalog.array_agg(place) from given where not is_valid),
         case when is_capped then (select pg_catalog.array_agg(counted) from written) end,
         (select pg_catalog.array_agg(row(user_id, id, quota_ids, reserved_at, most_tokens, most_cost_usd)::keyloft.presumed_reservations)
            from released where quota_ids is not null)
    into written_ids, invalid, booked, reservations;
  verdicts := keyloft.verdicts_of(ids, written_ids, 'settled', invalid);

  -- Late ends, rare enough for a look of their own. All in one statement, so that no hour is locked between two calls.
  if 'already' = any (verdicts) then
    with late as (
      select u.user_id, u.id, u.started_at, price.id as price_id, price.cost_usd, e.ended_at, e.outcome, e.status, e.first_byte_ms,
             coalesce(e.input_tokens, 0) as input_tokens, coalesce(e.cached_input_tokens, 0) as cached_input_tokens,
             coalesce(e.cache_write_5m_tokens, 0) as cache_write_5m_tokens, coalesce(e.cache_write_1h_tokens, 0) as cache_write_1h_tokens,
             coalesce(e.audio_input_tokens, 0) as audio_input_tokens, coalesce(e.output_tokens, 0) as output_tokens,
             coalesce(e.reasoning_tokens, 0) as reasoning_tokens, coalesce(e.audio_output_tokens, 0) as audio_output_tokens,
             coalesce(e.images, 0) as images, coalesce(e.searches, 0) as searches, e.usage_basis, e.provider_usage::json as provider_usage, e.provider_cost_usd
        from pg_catalog.generate_subscripts(in_ends, 1) as place
             cross join lateral (select (in_ends[place]).*) e
             join public.usage_records u on u.user_id = owners[place] and u.id = e.id and u.started_at = e.started_at
             left join lateral (
               select p.id, keyloft.cost_of(
                        p, coalesce(e.input_tokens, 0), coalesce(e.cached_input_tokens, 0), coalesce(e.cache_write_5m_tokens, 0),
                        coalesce(e.cache_write_1h_tokens, 0), coalesce(e.audio_input_tokens, 0), coalesce(e.output_tokens, 0),
                        coalesce(e.reasoning_tokens, 0), coalesce(e.audio_output_tokens, 0), coalesce(e.images, 0), coalesce(e.searches, 0)) as cost_usd
                 from public.model_prices p
                where p.provider = u.provider and p.model = u.model and p.effective_from <= u.started_at and p.from_input_tokens <= coalesce(e.input_tokens, 0)
                order by p.effective_from desc, p.from_input_tokens desc limit 1) price on true
       where verdicts[place] = 'already' and u.outcome = 'presumed'
       order by u.user_id, u.id for update of u
    ), corrected as (
      update public.usage_records u
         set ended_at = l.ended_at, outcome = l.outcome, status = l.status, first_byte_ms = l.first_byte_ms, input_tokens = l.input_tokens,
             cached_input_tokens = l.cached_input_tokens, cache_write_5m_tokens = l.cache_write_5m_tokens,
             cache_write_1h_tokens = l.cache_write_1h_tokens, audio_input_tokens = l.audio_input_tokens, output_tokens = l.output_tokens,
             reasoning_tokens = l.reasoning_tokens, audio_output_tokens = l.audio_output_tokens, images = l.images, searches = l.searches,
             usage_basis = l.usage_basis, provider_usage = l.provider_usage, provider_cost_usd = l.provider_cost_usd,
             price_id = l.price_id, settled_at = pg_catalog.clock_timestamp(),
             cost_usd = least(u.cost_usd, case l.usage_basis when 'none' then 0 when 'unknown' then null else l.cost_usd end)
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

revoke all on function keyloft.settle_calls(keyloft.call_end[]) from public;
grant execute on function keyloft.settle_calls(keyloft.call_end[]) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.settle_calls(keyloft.call_end[]) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

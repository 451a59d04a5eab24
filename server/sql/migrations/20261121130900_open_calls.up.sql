-- Calls that are about to be made are written down, many at once.
set local role keyloft_owner;

-- Of every call, open or ended.
create function keyloft.is_call(
  user_id uuid, id uuid, started_at timestamptz, request_id text, operation text, provider text, model text, credential_source text
) returns boolean
  language sql immutable
  return coalesce(
    user_id is not null and id is not null and isfinite(started_at) and char_length(request_id) between 1 and 200
    and char_length(operation) between 1 and 100 and char_length(provider) <= 50 and provider ~ '^[a-z0-9][a-z0-9_-]*$' and char_length(model) between 1 and 200
    and credential_source in ('user-gateway', 'user-key', 'server-key', 'team-gateway'), false);

-- A verdict for each row of a batch. Nearly always all were written, so nothing is joined to find out.
create function keyloft.verdicts_of(in_ids uuid[], written_ids uuid[], written text, invalid bigint[]) returns text[]
  language plpgsql immutable
  set search_path = ''
as $$
declare
  verdicts text[];
begin
  if cardinality(written_ids) = cardinality(in_ids) then
    return pg_catalog.array_fill(written, array[cardinality(in_ids)]);
  end if;
  select pg_catalog.array_agg(case when place = any (invalid) then 'invalid' when id in (select pg_catalog.unnest(written_ids)) then written else 'already' end order by place)
    into verdicts
    from unnest(in_ids) with ordinality as g (id, place);
  return verdicts;
end
$$;

-- Intents. Verdicts, one for each row: opened; already, where the same call was opened before; invalid, and nothing was
-- written of it; or what refused it (keyloft.reserve_quotas). A row may also be no call but an advance for calls like it, with
-- the number of places that are wanted. Its verdicts: advance <places>; scarce.
create function keyloft.open_calls(
  in_user_ids uuid[], in_ids uuid[], in_started_at timestamptz[], in_request_ids text[], in_operations text[], in_providers text[],
  in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions json[], in_most_cost_usd numeric[],
  in_lease_seconds integer, in_most_input_tokens bigint[] default null, in_most_output_tokens bigint[] default null, in_most_choices bigint[] default null,
  in_most_images bigint[] default null, in_advance_ids uuid[] default null, in_places integer[] default null
) returns text[]
  language plpgsql volatile security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  written_ids uuid[];
  invalid bigint[];
  valid boolean[];
  reserving boolean[];
  first integer;
  is_capped boolean;
  reserved record;
  verdicts text[];
begin
  in_user_ids := keyloft.present_owners(in_user_ids);
  -- Most people have no limits, and their calls pay this question for it.
  is_capped := in_credential_sources && array['server-key', 'team-gateway']
    or exists (select from public.user_quota_limits q where q.user_id = any (in_user_ids) and q.spend <> 'platform');
  for place in 1 .. cardinality(in_ids) loop
    valid[place] := keyloft.is_call(in_user_ids[place], in_ids[place], in_started_at[place], in_request_ids[place], in_operations[place],
                                    in_providers[place], in_models[place], in_credential_sources[place])
      and in_decisions[place] is not null and coalesce(in_most_cost_usd[place] between 0 and 1e12, true);
    continue when not is_capped;
    valid[place] := valid[place]
      and coalesce(least(in_most_input_tokens[place], in_most_output_tokens[place], in_most_choices[place], in_most_images[place]) >= 0
                   and greatest(in_most_input_tokens[place], in_most_output_tokens[place], in_most_images[place]) <= 1000000000000
                   and coalesce(in_most_choices[place] <= 1000000, true) and coalesce(in_places[place] between 1 and 1000, true), true);
    -- The same call twice in one batch would have to be refused twice; it does not come, and the second is none.
    first := pg_catalog.array_position(in_ids, in_ids[place]);
    if first < place then
      valid[place] := valid[place] and not exists (select from pg_catalog.generate_series(first, place - 1) as other
                                                    where in_ids[other] = in_ids[place] and in_user_ids[other] = in_user_ids[place]);
    end if;
    reserving[place] := valid[place] and in_advance_ids[place] is null;
  end loop;
  if true = any (reserving) then
    select * into reserved from keyloft.reserve_quotas(
      in_user_ids, in_ids, in_started_at, in_providers, in_models, in_credential_sources, in_key_ids, reserving, in_most_cost_usd,
      in_most_input_tokens, in_most_output_tokens, in_most_choices, in_most_images, in_places);
  else
    select null::text[] as refusals, null::text[] as quota_ids, null::bigint[] as most_tokens, null::numeric[] as most_cost_usd, null::integer[] as places, null::timestamptz as reserved_at
      into reserved;
  end if;
  with written as (
    insert into keyloft.holds as h (
      user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, most_cost_usd, most_tokens,
      quota_ids, reserved_at, advance_id, lease_until)
    select in_user_ids[place], in_ids[place], in_started_at[place], in_request_ids[place], in_operations[place], in_providers[place], in_models[place],
           in_credential_sources[place], in_key_ids[place], in_token_ids[place], in_decisions[place],
           coalesce(reserved.most_cost_usd[place], in_most_cost_usd[place]), reserved.most_tokens[place], reserved.quota_ids[place]::uuid[],
           case when reserved.quota_ids[place] is not null then reserved.reserved_at end, in_advance_ids[place],
           pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
      from pg_catalog.generate_series(1, cardinality(in_ids)) as place
     where valid[place] and reserved.refusals[place] is null and in_places[place] is null
     order by in_user_ids[place], in_ids[place]
    on conflict (user_id, id) do nothing
    returning h.id
  )
  select pg_catalog.array_agg(id) into written_ids from written;
  verdicts := keyloft.verdicts_of(in_ids, written_ids, 'opened', pg_catalog.array_positions(valid, false)::bigint[]);
  if reserved.refusals is not null then
    select pg_catalog.array_agg(coalesce(refusal, verdict) order by place) into verdicts
      from unnest(verdicts, reserved.refusals) with ordinality as g (verdict, refusal, place) where place <= cardinality(in_ids);
  end if;
  if in_places is not null then
    insert into keyloft.advances (id, user_id, quota_ids, reserved_at, most_tokens, most_cost_usd, places, lease_until)
    select in_ids[place], in_user_ids[place], reserved.quota_ids[place]::uuid[], reserved.reserved_at, reserved.most_tokens[place], reserved.most_cost_usd[place],
           reserved.places[place], pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
      from pg_catalog.generate_series(1, cardinality(in_ids)) as place where reserved.places[place] > 0;
    for place in 1 .. cardinality(in_ids) loop
      if in_places[place] > 0 and verdicts[place] <> 'invalid' then -- one that is told again has its places already
        verdicts[place] := coalesce('advance ' || (select a.places from keyloft.advances a where a.id = in_ids[place]), 'scarce');
      end if;
    end loop;
  end if;
  return verdicts;
end
$$;
comment on function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[])
  is 'Writes down calls that are about to be made, and reserves what they may use at most. A verdict for each row; a bad one fails no other.';

revoke all on function keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text), keyloft.verdicts_of(uuid[], uuid[], text, bigint[]),
  keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[]) from public;
grant execute on function keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text), keyloft.verdicts_of(uuid[], uuid[], text, bigint[]) to keyloft_definer;
grant execute on function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[]) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[]) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

-- Reserving. A call counts in every quota that it belongs to. Its upper bound is reserved in all of them before it may be
-- made, and becomes what it used when it ends. Decision 0031 says how that is kept hard.
set local role keyloft_owner;

-- The dearest of each kind: what keyloft.cost_of says is never above it. Null: no such price. Without settings, so that it
-- becomes a part of the expression of whoever asks.
create function keyloft.most_cost_of(price public.model_prices, input_tokens bigint, output_tokens bigint, images bigint) returns numeric
  language sql immutable
  return 0.000001 * (
           case when input_tokens = 0 then 0 else input_tokens * greatest(
             (price).input_per_million, (price).cached_input_per_million, (price).cache_write_5m_per_million, (price).cache_write_1h_per_million,
             (price).audio_input_per_million) end
           + case when output_tokens = 0 then 0 else output_tokens * greatest(
               (price).output_per_million, (price).reasoning_per_million, (price).audio_output_per_million) end)
         + case when coalesce(images, 0) = 0 then 0 else images * (price).per_image end
         + coalesce((price).per_request, 0);
comment on function keyloft.most_cost_of(public.model_prices, bigint, bigint, bigint) is 'What a call of at most so many tokens costs at most, by this price.';

-- Reserves for each call in every quota it belongs to, one call after the other: it has a place if there is room for it in
-- all of them after those before it. What can be, is done by plain expressions, each of which costs a fiftieth of a
-- statement; and what was found out for a call is kept for those after it that are alike. What refuses one:
--   over <quota> <type> <set by> <spend> <requests|tokens|cost> <limit> <remaining> <asked for> <seconds since 1970 when it ends> <later|never>
--   (later: it may fit when what is reserved comes back)
--   unbounded <quota> <type> <set by> <spend> <tokens|cost>
-- An advance wants many places. It gets as many as an eighth of the room holds, or none: what is reserved for calls that may
-- never come must not be what one that did come lacks.
create function keyloft.reserve_quotas(
  in_user_ids uuid[], in_ids uuid[], in_started_at timestamptz[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[],
  in_valid boolean[], in_most_cost_usd numeric[], in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[],
  in_places integer[], out refusals text[], out quota_ids text[], out most_tokens bigint[], out most_cost_usd numeric[], out places integer[], out reserved_at timestamptz
)
  language plpgsql volatile
  set search_path = ''
as $$
declare
  of_platform boolean := in_credential_sources && array['server-key', 'team-gateway'];
  locked public.user_quota_limits[];
  tier record;
  of_tiers bigint[];
  opened_before integer[];
  -- What there is, what is left of each beside what calls under way may use, which is null without a limit, and that.
  quota public.user_quota_limits;
  quotas public.user_quota_limits[];
  ids uuid[];
  owners uuid[];
  left_requests bigint[];
  left_tokens bigint[];
  left_cost numeric[];
  taken_requests bigint[];
  taken_tokens bigint[];
  taken_cost numeric[];
  changed_ids uuid[];
  -- What the catalogue says of the models that are asked for.
  models text[];
  context_lengths bigint[];
  answer_lengths bigint[];
  prices public.model_prices[];
  price public.model_prices;
  found_prices public.model_prices[];
  context_length bigint;
  answer_length bigint;
  -- Of a call, and of those behind it that are alike.
  before integer;
  no integer;
  model integer;
  its integer[];
  its_ids uuid[];
  its_ids_text text;
  has_cost_limit boolean;
  -- Of a call alone.
  input_tokens bigint;
  output_tokens bigint;
  tokens bigint;
  cost numeric;
  price_from timestamptz;
  price_cost numeric;
  its_places integer;
  lacks text;
  may_fit_later boolean;
  refusing_ids uuid[];
begin
  if of_platform then
    insert into public.user_quota_limits (user_id, type, spend, set_by)
    select distinct g.user_id, t.type, 'platform', 'tier'
      from unnest(in_user_ids, in_credential_sources) as g (user_id, credential_source)
           join keyloft.tiers_of(in_user_ids) s on s.user_id = g.user_id
           join public.quota_tiers t on t.tier = s.tier
     where g.credential_source in ('server-key', 'team-gateway')
       and not exists (select from public.user_quota_limits q where q.user_id = g.user_id and q.type = t.type and q.set_by = 'tier')
     order by 1, 2
    on conflict do nothing;
  end if;
  locked := (keyloft.lock_quotas(in_user_ids, of_platform)).locked;
  if locked is null then
    return;
  end if;

  -- A tier counts calls that the operator pays for and no others, so it is looked up for those alone. Its limits are its own,
  -- unless the operator set others for the person.
  if of_platform then
    for tier in
      select q.ordinality as no, t.request_limit, t.token_limit, t.cost_limit
        from keyloft.tiers_of(in_user_ids) s
             join unnest(locked) with ordinality q on q.user_id = s.user_id and q.set_by = 'tier'
             join public.quota_tiers t on t.tier = s.tier and t.type = q.type
       where not exists (select from unnest(locked) o
                          where o.user_id = q.user_id and o.type = q.type and o.spend = 'platform' and o.set_by = 'operator' and o.is_active)
    loop
      locked[tier.no].request_limit := tier.request_limit;
      locked[tier.no].token_limit := tier.token_limit;
      locked[tier.no].cost_limit := tier.cost_limit;
      of_tiers := of_tiers || tier.no;
    end loop;
  end if;
  reserved_at := pg_catalog.clock_timestamp();
  no := 0;
  foreach quota in array locked loop
    no := no + 1;
    reserved_at := greatest(reserved_at, quota.last_reset);
    continue when not quota.is_active or quota.set_by = 'tier' and (no = any (of_tiers)) is not true;
    quotas := quotas || quota;
    ids := ids || quota.id;
    owners := owners || quota.user_id;
    left_requests := left_requests || (quota.request_limit - quota.used_requests);
    left_tokens := left_tokens || (quota.token_limit - quota.used_tokens);
    left_cost := left_cost || (quota.cost_limit - quota.used_cost);
    taken_requests := taken_requests || quota.reserved_requests;
    taken_tokens := taken_tokens || quota.reserved_tokens;
    taken_cost := taken_cost || quota.reserved_cost;
  end loop;
  if ids is null then
    return;
  end if;

  -- Not as a join, which might read all there are.
  opened_before := array(select place from pg_catalog.generate_series(1, cardinality(in_ids)) as place
                          where (select true from keyloft.holds h where h.user_id = in_user_ids[place] and h.id = in_ids[place])
                             or in_places[place] > 0 and (select true from keyloft.advances a where a.id = in_ids[place]));
  for place in 1 .. cardinality(in_ids) loop
    continue when not in_valid[place] or place = any (opened_before);
    if before is null or (in_user_ids[place], in_providers[place], in_models[place], in_credential_sources[place], in_key_ids[place])
         is distinct from (in_user_ids[before], in_providers[before], in_models[before], in_credential_sources[before], in_key_ids[before]) then
      before := place;
      its := null;
      its_ids := null;
      has_cost_limit := false;
      foreach no in array pg_catalog.array_positions(owners, in_user_ids[place]) || pg_catalog.array_positions(owners, null) loop
        if keyloft.quota_counts(quotas[no], in_providers[place], in_models[place], in_credential_sources[place], in_key_ids[place]) then
          its := its || no;
          its_ids := its_ids || ids[no];
          has_cost_limit := has_cost_limit or quotas[no].cost_limit is not null;
        end if;
      end loop;
      if its is not null then
        its_ids_text := its_ids::text;
        model := pg_catalog.array_position(models, in_providers[place] || '/' || in_models[place]);
        if model is null then
          select m.context_length, m.max_tokens,
                 array(select p from public.model_prices p where p.provider = in_providers[place] and p.model = in_models[place] order by p.effective_from desc)
            into context_length, answer_length, found_prices
            from (values (1)) as one left join public.ai_models m on m.provider = in_providers[place] and m.model = in_models[place];
          models := models || (in_providers[place] || '/' || in_models[place]);
          model := cardinality(models);
          context_lengths[model] := context_length;
          answer_lengths[model] := answer_length;
          prices := prices || found_prices;
        end if;
      end if;
    end if;
    continue when its is null;

    input_tokens := case when in_most_input_tokens[place] = 1000000000000 then context_lengths[model]
                         when in_most_cost_usd[place] is null and in_most_input_tokens[place] is not null then least(in_most_input_tokens[place], context_lengths[model])
                         else in_most_input_tokens[place] end;
    output_tokens := coalesce(in_most_choices[place], 1) * coalesce(in_most_output_tokens[place], answer_lengths[model], context_lengths[model]);
    tokens := input_tokens + output_tokens;
    cost := in_most_cost_usd[place];
    if cost is null and has_cost_limit then
      -- The dearest of every tier that so many tokens may reach, of the prices in force when it began: the newest come first.
      price_from := null;
      price_cost := null;
      foreach price in array prices loop
        continue when price.model <> in_models[place] or price.provider <> in_providers[place] or price.effective_from > in_started_at[place];
        exit when price.effective_from < price_from;
        price_from := price.effective_from;
        continue when (price.from_input_tokens <= input_tokens) is not true;
        price_cost := keyloft.most_cost_of(price, input_tokens, output_tokens, in_most_images[place]);
        cost := greatest(cost, price_cost);
        exit when price_cost is null;
      end loop;
      if price_cost is null then
        cost := null;
      end if;
    end if;

    -- What nobody can bound does not fit.
    its_places := in_places[place];
    lacks := null;
    foreach no in array its loop
      if its_places is not null then
        its_places := least(its_places, case when quotas[no].no_advances_until > pg_catalog.clock_timestamp() then 0 end, (left_requests[no] - taken_requests[no]) / 8,
          case when left_tokens[no] is not null then case tokens when 0 then its_places else coalesce((left_tokens[no] - taken_tokens[no]) / (8 * tokens), 0) end end,
          case when left_cost[no] is not null then case cost when 0 then its_places else coalesce(pg_catalog.trunc((left_cost[no] - taken_cost[no]) / (8 * cost)), 0) end end);
        continue;
      end if;
      lacks := case
        when left_requests[no] <= taken_requests[no] then 'requests'
        when left_tokens[no] is not null and (taken_tokens[no] + tokens <= left_tokens[no]) is not true then 'tokens'
        when left_cost[no] is not null and (taken_cost[no] + cost <= left_cost[no]) is not true then 'cost'
      end;
      exit when lacks is not null;
    end loop;
    continue when its_places < 1;
    if lacks is not null then
      quota := quotas[no];
      may_fit_later := case lacks when 'requests' then left_requests[no] >= 1 when 'tokens' then left_tokens[no] >= tokens else left_cost[no] >= cost end;
      if may_fit_later then
        refusing_ids := refusing_ids || quota.id;
      end if;
      refusals := coalesce(refusals, pg_catalog.array_fill(null::text, array[cardinality(in_ids)]));
      refusals[place] := case
        when lacks = 'tokens' and tokens is null or lacks = 'cost' and cost is null
          then pg_catalog.concat_ws(' ', 'unbounded', quota.id, quota.type, quota.set_by, quota.spend, lacks)
        else pg_catalog.concat_ws(' ', 'over', quota.id, quota.type, quota.set_by, quota.spend, lacks, case lacks
          when 'requests' then pg_catalog.concat_ws(' ', quota.request_limit, greatest(left_requests[no] - taken_requests[no], 0), 1)
          when 'tokens' then pg_catalog.concat_ws(' ', quota.token_limit, greatest(left_tokens[no] - taken_tokens[no], 0), tokens)
          else pg_catalog.concat_ws(' ', pg_catalog.trim_scale(quota.cost_limit),
            pg_catalog.trim_scale(greatest(left_cost[no] - taken_cost[no], 0)), pg_catalog.trim_scale(cost)) end,
          extract(epoch from quota.reset_at)::bigint, case when may_fit_later then 'later' else 'never' end)
      end;
      continue;
    end if;
    if its_ids is not null then
      changed_ids := changed_ids || its_ids;
      its_ids := null;
    end if;
    foreach no in array its loop
      taken_requests[no] := taken_requests[no] + coalesce(its_places, 1);
      taken_tokens[no] := taken_tokens[no] + coalesce(its_places, 1) * coalesce(tokens, 0);
      taken_cost[no] := taken_cost[no] + coalesce(its_places, 1) * coalesce(cost, 0);
    end loop;
    places[place] := its_places;
    quota_ids[place] := its_ids_text;
    most_tokens[place] := tokens;
    most_cost_usd[place] := cost;
  end loop;

  update public.user_quota_limits q set reserved_requests = t.requests, reserved_tokens = t.tokens, reserved_cost = t.cost
    from unnest(ids, taken_requests, taken_tokens, taken_cost) as t (id, requests, tokens, cost)
   where q.id = t.id and t.id = any (changed_ids);
  if refusing_ids is not null then
    update public.user_quota_limits q set no_advances_until = pg_catalog.clock_timestamp() + interval '2 seconds'
     where q.id = any (refusing_ids) and (q.no_advances_until > pg_catalog.clock_timestamp() + interval '1 second') is not true;
  end if;
end
$$;
comment on function keyloft.reserve_quotas(uuid[], uuid[], timestamptz[], text[], text[], text[], uuid[], boolean[], numeric[], bigint[], bigint[], bigint[], bigint[], integer[])
  is 'Reserves the most that each call may use. By the place of each call: what refuses it, and where how much was reserved.';

revoke all on function keyloft.most_cost_of(public.model_prices, bigint, bigint, bigint),
  keyloft.reserve_quotas(uuid[], uuid[], timestamptz[], text[], text[], text[], uuid[], boolean[], numeric[], bigint[], bigint[], bigint[], bigint[], integer[]) from public;
grant execute on function keyloft.most_cost_of(public.model_prices, bigint, bigint, bigint),
  keyloft.reserve_quotas(uuid[], uuid[], timestamptz[], text[], text[], text[], uuid[], boolean[], numeric[], bigint[], bigint[], bigint[], bigint[], integer[]) to keyloft_definer;

-- What was called, by whom, with whose credential, and what it cost. A call is written down before it may answer (holds)
-- and again when it has ended (usage_records). docs/guides/usage.md tells it for people, decision 0024 why it is so.
--
-- Locks are taken in one order by whoever writes: account moves (keyloft.present_owners, of a later migration), quota id,
-- call id, hour.
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

create table public.usage_records (
  user_id uuid not null,
  id uuid not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  request_id text not null,
  operation text not null,
  provider text not null,
  model text not null,
  credential_source text not null,
  key_id uuid,
  token_id uuid,
  decisions jsonb not null,
  outcome text not null,
  status integer,
  first_byte_ms integer,
  input_tokens bigint not null default 0,
  cached_input_tokens bigint not null default 0,
  cache_write_5m_tokens bigint not null default 0,
  cache_write_1h_tokens bigint not null default 0,
  audio_input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  reasoning_tokens bigint not null default 0,
  audio_output_tokens bigint not null default 0,
  images bigint not null default 0,
  usage_basis text not null,
  provider_usage jsonb,
  cost_usd numeric,
  price_id uuid,
  provider_cost_usd numeric,
  settled_at timestamptz not null default clock_timestamp(),
  primary key (user_id, id, started_at),
  -- One and not many: a constraint is prepared anew for each statement, which for a single row costs as much as the row.
  -- The rest is checked by the functions, through which alone anybody writes.
  constraint usage_records_figures check (
    cost_usd between 0 and 1e12 and provider_cost_usd between 0 and 1e12
    and cached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + audio_input_tokens <= input_tokens
    and reasoning_tokens + audio_output_tokens <= output_tokens
  )
) partition by range (started_at);
comment on table public.usage_records is 'One row for each call. Partitioned by month; keyloft.make_usage_partitions makes the months.';
comment on column public.usage_records.id is 'UUIDv7, made when the call began; the id of its hold before.';
comment on column public.usage_records.outcome is 'presumed: its process went away, and nobody knows how it ended.';
comment on column public.usage_records.input_tokens is 'All of them; cached, written and audio tokens are parts of it. So are reasoning and audio tokens of output_tokens.';
comment on column public.usage_records.usage_basis is 'reported by the provider, estimated by us, none (nothing to charge), or unknown.';
comment on column public.usage_records.cost_usd is 'By the price in force when the call began. Null: unpriced, because its price or its usage is not known.';
comment on column public.usage_records.provider_cost_usd is 'What the provider said that it costs, where it says so. Kept beside ours.';
comment on column public.usage_records.decisions is 'How its credential was chosen.';

-- Rows whose month has no partition yet land here, so that none is ever refused; making the month moves them.
create table keyloft.usage_records_default partition of public.usage_records default;

create table public.usage_hourly (
  user_id uuid not null,
  hour timestamptz not null,
  provider text not null,
  model text not null,
  credential_source text not null,
  requests bigint not null,
  unpriced_requests bigint not null,
  presumed_requests bigint not null,
  input_tokens bigint not null,
  cached_input_tokens bigint not null,
  output_tokens bigint not null,
  reasoning_tokens bigint not null,
  cost_usd numeric not null,
  primary key (user_id, hour, provider, model, credential_source)
) with (fillfactor = 70); -- room for the next version of a row on its own page, which spares the index
comment on table public.usage_hourly is 'usage_records summed up by the hour in which they began. A trigger keeps it, whoever writes them.';

create table keyloft.holds (
  user_id uuid not null,
  id uuid not null,
  started_at timestamptz not null,
  request_id text not null,
  operation text not null,
  provider text not null,
  model text not null,
  credential_source text not null,
  key_id uuid,
  token_id uuid,
  decisions jsonb not null,
  most_cost_usd numeric,
  lease_until timestamptz not null,
  primary key (user_id, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000);
comment on table keyloft.holds is 'Calls that are under way. A row whose lease has ended belonged to a process that went away. No index of leases: the table is small and read through once a minute, and every call would pay for it.';
comment on column keyloft.holds.most_cost_usd is 'What it may cost at most, where somebody could tell; booked if nobody ever settles it.';

create table public.user_quota_limits (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  type text not null,
  provider text,
  model text,
  request_limit bigint,
  token_limit bigint,
  cost_limit numeric,
  used_requests bigint not null default 0,
  used_tokens bigint not null default 0,
  used_cost numeric not null default 0,
  reset_at timestamptz,
  last_reset timestamptz,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_quota_limits_what_key unique nulls not distinct (user_id, type, provider, model),
  constraint user_quota_limits_type_known check (type in ('daily', 'monthly', 'provider', 'model')),
  constraint user_quota_limits_says_what check (
    case type when 'provider' then provider is not null and model is null when 'model' then model is not null else provider is null and model is null end),
  constraint user_quota_limits_limits_something check (num_nonnulls(request_limit, token_limit, cost_limit) > 0),
  constraint user_quota_limits_bounded check (
    request_limit between 0 and 1000000000000 and token_limit between 0 and 1000000000000000 and cost_limit between 0 and 1e12)
);
comment on table public.user_quota_limits is 'What a person may use. The operator''s to set; the person may read it.';
create trigger user_quota_limits_updated_at before update on public.user_quota_limits
  for each row execute function keyloft.set_updated_at();

-- The hours are kept where the records are: whatever writes, corrects or moves a record, its hour follows.
create function keyloft.roll_up_usage() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    with changes as (
      select 1 as sign, n.* from new_rows n union all select -1, o.* from old_rows o
    )
    insert into public.usage_hourly as h
    select user_id, pg_catalog.date_trunc('hour', started_at, 'UTC') as hour, provider, model, credential_source, sum(sign),
           sum(case when cost_usd is null then sign else 0 end), sum(case when outcome = 'presumed' then sign else 0 end),
           sum(sign * input_tokens), sum(sign * cached_input_tokens), sum(sign * output_tokens), sum(sign * reasoning_tokens),
           sum(sign * coalesce(cost_usd, 0))
      from changes group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (user_id, hour, provider, model, credential_source) do update
       set requests = h.requests + excluded.requests, unpriced_requests = h.unpriced_requests + excluded.unpriced_requests,
           presumed_requests = h.presumed_requests + excluded.presumed_requests, input_tokens = h.input_tokens + excluded.input_tokens,
           cached_input_tokens = h.cached_input_tokens + excluded.cached_input_tokens, output_tokens = h.output_tokens + excluded.output_tokens,
           reasoning_tokens = h.reasoning_tokens + excluded.reasoning_tokens, cost_usd = h.cost_usd + excluded.cost_usd;
  else
    insert into public.usage_hourly as h
    select user_id, pg_catalog.date_trunc('hour', started_at, 'UTC') as hour, provider, model, credential_source, count(*),
           count(*) - count(cost_usd), count(*) filter (where outcome = 'presumed'),
           sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(reasoning_tokens), coalesce(sum(cost_usd), 0)
      from new_rows group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (user_id, hour, provider, model, credential_source) do update
       set requests = h.requests + excluded.requests, unpriced_requests = h.unpriced_requests + excluded.unpriced_requests,
           presumed_requests = h.presumed_requests + excluded.presumed_requests, input_tokens = h.input_tokens + excluded.input_tokens,
           cached_input_tokens = h.cached_input_tokens + excluded.cached_input_tokens, output_tokens = h.output_tokens + excluded.output_tokens,
           reasoning_tokens = h.reasoning_tokens + excluded.reasoning_tokens, cost_usd = h.cost_usd + excluded.cost_usd;
  end if;
  return null;
end
$$;
create trigger usage_records_rolled_up after insert on public.usage_records
  referencing new table as new_rows for each statement execute function keyloft.roll_up_usage();
create trigger usage_records_rolled_up_again after update on public.usage_records
  referencing new table as new_rows old table as old_rows for each statement execute function keyloft.roll_up_usage();

-- Intents. Verdicts, one for each row: opened; already, where the same call was opened before; invalid, and nothing was
-- written of it. Caps (user_quota_limits) come first in here, under the lock of the quota, with a verdict of their own.
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
  select pg_catalog.array_agg(case when place = any (invalid) then 'invalid' when id = any (written_ids) then written else 'already' end order by place)
    into verdicts
    from unnest(in_ids) with ordinality as g (id, place);
  return verdicts;
end
$$;

create function keyloft.open_calls(
  in_user_ids uuid[], in_ids uuid[], in_started_at timestamptz[], in_request_ids text[], in_operations text[], in_providers text[],
  in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions jsonb[], in_most_cost_usd numeric[],
  in_lease_seconds integer
) returns text[]
  language plpgsql volatile security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  written_ids uuid[];
  invalid bigint[];
begin
  in_user_ids := keyloft.present_owners(in_user_ids);
  with given as (
    select g.*, keyloft.is_call(user_id, id, started_at, request_id, operation, provider, model, credential_source)
                and decisions is not null and coalesce(most_cost_usd between 0 and 1e12, true) as is_valid
      from unnest(in_user_ids, in_ids, in_started_at, in_request_ids, in_operations, in_providers, in_models, in_credential_sources,
                  in_key_ids, in_token_ids, in_decisions, in_most_cost_usd) with ordinality as g (
                  user_id, id, started_at, request_id, operation, provider, model, credential_source,
                  key_id, token_id, decisions, most_cost_usd, place)
  ), written as (
    insert into keyloft.holds as h (
      user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, most_cost_usd, lease_until)
    select user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, most_cost_usd,
           pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
      from given where is_valid order by user_id, id
    on conflict (user_id, id) do nothing
    returning h.id
  )
  select (select pg_catalog.array_agg(id) from written), (select pg_catalog.array_agg(place) from given where not is_valid)
    into written_ids, invalid;
  return keyloft.verdicts_of(in_ids, written_ids, 'opened', invalid);
end
$$;
comment on function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[], numeric[], integer)
  is 'Writes down calls that are about to be made. A verdict for each row; a bad one fails no other.';

-- Ends. A row says all of its call, so that it is written whether or not it was opened before. Verdicts: settled;
-- already, where it had been settled before and nothing changed; lowered, where it had been presumed and is corrected;
-- invalid. An array in which nobody has anything may be null. What a quota reserved for the hold is moved in here, before the
-- calls are touched.
create function keyloft.settle_calls(
  in_user_ids uuid[], in_ids uuid[], in_started_at timestamptz[], in_request_ids text[], in_operations text[], in_providers text[],
  in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions jsonb[],
  in_ended_at timestamptz[], in_outcomes text[], in_statuses integer[], in_first_byte_ms integer[],
  in_input_tokens bigint[], in_cached_input_tokens bigint[], in_cache_write_5m_tokens bigint[], in_cache_write_1h_tokens bigint[],
  in_audio_input_tokens bigint[], in_output_tokens bigint[], in_reasoning_tokens bigint[], in_audio_output_tokens bigint[], in_images bigint[],
  in_usage_bases text[], in_provider_usage jsonb[], in_provider_cost_usd numeric[]
) returns text[]
  language plpgsql volatile security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  written_ids uuid[];
  invalid bigint[];
  verdicts text[];
  none bigint[] := pg_catalog.array_fill(0::bigint, array[cardinality(in_ids)]);
begin
  in_user_ids := keyloft.present_owners(in_user_ids);
  in_input_tokens := coalesce(in_input_tokens, none);
  in_cached_input_tokens := coalesce(in_cached_input_tokens, none);
  in_cache_write_5m_tokens := coalesce(in_cache_write_5m_tokens, none);
  in_cache_write_1h_tokens := coalesce(in_cache_write_1h_tokens, none);
  in_audio_input_tokens := coalesce(in_audio_input_tokens, none);
  in_output_tokens := coalesce(in_output_tokens, none);
  in_reasoning_tokens := coalesce(in_reasoning_tokens, none);
  in_audio_output_tokens := coalesce(in_audio_output_tokens, none);
  in_images := coalesce(in_images, none);
  with given as (
    select g.*, keyloft.is_call(user_id, id, started_at, request_id, operation, provider, model, credential_source)
                and coalesce(
                  decisions is not null and outcome in ('completed', 'failed', 'aborted') and usage_basis in ('reported', 'estimated', 'none', 'unknown')
                  and least(cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, audio_input_tokens, reasoning_tokens, audio_output_tokens, images) >= 0
                  and cached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + audio_input_tokens <= input_tokens
                  and reasoning_tokens + audio_output_tokens <= output_tokens
                  and greatest(input_tokens, output_tokens, images) <= 1000000000000
                  and coalesce(provider_cost_usd between 0 and 1e12, true), false) as is_valid
      from unnest(in_user_ids, in_ids, in_started_at, in_request_ids, in_operations, in_providers, in_models, in_credential_sources,
                  in_key_ids, in_token_ids, in_decisions, in_ended_at, in_outcomes, in_statuses, in_first_byte_ms, in_input_tokens,
                  in_cached_input_tokens, in_cache_write_5m_tokens, in_cache_write_1h_tokens, in_audio_input_tokens, in_output_tokens,
                  in_reasoning_tokens, in_audio_output_tokens, in_images, in_usage_bases, in_provider_usage, in_provider_cost_usd)
           with ordinality as g (
                  user_id, id, started_at, request_id, operation, provider, model, credential_source,
                  key_id, token_id, decisions, ended_at, outcome, status, first_byte_ms, input_tokens,
                  cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, audio_input_tokens, output_tokens,
                  reasoning_tokens, audio_output_tokens, images, usage_basis, provider_usage, provider_cost_usd, place)
  ), released as (
    -- Before the record, as the sweeper does it: the hold is the lock between the two. That it is counted below lets it go first.
    delete from keyloft.holds h using (select user_id, id from given where is_valid order by user_id, id) ended
     where h.user_id = ended.user_id and h.id = ended.id
    returning 1
  ), written as (
    insert into public.usage_records as u (
      user_id, id, started_at, ended_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions,
      outcome, status, first_byte_ms, input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, audio_input_tokens,
      output_tokens, reasoning_tokens, audio_output_tokens, images, usage_basis, provider_usage, cost_usd, price_id, provider_cost_usd)
    select g.user_id, g.id, g.started_at, g.ended_at, g.request_id, g.operation, g.provider, g.model, g.credential_source, g.key_id, g.token_id, g.decisions,
           g.outcome, g.status, g.first_byte_ms, g.input_tokens, g.cached_input_tokens, g.cache_write_5m_tokens, g.cache_write_1h_tokens, g.audio_input_tokens,
           g.output_tokens, g.reasoning_tokens, g.audio_output_tokens, g.images, g.usage_basis, g.provider_usage,
           case g.usage_basis when 'none' then 0 when 'unknown' then null else price.cost_usd end,
           price.id, g.provider_cost_usd
      from given g
           left join lateral (
             select p.id, keyloft.cost_of(
                      p, g.input_tokens, g.cached_input_tokens, g.cache_write_5m_tokens, g.cache_write_1h_tokens, g.audio_input_tokens,
                      g.output_tokens, g.reasoning_tokens, g.audio_output_tokens, g.images) as cost_usd
               from public.model_prices p
              where p.provider = g.provider and p.model = g.model and p.effective_from <= g.started_at and p.from_input_tokens <= g.input_tokens
              order by p.effective_from desc, p.from_input_tokens desc limit 1) price on true
     where g.is_valid and (select count(*) from released) >= 0 order by g.user_id, g.id
    on conflict (user_id, id, started_at) do nothing
    returning u.id
  )
  select (select pg_catalog.array_agg(id) from written), (select pg_catalog.array_agg(place) from given where not is_valid)
    into written_ids, invalid;
  verdicts := keyloft.verdicts_of(in_ids, written_ids, 'settled', invalid);

  -- Late ends, rare enough for a look of their own. All in one statement, so that no hour is locked between two calls.
  if 'already' = any (verdicts) then
    with late as (
      select u.user_id, u.id, u.started_at, price.id as price_id, price.cost_usd, g.*
        from unnest(in_user_ids, in_ids, in_started_at, verdicts, in_ended_at, in_outcomes, in_statuses, in_first_byte_ms, in_input_tokens,
                    in_cached_input_tokens, in_cache_write_5m_tokens, in_cache_write_1h_tokens, in_audio_input_tokens, in_output_tokens,
                    in_reasoning_tokens, in_audio_output_tokens, in_images, in_usage_bases, in_provider_usage, in_provider_cost_usd) as g (
                    of_user, of_call, began_at, verdict, ended_at, outcome, status, first_byte_ms, input_tokens,
                    cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, audio_input_tokens, output_tokens,
                    reasoning_tokens, audio_output_tokens, images, usage_basis, provider_usage, provider_cost_usd)
             join public.usage_records u on u.user_id = g.of_user and u.id = g.of_call and u.started_at = g.began_at
             left join lateral (
               select p.id, keyloft.cost_of(
                        p, g.input_tokens, g.cached_input_tokens, g.cache_write_5m_tokens, g.cache_write_1h_tokens, g.audio_input_tokens,
                        g.output_tokens, g.reasoning_tokens, g.audio_output_tokens, g.images) as cost_usd
                 from public.model_prices p
                where p.provider = u.provider and p.model = u.model and p.effective_from <= u.started_at and p.from_input_tokens <= g.input_tokens
                order by p.effective_from desc, p.from_input_tokens desc limit 1) price on true
       where g.verdict = 'already' and u.outcome = 'presumed'
       order by u.user_id, u.id for update of u
    ), corrected as (
      update public.usage_records u
         set ended_at = l.ended_at, outcome = l.outcome, status = l.status, first_byte_ms = l.first_byte_ms, input_tokens = l.input_tokens,
             cached_input_tokens = l.cached_input_tokens, cache_write_5m_tokens = l.cache_write_5m_tokens,
             cache_write_1h_tokens = l.cache_write_1h_tokens, audio_input_tokens = l.audio_input_tokens, output_tokens = l.output_tokens,
             reasoning_tokens = l.reasoning_tokens, audio_output_tokens = l.audio_output_tokens, images = l.images,
             usage_basis = l.usage_basis, provider_usage = l.provider_usage, provider_cost_usd = l.provider_cost_usd,
             price_id = l.price_id, settled_at = pg_catalog.clock_timestamp(),
             cost_usd = least(u.cost_usd, case l.usage_basis when 'none' then 0 when 'unknown' then null else l.cost_usd end)
        from late l
       where u.user_id = l.user_id and u.id = l.id and u.started_at = l.started_at
      returning u.id
    )
    select pg_catalog.array_agg(id) into written_ids from corrected;
    if written_ids is not null then
      select pg_catalog.array_agg(case when verdict = 'already' and id = any (written_ids) then 'lowered' else verdict end order by place)
        into verdicts
        from unnest(in_ids, verdicts) with ordinality as g (id, verdict, place);
    end if;
  end if;
  return verdicts;
end
$$;
comment on function keyloft.settle_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[],
  timestamptz[], text[], integer[], integer[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], jsonb[], numeric[])
  is 'Writes down calls that have ended, each once, with their cost. A verdict for each row; a bad one fails no other.';

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
  return renewed;
end
$$;
comment on function keyloft.renew_leases(uuid[], uuid[], integer) is 'Says of calls that they still go on.';

create function keyloft.sweep_calls(in_limit integer) returns integer
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  swept integer;
begin
  perform keyloft.present_owners('{}');
  with expired as (
    select user_id, id from keyloft.holds
     where lease_until < pg_catalog.clock_timestamp() order by lease_until limit in_limit
       for update skip locked
  ), released as (
    delete from keyloft.holds h using expired e where h.user_id = e.user_id and h.id = e.id returning h.*
  ), written as (
    -- One that was settled while its opening was still on the way has its record already.
    insert into public.usage_records (
      user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, outcome, usage_basis, cost_usd)
    select user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, 'presumed', 'unknown', most_cost_usd
      from released order by user_id, id
    on conflict (user_id, id, started_at) do nothing
  )
  select count(*) into swept from released;
  return swept;
end
$$;
comment on function keyloft.sweep_calls(integer) is 'Books calls whose lease has ended as presumed, at what they may have cost at most. Says how many holds it took.';

create function keyloft.make_usage_partitions(in_months_ahead integer) returns integer
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  this_month timestamp := pg_catalog.date_trunc('month', pg_catalog.now() at time zone 'UTC');
  month_begins timestamptz;
  month_ends timestamptz;
  name text;
  made integer := 0;
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('keyloft.make_usage_partitions'));
  for ahead in 0 .. in_months_ahead loop
    month_begins := (this_month + pg_catalog.make_interval(months => ahead)) at time zone 'UTC';
    month_ends := (this_month + pg_catalog.make_interval(months => ahead + 1)) at time zone 'UTC';
    name := 'usage_records_' || pg_catalog.to_char(month_begins at time zone 'UTC', 'YYYY_MM');
    continue when pg_catalog.to_regclass('keyloft.' || name) is not null;
    execute pg_catalog.format('create table keyloft.%I (like public.usage_records including all)', name);
    -- Attached and not made in place: only the catch-all is locked, and calls of other months go on being written.
    lock table keyloft.usage_records_default in access exclusive mode;
    execute pg_catalog.format(
      'with moved as (delete from keyloft.usage_records_default where started_at >= %L and started_at < %L returning *) insert into keyloft.%I select * from moved',
      month_begins, month_ends, name);
    execute pg_catalog.format('alter table keyloft.%I enable row level security', name);
    execute pg_catalog.format('alter table keyloft.%I force row level security', name);
    execute pg_catalog.format('revoke all on keyloft.%I from public, anon, authenticated, service_role', name);
    execute pg_catalog.format('alter table public.usage_records attach partition keyloft.%I for values from (%L) to (%L)', name, month_begins, month_ends);
    made := made + 1;
  end loop;
  return made;
end
$$;
comment on function keyloft.make_usage_partitions(integer) is 'Makes the partitions of this month and so many after it, closed, and moves into them what had to wait in the catch-all. Runs as the owner, who alone can.';

do $$
declare
  one text;
begin
  foreach one in array array['public.usage_records', 'public.usage_hourly', 'public.user_quota_limits', 'keyloft.holds', 'keyloft.usage_records_default'] loop
    execute format('alter table %s enable row level security', one);
    execute format('alter table %s force row level security', one);
    execute format('revoke all on %s from public, anon, authenticated, service_role', one);
    execute format('create policy "owner maintains" on %s for all to keyloft_owner using (true) with check (true)', one);
  end loop;
  foreach one in array array['public.usage_records', 'public.usage_hourly', 'keyloft.holds'] loop
    execute format('create policy "its functions keep it" on %s for all to keyloft_definer using (true) with check (true)', one);
  end loop;
  foreach one in array array['public.usage_records', 'public.usage_hourly'] loop
    execute format('grant select on %s to authenticated, service_role', one);
    execute format('grant select, insert, update on %s to keyloft_definer', one);
    execute format('create policy "the service reads it" on %s for select to service_role using (true)', one);
  end loop;
end
$$;
grant select, insert, update, delete on keyloft.holds to keyloft_definer;
grant select on public.user_quota_limits to authenticated;
grant select, insert, update, delete on public.user_quota_limits to service_role;

grant execute on function keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text), keyloft.verdicts_of(uuid[], uuid[], text, bigint[]) to keyloft_definer;
revoke all on function
  keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text), keyloft.verdicts_of(uuid[], uuid[], text, bigint[]), keyloft.roll_up_usage(),
  keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[], numeric[], integer),
  keyloft.settle_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[],
    timestamptz[], text[], integer[], integer[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], jsonb[], numeric[]),
  keyloft.renew_leases(uuid[], uuid[], integer), keyloft.sweep_calls(integer), keyloft.make_usage_partitions(integer) from public;
grant execute on function
  keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[], numeric[], integer),
  keyloft.settle_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[],
    timestamptz[], text[], integer[], integer[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], jsonb[], numeric[]),
  keyloft.renew_leases(uuid[], uuid[], integer), keyloft.sweep_calls(integer), keyloft.make_usage_partitions(integer) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[], numeric[], integer) owner to keyloft_definer;
alter function keyloft.settle_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[],
  timestamptz[], text[], integer[], integer[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], jsonb[], numeric[]) owner to keyloft_definer;
alter function keyloft.renew_leases(uuid[], uuid[], integer) owner to keyloft_definer;
alter function keyloft.sweep_calls(integer) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

-- The ledger outlives its people, so only the quotas refer to auth.users: one person deleted in mid-call must not undo a
-- batch of others' calls.
alter table public.user_quota_limits add constraint user_quota_limits_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

create policy "people read their own calls" on public.usage_records
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people read their own hours" on public.usage_hourly
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people read their own limits" on public.user_quota_limits
  for select to authenticated using (user_id = (select auth.uid()));
create policy "the service sets limits" on public.user_quota_limits
  for all to service_role using (true) with check (true);

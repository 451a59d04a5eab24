-- What was called, by whom, with whose credential, and what it cost. A call is written down before it may answer (holds)
-- and again when it has ended (usage_records). docs/guides/usage.md tells it for people, decision 0024 why it is so.
--
-- Locks are taken in one order by whoever writes: limits set (keyloft.await_books), account moves (keyloft.present_owners, of
-- a later migration), call id, hour, advance id, quota id. (An opening makes calls and advances behind its quotas: nobody waits for an id that is not there yet.)
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
  decisions json not null, -- and not jsonb: it is kept and shown as it came, and never asked anything
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
  searches bigint not null default 0,
  usage_basis text not null,
  provider_usage json,
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
  decisions json not null,
  most_cost_usd numeric,
  most_tokens bigint,
  quota_ids uuid[],
  reserved_at timestamptz,
  advance_id uuid,
  lease_until timestamptz not null,
  primary key (user_id, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000);
comment on table keyloft.holds is 'Calls that are under way. A row whose lease has ended belonged to a process that went away. No index of leases: the table is small and read through once a minute, and every call would pay for it.';
comment on column keyloft.holds.most_cost_usd is 'What it may cost at most, where somebody could tell; booked if nobody ever settles it.';
comment on column keyloft.holds.quota_ids is 'The quotas in which it has reserved one request, most_tokens and most_cost_usd.';
comment on column keyloft.holds.advance_id is 'The advance in which a place is reserved for it, in place of a reservation of its own.';

create table keyloft.advances (
  id uuid primary key,
  user_id uuid not null,
  quota_ids uuid[] not null,
  reserved_at timestamptz not null,
  most_tokens bigint,
  most_cost_usd numeric,
  places integer not null,
  is_closed boolean not null default false,
  presumed_at timestamptz,
  lease_until timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
comment on table keyloft.advances is 'Places that a process has reserved for calls that are alike, before they come. Each call draws one when it is written down; what no call came for is given back within half a second.';
comment on column keyloft.advances.places is 'How many calls it still reserves for: one request, most_tokens and most_cost_usd each.';
comment on column keyloft.advances.is_closed is 'Its process has given back what was free. The places left are of calls that are not written down yet.';
comment on column keyloft.advances.presumed_at is 'Its process was silent for too long: its places count as used from then on. A call that draws one all the same counts as what it used.';

create table keyloft.presumed_reservations (
  user_id uuid not null,
  id uuid not null,
  quota_ids uuid[] not null,
  reserved_at timestamptz not null,
  most_tokens bigint,
  most_cost_usd numeric,
  primary key (user_id, id)
);
comment on table keyloft.presumed_reservations is 'What was booked in full on quotas for calls of which nobody heard again, so that an end that comes late can lower it. Of this month and the last.';

create table public.user_quota_limits (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  type text not null,
  provider text,
  model text,
  spend text not null default 'all',
  set_by text not null default 'operator',
  key_id uuid,
  request_limit bigint,
  token_limit bigint,
  cost_limit numeric,
  used_requests bigint not null default 0,
  used_tokens bigint not null default 0,
  used_cost numeric not null default 0,
  reserved_requests bigint not null default 0,
  reserved_tokens bigint not null default 0,
  reserved_cost numeric not null default 0,
  reset_at timestamptz,
  last_reset timestamptz,
  is_active boolean not null default true,
  no_advances_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_quota_limits_what_key unique nulls not distinct (user_id, type, provider, model, spend, set_by, key_id),
  constraint user_quota_limits_key_id_fkey foreign key (key_id) references public.api_keys (id) on delete cascade
) with (fillfactor = 70); -- counters change with every batch of calls, on the page where they stand
create index user_quota_limits_key_id_idx on public.user_quota_limits (key_id) where key_id is not null;
comment on table public.user_quota_limits is 'What a person may use, and what they have used of it. A row of user_id, type and one limit is enough.';
comment on column public.user_quota_limits.user_id is 'Null: of everybody together (set_by platform). What all people may spend of the operator''s money; no person sees it.';
comment on column public.user_quota_limits.type is 'daily and monthly count every call; provider and model those of one, by the day. Days and months are those of UTC.';
comment on column public.user_quota_limits.model is 'As it is sent to the provider. With a * at its end: every model whose name begins so.';
comment on column public.user_quota_limits.spend is 'Which calls count: own are those with a key of the person''s, platform those that the operator pays for.';
comment on column public.user_quota_limits.set_by is 'person: their own, of calls with their own keys. key: kept by api_keys. tier: its limits stand in quota_tiers; here is what was used of them. platform: the operator''s, over everybody.';
comment on column public.user_quota_limits.reserved_cost is 'What calls under way may cost at most, and those for which places are reserved in advance. Used and reserved together never pass the limit.';
comment on column public.user_quota_limits.reset_at is 'When the window ends; the next call then begins another. Null: it has not begun, and begins with what was used in it before.';
comment on column public.user_quota_limits.no_advances_until is 'It has refused a call: nothing is reserved in advance for a while, so that whoever was refused can be sure what is left.';
comment on column public.user_quota_limits.last_reset is 'When the window began to be counted. Reservations from before it are of another window.';
-- What constraints would say: those are read anew for every statement, and counters change with every batch of calls.
create function keyloft.check_quota() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  wrong text := case
    when new.type not in ('daily', 'monthly', 'provider', 'model') then 'type_known'
    when not case new.type when 'provider' then new.provider is not null and new.model is null when 'model' then new.model is not null
                           else new.provider is null and new.model is null end then 'says_what'
    when pg_catalog.char_length(new.provider) not between 1 and 50 or pg_catalog.char_length(new.model) not between 1 and 200 then 'lengths'
    when new.model like '%*_%' then 'star_at_end' -- anywhere else it would match no call, and hold nothing
    when new.spend not in ('all', 'own', 'platform') then 'spend_known'
    when not case new.set_by when 'operator' then true when 'person' then new.spend = 'own' when 'key' then new.type in ('daily', 'monthly')
                             when 'tier' then new.spend = 'platform' and new.type in ('daily', 'monthly')
                             when 'platform' then new.spend = 'platform' and new.type in ('daily', 'monthly') else false end then 'set_by_known'
    when (new.set_by = 'platform') <> (new.user_id is null) then 'platform_is_nobody'
    when (new.set_by = 'key') <> (new.key_id is not null) then 'key_limits_key'
    when pg_catalog.num_nonnulls(new.request_limit, new.token_limit, new.cost_limit) = 0 and new.set_by <> 'tier' then 'limits_something'
    when new.request_limit not between 0 and 1000000000000 or new.token_limit not between 0 and 1000000000000000
         or new.cost_limit not between 0 and 1e12 then 'bounded'
  end;
begin
  if wrong is not null then
    raise exception 'This is no limit: %.', wrong
      using errcode = 'check_violation', table = 'user_quota_limits', constraint = 'user_quota_limits_' || wrong;
  end if;
  return new;
end
$$;
comment on function keyloft.check_quota() is 'Trigger: what a limit must be.';
create trigger user_quota_limits_are_limits
  before insert or update of user_id, type, provider, model, spend, set_by, key_id, request_limit, token_limit, cost_limit on public.user_quota_limits
  for each row execute function keyloft.check_quota();
-- Not by its counters, which change with every call.
create trigger user_quota_limits_updated_at
  before update of type, provider, model, spend, request_limit, token_limit, cost_limit, is_active on public.user_quota_limits
  for each row execute function keyloft.set_updated_at();

-- Whoever sets a limit waits until what is being written down is, and what comes then sees the limit: each call is in what it
-- begins with, or is booked on it. Before any other lock of limits. Those of tiers are made by the calls that need them.
create function keyloft.await_books() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: limits set', 0));
  return new;
end
$$;
comment on function keyloft.await_books() is 'Trigger: a new limit misses no call that is just being written down.';
create trigger user_quota_limits_after_books before insert on public.user_quota_limits
  for each row when (new.set_by <> 'tier') execute function keyloft.await_books();

create table public.quota_tiers (
  tier text not null,
  type text not null,
  request_limit bigint,
  token_limit bigint,
  cost_limit numeric,
  primary key (tier, type),
  constraint quota_tiers_tier_form check (tier ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint quota_tiers_type_known check (type in ('daily', 'monthly')),
  constraint quota_tiers_limits_something check (num_nonnulls(request_limit, token_limit, cost_limit) > 0),
  constraint quota_tiers_bounded check (
    request_limit between 0 and 1000000000000 and token_limit between 0 and 1000000000000000 and cost_limit between 0 and 1e12)
);
comment on table public.quota_tiers is 'What everybody of a tier may use of calls that the operator pays for. An operator''s row for one person with the same type and spend platform replaces it. A tier without a row has no limit.';
insert into public.quota_tiers (tier, type, request_limit, token_limit, cost_limit) values
  ('anonymous', 'daily', 20, 20000, 0.05),
  ('anonymous', 'monthly', 100, 100000, 0.25),
  ('free', 'daily', 500, 100000, 5),
  ('free', 'monthly', 5000, 1000000, 50),
  ('pro', 'daily', 5000, 1000000, 50),
  ('pro', 'monthly', 50000, 10000000, 500);

-- What all people together may spend of the operator's money: one row, or two, that every call which the operator pays for
-- locks, and no other call. Their ids come after all others, so that they are locked last and held for the shortest time,
-- and that a person who is over a limit of their own is told of that one.
insert into public.user_quota_limits (id, type, spend, set_by, cost_limit)
select ('ffffffff' || substr(gen_random_uuid()::text, 9))::uuid, type, 'platform', 'platform', cost_limit
  from (values ('daily', 100), ('monthly', 1000)) as shipped (type, cost_limit);

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

-- Quotas. A call counts in every one that it belongs to. Its upper bound is reserved in all of them before it may be made,
-- and becomes what it used when it ends. Whoever changes counters has the lock of the quota, taken in the order of ids.

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

create function keyloft.tiers_of(in_user_ids uuid[]) returns table (user_id uuid, tier text)
  language plpgsql stable strict security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  anonymous uuid[] := keyloft.anonymous_among(in_user_ids);
begin
  return query
  select g.id, case when g.id = any (anonymous) then 'anonymous' else coalesce(s.tier, 'free') end
    from (select distinct pg_catalog.unnest(in_user_ids) as id) g left join public.user_standing s on s.user_id = g.id;
end
$$;
comment on function keyloft.tiers_of(uuid[]) is 'The tier of each: anonymous of whoever has no account, whatever an operator decided of them before.';

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

create type keyloft.counted_call as (
  user_id uuid, id uuid, started_at timestamptz, provider text, model text, credential_source text, key_id uuid, usage_basis text, tokens bigint, cost_usd numeric
);
comment on type keyloft.counted_call is 'Of a call that was written, what quotas count.';
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

create function keyloft.are_limited(in_user_ids uuid[], in_platform boolean) returns boolean
  language sql stable
  return exists (select from public.user_quota_limits q where q.user_id = any (in_user_ids) or in_platform and q.user_id is null);
comment on function keyloft.are_limited(uuid[], boolean) is 'Whether there is a quota of any of these people, or if asked one over everybody.';

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

-- Advances. Their places are reservations of one call each, and go the way that those go.

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

create function keyloft.are_of_everybody(in_advances keyloft.advances[]) returns boolean
  language sql stable
  return exists (select from unnest(in_advances) a join public.user_quota_limits q on q.id = any (a.quota_ids) where q.user_id is null);
comment on function keyloft.are_of_everybody(keyloft.advances[]) is 'Whether any of these is reserved also in a quota over everybody.';

create function keyloft.may_return(in_quota_id uuid) returns boolean
  language sql stable security definer
  set search_path = ''
as $$
  select exists (select from keyloft.advances a
                  where not a.is_closed and a.presumed_at is null and a.reserved_at > pg_catalog.clock_timestamp() - interval '1 second' and in_quota_id = any (a.quota_ids))
$$;
comment on function keyloft.may_return(uuid) is 'Whether some process may soon give back what it has reserved in this quota for calls that did not come.';

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

-- The limits of a key are kept as quotas, so that there is one place where calls are counted against limits.
create function keyloft.limit_api_key() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if pg_catalog.num_nonnulls(new.daily_limit, new.monthly_limit) > 0 then
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: limits set', 0)); -- before that of any row
  end if;
  delete from public.user_quota_limits q
   where q.key_id = new.id and case q.type when 'daily' then new.daily_limit else new.monthly_limit end is null;
  insert into public.user_quota_limits (user_id, type, set_by, key_id, request_limit)
  select new.user_id, l.type, 'key', new.id, l.request_limit
    from (values ('daily', new.daily_limit), ('monthly', new.monthly_limit)) as l (type, request_limit) where l.request_limit is not null
  on conflict (user_id, type, provider, model, spend, set_by, key_id) do update set request_limit = excluded.request_limit;
  return null;
end
$$;
comment on function keyloft.limit_api_key() is 'Trigger: a key''s limits are quotas.';
create trigger api_keys_are_limited after insert or update of daily_limit, monthly_limit on public.api_keys
  for each row execute function keyloft.limit_api_key();

create function keyloft.bound_quotas() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(new.user_id::text, 3)); -- two at once must count each other
  if (select pg_catalog.count(*) from public.user_quota_limits q where q.user_id = new.user_id and q.set_by = 'person') >= 100 then
    raise exception 'A person may set themselves at most 100 limits.' using errcode = 'KL120', hint = 'Remove one that is not needed.';
  end if;
  return new;
end
$$;
comment on function keyloft.bound_quotas() is 'Trigger: what is looked at for a call must stay small.';
create trigger user_quota_limits_are_bounded before insert on public.user_quota_limits
  for each row when (new.set_by = 'person') execute function keyloft.bound_quotas();

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
    returning u.id, case when is_capped then row(u.user_id, u.id, u.started_at, u.provider, u.model, u.credential_source, u.key_id, u.usage_basis, u.input_tokens + u.output_tokens, u.cost_usd)::keyloft.counted_call end as counted
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
    select pg_catalog.array_agg(row(u.user_id, u.id, u.started_at, u.provider, u.model, u.credential_source, u.key_id, u.usage_basis, u.input_tokens + u.output_tokens, u.cost_usd)::keyloft.counted_call) into booked
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

-- The journal. What a call waits for is that its end is safe, and not that it is priced and added up: ends are noted as they
-- come, many in one row, and posted to the books a moment later, many notes at once. Until then they count as under way;
-- whoever must know exactly posts first.
create table keyloft.journal (
  id bigint generated always as identity primary key,
  ends text not null,
  fault text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000);
alter table keyloft.journal alter column ends set storage external; -- of a row that lives for milliseconds
comment on table keyloft.journal is 'Calls that have ended and are not in usage_records yet. Rows live for milliseconds, but for those with a fault.';
comment on column keyloft.journal.ends is 'Of type keyloft.call_end as text, with the character 30 between them: what cannot be read must not be lost.';
comment on column keyloft.journal.fault is 'Why it could not be posted. Kept until somebody has looked at it.';

create function keyloft.note_ends(in_ends text) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  insert into keyloft.journal (ends) values (in_ends);
end
$$;
comment on function keyloft.note_ends(text) is 'Notes calls that have ended, as keyloft.journal has them. Safe from then on, and posted soon.';

create function keyloft.post_ends(in_most integer, in_waits boolean, out taken integer, out lowered integer, out faulty integer)
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  notes text;
begin
  -- Before any other lock. Whoever waits here holds none.
  if in_waits then
    perform from keyloft.journal j where j.fault is null order by j.id limit in_most for update;
  end if;
  with gone as (
    delete from keyloft.journal j
     where j.id = any (array(select o.id from keyloft.journal o where o.fault is null order by o.id limit in_most for update skip locked))
    returning j.ends
  )
  select pg_catalog.count(*), pg_catalog.string_agg(g.ends, E'\x1e') into taken, notes from gone g;
  lowered := 0;
  faulty := 0;
  if taken > 0 then
    select p.lowered, p.faulty into lowered, faulty from keyloft.post_lines(pg_catalog.string_to_array(notes, E'\x1e')) p;
  end if;
end
$$;
comment on function keyloft.post_ends(integer, boolean) is 'Posts what was noted to the books: so many notes at most. Waits, if asked to, for those that somebody else is posting.';

-- One that cannot be read, or written, fails no other: it is found by halves, goes without the provider's own words, which
-- alone were not made here, and is kept aside if that does not help. Only what a value can do wrong counts against it;
-- whatever is wrong with the database undoes all of it, and it goes another time.
create function keyloft.post_lines(in_lines text[], out lowered integer, out faulty integer)
  language plpgsql volatile
  set search_path = ''
as $$
declare
  ends keyloft.call_end[];
  verdicts text[];
  fault text;
  half integer := cardinality(in_lines) / 2;
begin
  begin
    select pg_catalog.array_agg(line::keyloft.call_end) into ends from unnest(in_lines) as line;
    verdicts := keyloft.settle_calls(ends);
  exception when data_exception or integrity_constraint_violation or program_limit_exceeded then
    fault := sqlerrm;
  end;
  if fault is not null and half > 0 then
    select pg_catalog.sum(p.lowered), pg_catalog.sum(p.faulty) into lowered, faulty
      from (values (in_lines[:half]), (in_lines[half + 1:])) as h (lines) cross join lateral keyloft.post_lines(h.lines) p;
    return;
  end if;
  if fault is not null then
    begin
      ends := array[in_lines[1]::keyloft.call_end];
      ends[1].provider_usage := null;
      verdicts := keyloft.settle_calls(ends);
    exception when data_exception or integrity_constraint_violation or program_limit_exceeded then
      verdicts := array[fault];
    end;
  end if;
  lowered := cardinality(pg_catalog.array_positions(verdicts, 'lowered'));
  insert into keyloft.journal (ends, fault)
  select in_lines[place], verdict from unnest(verdicts) with ordinality as v (verdict, place) where verdict not in ('settled', 'already', 'lowered');
  get diagnostics faulty = row_count;
end
$$;
comment on function keyloft.post_lines(text[]) is 'Posts ends to the books, each by itself if need be.';

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
    returning u.id, row(u.user_id, u.id, u.started_at, u.provider, u.model, u.credential_source, u.key_id, u.usage_basis, u.input_tokens + u.output_tokens, u.cost_usd)::keyloft.counted_call as counted
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
  end if;
  -- No window is longer than a month.
  delete from keyloft.presumed_reservations where reserved_at < pg_catalog.date_trunc('month', pg_catalog.now(), 'UTC');
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
  foreach one in array array[
    'public.usage_records', 'public.usage_hourly', 'public.user_quota_limits', 'public.quota_tiers', 'keyloft.holds', 'keyloft.presumed_reservations', 'keyloft.advances',
    'keyloft.journal', 'keyloft.usage_records_default'] loop
    execute format('alter table %s enable row level security', one);
    execute format('alter table %s force row level security', one);
    execute format('revoke all on %s from public, anon, authenticated, service_role', one);
    execute format('create policy "owner maintains" on %s for all to keyloft_owner using (true) with check (true)', one);
  end loop;
  foreach one in array array['public.usage_records', 'public.usage_hourly', 'public.user_quota_limits', 'keyloft.holds', 'keyloft.presumed_reservations', 'keyloft.advances', 'keyloft.journal'] loop
    execute format('create policy "its functions keep it" on %s for all to keyloft_definer using (true) with check (true)', one);
  end loop;
  foreach one in array array['public.usage_records', 'public.usage_hourly'] loop
    execute format('grant select on %s to authenticated, service_role', one);
    execute format('grant select, insert, update on %s to keyloft_definer', one);
    execute format('create policy "the service reads it" on %s for select to service_role using (true)', one);
  end loop;
end
$$;
grant select, insert, update, delete on keyloft.holds, keyloft.presumed_reservations, keyloft.advances, keyloft.journal, public.user_quota_limits to keyloft_definer;
grant select, insert, update, delete on public.user_quota_limits, public.quota_tiers to service_role;
grant select on public.user_quota_limits, public.quota_tiers to authenticated;
-- Their own limits, on what they pay for themselves; never what was counted, nor whose the row is.
grant insert (user_id, type, provider, model, spend, set_by, request_limit, token_limit, cost_limit),
      update (request_limit, token_limit, cost_limit, is_active), delete on public.user_quota_limits to authenticated;
grant select on public.quota_tiers to keyloft_definer;
create policy "its functions ask it" on public.quota_tiers for select to keyloft_definer using (true);
create policy "everybody who signed in reads it" on public.quota_tiers for select to authenticated using (true);
create policy "the service sets it" on public.quota_tiers for all to service_role using (true) with check (true);

grant execute on function keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text), keyloft.verdicts_of(uuid[], uuid[], text, bigint[]),
  keyloft.are_limited(uuid[], boolean), keyloft.quota_counts(public.user_quota_limits, text, text, text, uuid), keyloft.window_begins(text, timestamptz), keyloft.window_ends(text, timestamptz),
  keyloft.used_before(public.user_quota_limits, timestamptz), keyloft.lock_quotas(uuid[], boolean),
  keyloft.most_cost_of(public.model_prices, bigint, bigint, bigint),
  keyloft.reserve_quotas(uuid[], uuid[], timestamptz[], text[], text[], text[], uuid[], boolean[], numeric[], bigint[], bigint[], bigint[], bigint[], integer[]),
  keyloft.sum_up_quotas(public.user_quota_limits[], uuid[], keyloft.counted_call[], keyloft.presumed_reservations[]),
  keyloft.book_quotas(uuid[], boolean, keyloft.counted_call[], keyloft.presumed_reservations[], keyloft.presumed_reservations[]), keyloft.lower_quotas(uuid[], uuid[], timestamptz[], uuid[]), keyloft.draw_places(uuid[], uuid[], uuid[]),
  keyloft.reserve_again(keyloft.presumed_reservations[]), keyloft.are_of_everybody(keyloft.advances[]), keyloft.post_lines(text[]) to keyloft_definer;
revoke all on function keyloft.are_limited(uuid[], boolean),
  keyloft.quota_counts(public.user_quota_limits, text, text, text, uuid), keyloft.window_begins(text, timestamptz), keyloft.window_ends(text, timestamptz),
  keyloft.used_before(public.user_quota_limits, timestamptz), keyloft.lock_quotas(uuid[], boolean),
  keyloft.most_cost_of(public.model_prices, bigint, bigint, bigint),
  keyloft.reserve_quotas(uuid[], uuid[], timestamptz[], text[], text[], text[], uuid[], boolean[], numeric[], bigint[], bigint[], bigint[], bigint[], integer[]),
  keyloft.sum_up_quotas(public.user_quota_limits[], uuid[], keyloft.counted_call[], keyloft.presumed_reservations[]),
  keyloft.book_quotas(uuid[], boolean, keyloft.counted_call[], keyloft.presumed_reservations[], keyloft.presumed_reservations[]), keyloft.lower_quotas(uuid[], uuid[], timestamptz[], uuid[]),
  keyloft.draw_places(uuid[], uuid[], uuid[]), keyloft.reserve_again(keyloft.presumed_reservations[]), keyloft.are_of_everybody(keyloft.advances[]),
  keyloft.return_places(uuid[], integer[]), keyloft.may_return(uuid),
  keyloft.post_lines(text[]), keyloft.limit_api_key(), keyloft.bound_quotas(), keyloft.check_quota(), keyloft.await_books(), keyloft.begin_quotas(uuid), keyloft.tiers_of(uuid[]), keyloft.limit_platform(text, bigint, bigint, numeric),
  keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text), keyloft.verdicts_of(uuid[], uuid[], text, bigint[]), keyloft.roll_up_usage(),
  keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[]),
  keyloft.settle_calls(keyloft.call_end[]), keyloft.note_ends(text), keyloft.post_ends(integer, boolean),
  keyloft.renew_leases(uuid[], uuid[], integer), keyloft.sweep_calls(integer), keyloft.make_usage_partitions(integer) from public;
grant execute on function
  keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[]),
  keyloft.settle_calls(keyloft.call_end[]), keyloft.note_ends(text), keyloft.post_ends(integer, boolean),
  keyloft.renew_leases(uuid[], uuid[], integer), keyloft.sweep_calls(integer), keyloft.make_usage_partitions(integer),
  keyloft.return_places(uuid[], integer[]), keyloft.may_return(uuid) to service_role;
grant execute on function keyloft.begin_quotas(uuid), keyloft.tiers_of(uuid[]), keyloft.limit_platform(text, bigint, bigint, numeric) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[]) owner to keyloft_definer;
alter function keyloft.settle_calls(keyloft.call_end[]) owner to keyloft_definer;
alter function keyloft.note_ends(text) owner to keyloft_definer;
alter function keyloft.post_ends(integer, boolean) owner to keyloft_definer;
alter function keyloft.return_places(uuid[], integer[]) owner to keyloft_definer;
alter function keyloft.may_return(uuid) owner to keyloft_definer;
alter function keyloft.begin_quotas(uuid) owner to keyloft_definer;
alter function keyloft.tiers_of(uuid[]) owner to keyloft_definer;
alter function keyloft.limit_platform(text, bigint, bigint, numeric) owner to keyloft_definer;
alter function keyloft.limit_api_key() owner to keyloft_definer;
alter function keyloft.bound_quotas() owner to keyloft_definer;
alter function keyloft.renew_leases(uuid[], uuid[], integer) owner to keyloft_definer;
alter function keyloft.sweep_calls(integer) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

-- The ledger outlives its people, so only the quotas refer to auth.users: one person deleted in mid-call must not undo a
-- batch of others' calls.
alter table public.user_quota_limits add constraint user_quota_limits_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

-- Made by the connecting user, who on Supabase alone may read auth.users and cannot pass that on. Where the table is ours,
-- so is this.
create function keyloft.anonymous_among(in_user_ids uuid[]) returns uuid[]
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return array(select u.id from auth.users u where u.id = any (in_user_ids) and u.is_anonymous);
end
$$;
comment on function keyloft.anonymous_among(uuid[]) is 'Who of these has no account yet.';
revoke all on function keyloft.anonymous_among(uuid[]) from public, anon, authenticated, service_role;
grant execute on function keyloft.anonymous_among(uuid[]) to keyloft_definer;
do $$
begin
  if (select c.relowner from pg_catalog.pg_class c where c.oid = 'auth.users'::regclass) = 'keyloft_owner'::regrole then
    alter function keyloft.anonymous_among(uuid[]) owner to keyloft_owner;
  end if;
end
$$;

create policy "people read their own calls" on public.usage_records
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people read their own hours" on public.usage_hourly
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people read their own limits" on public.user_quota_limits
  for select to authenticated using (user_id = (select auth.uid()));
create policy "the service sets limits" on public.user_quota_limits
  for all to service_role using (true) with check (true);
create policy "people set limits to themselves" on public.user_quota_limits
  for insert to authenticated with check (user_id = (select auth.uid()) and set_by = 'person');
create policy "people change limits they set" on public.user_quota_limits
  for update to authenticated using (user_id = (select auth.uid()) and set_by = 'person') with check (user_id = (select auth.uid()) and set_by = 'person');
create policy "people remove limits they set" on public.user_quota_limits
  for delete to authenticated using (user_id = (select auth.uid()) and set_by = 'person');

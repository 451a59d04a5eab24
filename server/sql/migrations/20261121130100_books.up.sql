-- The books: what was called, by whom, with whose credential, and what it cost. A call is written down before it may answer
-- (holds) and again when it has ended (usage_records). docs/guides/usage.md tells it for people, decision 0024 why it is so.
-- The ledger is this and the files behind it, up to the leases.
--
-- Locks are taken in one order by whoever writes: limits set (keyloft.await_books), account moves (keyloft.present_owners, of
-- a later migration), call id, hour, advance id, quota id. (An opening makes calls and advances behind its quotas: nobody
-- waits for an id that is not there yet.)
set local role keyloft_owner;

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
  foreach one in array array['public.usage_records', 'public.usage_hourly', 'keyloft.usage_records_default'] loop
    execute format('alter table %s enable row level security', one);
    execute format('alter table %s force row level security', one);
    execute format('revoke all on %s from public, anon, authenticated, service_role', one);
    execute format('create policy "owner maintains" on %s for all to keyloft_owner using (true) with check (true)', one);
  end loop;
end
$$;
grant select on public.usage_records, public.usage_hourly to authenticated, service_role;
grant select, insert, update on public.usage_records, public.usage_hourly to keyloft_definer;
create policy "its functions keep it" on public.usage_records
  for all to keyloft_definer using (true) with check (true);
create policy "its functions keep it" on public.usage_hourly
  for all to keyloft_definer using (true) with check (true);
create policy "the service reads it" on public.usage_records
  for select to service_role using (true);
create policy "the service reads it" on public.usage_hourly
  for select to service_role using (true);

revoke all on function keyloft.roll_up_usage(), keyloft.make_usage_partitions(integer) from public;
grant execute on function keyloft.make_usage_partitions(integer) to service_role;

reset role;

create policy "people read their own calls" on public.usage_records
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people read their own hours" on public.usage_hourly
  for select to authenticated using (user_id = (select auth.uid()));

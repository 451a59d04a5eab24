-- What calls cost by other prices than those they were booked at: signed differences, beside the books and never in them.
set local role keyloft_owner;

create table public.usage_adjustments (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  hour timestamptz not null,
  provider text not null,
  model text not null,
  credential_source text not null,
  rerating_id uuid not null,
  cost_usd numeric not null,
  unpriced_requests bigint not null,
  created_at timestamptz not null default now(),
  constraint usage_adjustments_bounded check (cost_usd between -1e15 and 1e15) -- from both sides: NaN is above all
);
create index usage_adjustments_user_id_hour_idx on public.usage_adjustments (user_id, hour);
create index usage_adjustments_hour_idx on public.usage_adjustments (hour);
comment on table public.usage_adjustments is 'What re-rating changed of an hour of usage_hourly. What it costs is the sum of both.';
comment on column public.usage_adjustments.rerating_id is 'The run that wrote it; the audit log names it.';
comment on column public.usage_adjustments.cost_usd is 'To be added, with its sign.';
comment on column public.usage_adjustments.unpriced_requests is 'To be added: below zero where calls got a price that had none.';

alter table public.usage_adjustments enable row level security;
alter table public.usage_adjustments force row level security;
revoke all on public.usage_adjustments from public, anon, authenticated, service_role;
grant select on public.usage_adjustments to authenticated, service_role;
grant select, insert on public.usage_adjustments to keyloft_definer;
create policy "owner maintains" on public.usage_adjustments
  for all to keyloft_owner using (true) with check (true);
create policy "its functions read it" on public.usage_adjustments
  for select to keyloft_definer using (true);
create policy "its functions write it" on public.usage_adjustments
  for insert to keyloft_definer with check (true);
create policy "the service reads it" on public.usage_adjustments
  for select to service_role using (true);

-- One day. What is written is what is wanted less what has been written before, so that a repetition writes nothing, and
-- the way back to what was booked adds up to zero.
--
-- A call stays as it was booked where its price is still the one it was booked at (a presumed one that was lowered cost
-- less than its price says), where nobody knows its usage, and where the other prices have none for it.
create function keyloft.rerate_day(
  in_rerating_id uuid, in_day timestamptz, in_provider text, in_model text, in_as_booked boolean, in_prices_of timestamptz, in_write boolean,
  out calls bigint, out changed_calls bigint, out cost_usd numeric, out unpriced_requests bigint, out written bigint
)
  language plpgsql volatile security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  -- Two runs at once would both see what is not there yet.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('keyloft.rerate_day'));
  with rated as (
    select u.user_id, pg_catalog.date_trunc('hour', u.started_at, 'UTC') as hour, u.provider, u.model, u.credential_source, u.cost_usd as booked,
           case when in_as_booked or u.usage_basis in ('none', 'unknown') or (found.price).id is not distinct from u.price_id then u.cost_usd
                else coalesce(keyloft.cost_of(
                  found.price, u.input_tokens, u.cached_input_tokens, u.cache_write_5m_tokens, u.cache_write_1h_tokens, u.audio_input_tokens,
                  u.output_tokens, u.reasoning_tokens, u.audio_output_tokens, u.images, u.searches), u.cost_usd) end as wanted
      from public.usage_records u
           left join lateral (
             select p as price from public.model_prices p
              where p.provider = u.provider and p.model = u.model and p.effective_from <= coalesce(in_prices_of, u.started_at)
                and p.from_input_tokens <= u.input_tokens
              order by p.effective_from desc, p.from_input_tokens desc limit 1) found on true
     where u.started_at >= in_day and u.started_at < in_day + interval '24 hours'
       and (in_provider is null or u.provider = in_provider) and (in_model is null or u.model = in_model)
  ), hours as (
    select user_id, hour, provider, model, credential_source, pg_catalog.count(*) as calls,
           pg_catalog.count(*) filter (where wanted is distinct from booked) as changed_calls,
           coalesce(pg_catalog.sum(wanted), 0) - coalesce(pg_catalog.sum(booked), 0) as cost_usd,
           pg_catalog.count(booked) - pg_catalog.count(wanted) as unpriced_requests
      from rated group by 1, 2, 3, 4, 5
  ), before as (
    select a.user_id, a.hour, a.provider, a.model, a.credential_source, pg_catalog.sum(a.cost_usd) as cost_usd,
           pg_catalog.sum(a.unpriced_requests)::bigint as unpriced_requests
      from public.usage_adjustments a
     where a.hour >= in_day and a.hour < in_day + interval '24 hours'
     group by 1, 2, 3, 4, 5
  ), differences as (
    select h.user_id, h.hour, h.provider, h.model, h.credential_source, h.calls, h.changed_calls,
           h.cost_usd - coalesce(b.cost_usd, 0) as cost_usd, h.unpriced_requests - coalesce(b.unpriced_requests, 0) as unpriced_requests
      from hours h left join before b using (user_id, hour, provider, model, credential_source)
  ), written as (
    insert into public.usage_adjustments (user_id, hour, provider, model, credential_source, rerating_id, cost_usd, unpriced_requests)
    select d.user_id, d.hour, d.provider, d.model, d.credential_source, in_rerating_id, pg_catalog.trim_scale(d.cost_usd), d.unpriced_requests
      from differences d
     where in_write and (d.cost_usd <> 0 or d.unpriced_requests <> 0)
     order by 1, 2, 3, 4, 5
    returning 1
  )
  select coalesce(pg_catalog.sum(d.calls), 0)::bigint, coalesce(pg_catalog.sum(d.changed_calls), 0)::bigint,
         pg_catalog.trim_scale(coalesce(pg_catalog.sum(d.cost_usd), 0)), coalesce(pg_catalog.sum(d.unpriced_requests), 0)::bigint,
         (select pg_catalog.count(*) from written)
    into calls, changed_calls, cost_usd, unpriced_requests, written
    from differences d;
end
$$;
comment on function keyloft.rerate_day(uuid, timestamptz, text, text, boolean, timestamptz, boolean)
  is 'Writes what the calls of a day cost more or less by the prices in force when they began, by those of another time, or by those they were booked at.';

revoke all on function keyloft.rerate_day(uuid, timestamptz, text, text, boolean, timestamptz, boolean) from public;
grant execute on function keyloft.rerate_day(uuid, timestamptz, text, text, boolean, timestamptz, boolean) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.rerate_day(uuid, timestamptz, text, text, boolean, timestamptz, boolean) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

create policy "people read their own adjustments" on public.usage_adjustments
  for select to authenticated using (user_id = (select auth.uid()));

-- Calls of long ago go; what they add up to stays in usage_hourly.
set local role keyloft_owner;

create function keyloft.drop_usage_month(in_keep_months integer) returns text
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  keep_from timestamptz := (pg_catalog.date_trunc('month', pg_catalog.now() at time zone 'UTC')
                            - pg_catalog.make_interval(months => in_keep_months)) at time zone 'UTC';
  oldest text;
  month_begins timestamptz := '-infinity';
  month_ends timestamptz := keep_from;
  uneven bigint;
begin
  if in_keep_months is null or in_keep_months < 1 then
    raise exception 'at least this month and the one before it are kept' using errcode = '22023';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('keyloft.make_usage_partitions'));
  -- The catch-all first: it may hold calls of months that never had a partition.
  if exists (select from keyloft.usage_records_default where started_at < keep_from) then
    oldest := 'usage_records_default';
  else
    select c.relname into oldest
      from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'public.usage_records'::regclass and c.relname ~ '^usage_records_\d{4}_\d{2}$'
       and c.relname < 'usage_records_' || pg_catalog.to_char(keep_from at time zone 'UTC', 'YYYY_MM')
     order by c.relname limit 1;
  end if;
  if oldest is null then
    return null;
  end if;
  if oldest <> 'usage_records_default' then
    month_begins := pg_catalog.to_date(pg_catalog.right(oldest, 7), 'YYYY_MM')::timestamp at time zone 'UTC';
    month_ends := (pg_catalog.to_date(pg_catalog.right(oldest, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC';
  end if;

  -- From here on nobody writes into it. Who waits for the lock keeps others waiting, so it does not wait for long.
  perform pg_catalog.set_config('lock_timeout', '2s', true);
  execute pg_catalog.format('lock table keyloft.%I in share row exclusive mode', oldest);
  -- Through the parent: a partition has no policy of its own, and shows its owner nothing.
  with summed as (
    select user_id, pg_catalog.date_trunc('hour', started_at, 'UTC') as hour, provider, model, credential_source, pg_catalog.count(*) as requests,
           pg_catalog.count(*) - pg_catalog.count(cost_usd) as unpriced_requests, coalesce(pg_catalog.sum(cost_usd), 0) as cost_usd
      from public.usage_records where started_at >= month_begins and started_at < month_ends group by 1, 2, 3, 4, 5
  )
  select pg_catalog.count(*) into uneven
    from summed s left join public.usage_hourly h using (user_id, hour, provider, model, credential_source)
   where (h.requests, h.unpriced_requests, h.cost_usd) is distinct from (s.requests, s.unpriced_requests, s.cost_usd);
  if uneven > 0 then
    raise exception '% hours of % are not in usage_hourly as they are in the calls', uneven, oldest
      using errcode = 'KL010', hint = 'Nothing was dropped. Look at what wrote past keyloft.settle_calls.';
  end if;
  if oldest = 'usage_records_default' then
    delete from keyloft.usage_records_default where started_at < keep_from;
  else
    execute pg_catalog.format('alter table public.usage_records detach partition keyloft.%I', oldest);
    execute pg_catalog.format('drop table keyloft.%I', oldest);
  end if;
  return oldest;
end
$$;
comment on function keyloft.drop_usage_month(integer) is 'Drops the calls of the oldest month beyond so many whole ones before this, if their sums are in usage_hourly. Says which; null when there is none. Runs as the owner, who alone can.';
revoke all on function keyloft.drop_usage_month(integer) from public;
grant execute on function keyloft.drop_usage_month(integer) to service_role;

-- Limits: what a person, a key, and everybody together may use, and who sets them. Each is one row, a quota, in which what was
-- used of it is counted.
set local role keyloft_owner;

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

-- What all people together may spend of the operator's money: one row, or two, that every call which the operator pays for
-- locks, and no other call. Their ids come after all others, so that they are locked last and held for the shortest time,
-- and that a person who is over a limit of their own is told of that one.
insert into public.user_quota_limits (id, type, spend, set_by, cost_limit)
select ('ffffffff' || substr(gen_random_uuid()::text, 9))::uuid, type, 'platform', 'platform', cost_limit
  from (values ('daily', 100), ('monthly', 1000)) as shipped (type, cost_limit);

create function keyloft.are_limited(in_user_ids uuid[], in_platform boolean) returns boolean
  language sql stable
  return exists (select from public.user_quota_limits q where q.user_id = any (in_user_ids) or in_platform and q.user_id is null);
comment on function keyloft.are_limited(uuid[], boolean) is 'Whether there is a quota of any of these people, or if asked one over everybody.';

alter table public.user_quota_limits enable row level security;
alter table public.user_quota_limits force row level security;
revoke all on public.user_quota_limits from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.user_quota_limits to keyloft_definer, service_role;
grant select on public.user_quota_limits to authenticated;
-- Their own limits, on what they pay for themselves; never what was counted, nor whose the row is.
grant insert (user_id, type, provider, model, spend, set_by, request_limit, token_limit, cost_limit),
      update (request_limit, token_limit, cost_limit, is_active), delete on public.user_quota_limits to authenticated;
create policy "owner maintains" on public.user_quota_limits
  for all to keyloft_owner using (true) with check (true);
create policy "its functions keep it" on public.user_quota_limits
  for all to keyloft_definer using (true) with check (true);

revoke all on function keyloft.check_quota(), keyloft.await_books(), keyloft.bound_quotas(), keyloft.limit_api_key(), keyloft.are_limited(uuid[], boolean)
  from public;
grant execute on function keyloft.are_limited(uuid[], boolean) to keyloft_definer;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.bound_quotas() owner to keyloft_definer;
alter function keyloft.limit_api_key() owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

-- The ledger outlives its people, so only the quotas refer to auth.users: one person deleted in mid-call must not undo a
-- batch of others' calls.
alter table public.user_quota_limits add constraint user_quota_limits_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

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

-- Tiers: what everybody of a tier may use of calls that the operator pays for, and who is of which.
set local role keyloft_owner;

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

alter table public.quota_tiers enable row level security;
alter table public.quota_tiers force row level security;
revoke all on public.quota_tiers from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.quota_tiers to service_role;
grant select on public.quota_tiers to authenticated, keyloft_definer;
create policy "owner maintains" on public.quota_tiers
  for all to keyloft_owner using (true) with check (true);
create policy "its functions ask it" on public.quota_tiers
  for select to keyloft_definer using (true);
create policy "everybody who signed in reads it" on public.quota_tiers
  for select to authenticated using (true);
create policy "the service sets it" on public.quota_tiers
  for all to service_role using (true) with check (true);

revoke all on function keyloft.tiers_of(uuid[]) from public;
grant execute on function keyloft.tiers_of(uuid[]) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.tiers_of(uuid[]) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

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

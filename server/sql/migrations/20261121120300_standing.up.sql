-- What an operator decides of a person, and whether their account is open. Without a row: tier free, open, no admin.
set local role keyloft_owner;

create table public.user_standing (
  user_id uuid primary key,
  tier text not null default 'free',
  is_admin boolean not null default false,
  disabled_at timestamptz,
  disabled_reason text,
  deactivated_at timestamptz,
  erase_after timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_standing_tier_known check (tier in ('free', 'pro')),
  constraint user_standing_reason_length check (char_length(disabled_reason) between 1 and 500),
  constraint user_standing_reason_is_of_something check (disabled_reason is null or disabled_at is not null),
  constraint user_standing_erasure_follows check ((deactivated_at is null) = (erase_after is null))
);
create index user_standing_erase_after_idx on public.user_standing (erase_after) where erase_after is not null;
comment on table public.user_standing is 'What an operator decides of a person, and whether their account is open. The person may read it, not write it.';
comment on column public.user_standing.disabled_at is 'Closed by an operator. Every credential is refused.';
comment on column public.user_standing.deactivated_at is 'Closed by the person. Every credential is refused, and after erase_after all they own is deleted.';

create trigger user_standing_updated_at before update on public.user_standing
  for each row execute function keyloft.set_updated_at();
create trigger user_standing_signal after insert or update or delete on public.user_standing
  for each row execute function keyloft.signal_change('person', 'user_id');

alter table public.user_standing enable row level security;
alter table public.user_standing force row level security;
revoke all on public.user_standing from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.user_standing to service_role;
grant select on public.user_standing to authenticated;
grant select on public.user_standing to keyloft_definer;

create function keyloft.standing_of(in_user_id uuid)
  returns table (is_closed boolean, tier text, is_admin boolean, disabled_at timestamptz, disabled_reason text, deactivated_at timestamptz, erase_after timestamptz)
  language sql stable security definer
  set search_path = ''
as $$
  select s.disabled_at is not null or s.deactivated_at is not null, s.tier, s.is_admin, s.disabled_at, s.disabled_reason, s.deactivated_at, s.erase_after
    from public.user_standing s where s.user_id = in_user_id
$$;
comment on function keyloft.standing_of(uuid) is 'At most one row. Asked with every credential: whose account is closed is refused.';
revoke all on function keyloft.standing_of(uuid) from public;
grant usage on schema keyloft to keyloft_auth;
grant execute on function keyloft.standing_of(uuid) to service_role, keyloft_auth;

-- The row of this id or, where there is none, the next one, of which nothing is told. To find no row is faster than to find one
-- and look for the standing of its owner, and that would tell which ids exist.
drop function keyloft.find_api_token(text);
create function keyloft.find_api_token(public_id text)
  returns table (
    is_known boolean, id uuid, user_id uuid, secret_hash bytea, scopes text[], allowed_models text[], expires_at timestamptz, revoked_at timestamptz, is_closed boolean
  )
  language sql stable security definer
  set search_path = ''
as $$
  select t.public_id = $1,
         case t.public_id when $1 then t.id end,
         case t.public_id when $1 then t.user_id end,
         case t.public_id when $1 then t.secret_hash end,
         case t.public_id when $1 then t.scopes end,
         case t.public_id when $1 then t.allowed_models end,
         case t.public_id when $1 then t.expires_at end,
         case t.public_id when $1 then t.revoked_at end,
         case t.public_id when $1 then coalesce(s.disabled_at is not null or s.deactivated_at is not null, false) end
    from public.api_tokens t left join public.user_standing s on s.user_id = t.user_id
   where t.public_id >= $1 order by t.public_id limit 1
$$;
comment on function keyloft.find_api_token(text) is 'What the check of a presented token needs: at most one row, of nulls where is_known is false. Whether it holds is for the caller to compare.';
revoke all on function keyloft.find_api_token(text) from public;
grant execute on function keyloft.find_api_token(text) to service_role;

grant create on schema keyloft to keyloft_definer;
alter function keyloft.standing_of(uuid) owner to keyloft_definer;
alter function keyloft.find_api_token(text) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

alter table public.user_standing add constraint user_standing_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;
create policy "people read their own standing" on public.user_standing
  for select to authenticated using (user_id = (select auth.uid()));
create policy "the service decides of people" on public.user_standing
  for all to service_role using (true) with check (true);
create policy "checks of credentials ask" on public.user_standing
  for select to keyloft_definer using (true);
create policy "owner maintains" on public.user_standing
  for all to keyloft_owner using (true) with check (true);

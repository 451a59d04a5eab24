-- What a person says of themselves, what they chose, and what an operator granted them.
set local role keyloft_owner;

create function keyloft.set_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.updated_at := pg_catalog.now();
  return new;
end
$$;
comment on function keyloft.set_updated_at() is 'Trigger: a changed row says when.';
revoke all on function keyloft.set_updated_at() from public;

create table public.user_profiles (
  user_id uuid primary key,
  display_name text,
  bio text,
  avatar_url text,
  preferences jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_profiles_display_name_length check (char_length(display_name) between 1 and 200),
  constraint user_profiles_bio_length check (char_length(bio) <= 2000),
  constraint user_profiles_avatar_is_https check (avatar_url ~ '^https://' and char_length(avatar_url) <= 2000),
  constraint user_profiles_preferences_is_object check (jsonb_typeof(preferences) = 'object' and pg_column_size(preferences) <= 65536)
);
comment on table public.user_profiles is 'What a person shows of themselves. Theirs to write.';

create table public.user_settings (
  user_id uuid primary key,
  allow_gateway_fallback boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.user_settings is 'Choices a person makes. Theirs to write.';
comment on column public.user_settings.allow_gateway_fallback is 'Whether the team''s gateway may serve a call that none of the person''s keys can.';

create table public.settings (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  key text not null,
  value text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint settings_user_id_key_key unique (user_id, key),
  constraint settings_key_form check (key ~ '^[A-Za-z][A-Za-z0-9_.]{0,99}$'),
  constraint settings_value_length check (char_length(value) <= 10000)
);
comment on table public.settings is 'Overrides an operator grants one person (maxMessagesPerDay …). The person may read them, not write them.';

create trigger user_profiles_updated_at before update on public.user_profiles
  for each row execute function keyloft.set_updated_at();
create trigger user_settings_updated_at before update on public.user_settings
  for each row execute function keyloft.set_updated_at();
create trigger settings_updated_at before update on public.settings
  for each row execute function keyloft.set_updated_at();

alter table public.user_profiles enable row level security;
alter table public.user_profiles force row level security;
alter table public.user_settings enable row level security;
alter table public.user_settings force row level security;
alter table public.settings enable row level security;
alter table public.settings force row level security;

revoke all on public.user_profiles, public.user_settings, public.settings from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.user_profiles, public.user_settings, public.settings to service_role;
grant select on public.user_profiles, public.user_settings, public.settings to authenticated;
-- By column, so that a column added later is closed until somebody opens it, and user_id and the dates never move.
grant insert (user_id, display_name, bio, avatar_url, preferences), update (display_name, bio, avatar_url, preferences)
  on public.user_profiles to authenticated;
grant insert (user_id, allow_gateway_fallback), update (allow_gateway_fallback)
  on public.user_settings to authenticated;

-- The rest runs as the connecting user, who inherits the owner's rights: on Supabase only that user may refer to
-- auth.users and name auth.uid(), and cannot pass it on.
reset role;

alter table public.user_profiles add constraint user_profiles_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;
alter table public.user_settings add constraint user_settings_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;
alter table public.settings add constraint settings_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

-- (select auth.uid()) is asked once per statement; a bare auth.uid() once per row.
create policy "people read their own profile" on public.user_profiles
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people write their own profile" on public.user_profiles
  for insert to authenticated with check (user_id = (select auth.uid()));
create policy "people change their own profile" on public.user_profiles
  for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "the service keeps profiles" on public.user_profiles
  for all to service_role using (true) with check (true);
create policy "owner maintains" on public.user_profiles
  for all to keyloft_owner using (true) with check (true);

create policy "people read their own choices" on public.user_settings
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people make their own choices" on public.user_settings
  for insert to authenticated with check (user_id = (select auth.uid()));
create policy "people change their own choices" on public.user_settings
  for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "the service keeps choices" on public.user_settings
  for all to service_role using (true) with check (true);
create policy "owner maintains" on public.user_settings
  for all to keyloft_owner using (true) with check (true);

create policy "people read what they were granted" on public.settings
  for select to authenticated using (user_id = (select auth.uid()));
create policy "the service grants settings" on public.settings
  for all to service_role using (true) with check (true);
create policy "owner maintains" on public.settings
  for all to keyloft_owner using (true) with check (true);

--! not on supabase
-- People and how they sign in. Only the login keyloft_auth touches these tables; what an app shows of a person
-- is public.user_profiles.
set local role keyloft_owner;

create table auth.users (
  id uuid primary key default gen_random_uuid(),
  email text not null,
  email_verified boolean not null default false,
  name text not null default '',
  image text,
  username text,
  display_username text,
  is_anonymous boolean not null default false,
  last_sign_in_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_email_key unique (email),
  constraint users_email_is_lower_case check (email = lower(email)),
  constraint users_username_key unique (username)
);
comment on table auth.users is 'One row per person, anonymous ones included.';
comment on column auth.users.username is 'Normalised; names a person''s published resources. display_username keeps the spelling.';

create table auth.accounts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  provider_id text not null,
  account_id text not null,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint accounts_provider_account_key unique (provider_id, account_id),
  constraint accounts_user_provider_key unique (user_id, provider_id)
);
comment on table auth.accounts is 'A way to sign in: a password, or an identity at another provider.';
comment on column auth.accounts.account_id is 'The person''s id at the provider (for a password: the user''s own id).';
comment on column auth.accounts.password is 'A slow hash, never the password.';

create table auth.sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  token text not null,
  expires_at timestamptz not null,
  ip_address text,
  user_agent text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sessions_token_key unique (token)
);
create index sessions_user_id_idx on auth.sessions (user_id);
comment on table auth.sessions is 'Where a person is signed in.';

create table auth.verifications (
  id uuid primary key default gen_random_uuid(),
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index verifications_identifier_idx on auth.verifications (identifier);
comment on table auth.verifications is 'Short-lived proofs: mail links, sign-in state.';

create table auth.jwks (
  id uuid primary key default gen_random_uuid(),
  public_key text not null,
  private_key text not null,
  alg text,
  crv text,
  created_at timestamptz not null default now(),
  expires_at timestamptz
);
comment on table auth.jwks is 'Keys that sign our own tokens; the private half is sealed.';

do $$
declare
  one text;
begin
  foreach one in array array['users', 'accounts', 'sessions', 'verifications', 'jwks'] loop
    execute format('alter table auth.%I enable row level security', one);
    execute format('alter table auth.%I force row level security', one);
    execute format('revoke all on auth.%I from public, anon, authenticated, service_role', one);
    execute format('grant select, insert, update, delete on auth.%I to keyloft_auth', one);
    execute format('create policy "sign-in keeps accounts" on auth.%I for all to keyloft_auth using (true) with check (true)', one);
    execute format('create policy "owner maintains" on auth.%I for all to keyloft_owner using (true) with check (true)', one);
  end loop;
end
$$;

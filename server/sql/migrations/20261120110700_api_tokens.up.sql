-- API tokens: shown once, kept as a hash, looked up by their public id.
set local role keyloft_owner;

create table public.api_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  name text not null,
  public_id text not null,
  secret_hash bytea not null,
  token_prefix text not null,
  scopes text[] not null default '{calls,read,account}',
  allowed_models text[],
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  constraint api_tokens_public_id_key unique (public_id),
  constraint api_tokens_name_length check (char_length(name) between 1 and 100),
  constraint api_tokens_public_id_form check (public_id ~ '^[0-9A-Za-z]{12}$'),
  constraint api_tokens_secret_hash_is_sha256 check (octet_length(secret_hash) = 32),
  constraint api_tokens_prefix_names_it check (token_prefix = 'klt_' || public_id),
  constraint api_tokens_scopes_known check (
    cardinality(scopes) between 1 and 3 and array_position(scopes, null) is null and scopes <@ array['calls', 'read', 'account']
  ),
  constraint api_tokens_models_bounded check (
    cardinality(allowed_models) between 1 and 100 and array_position(allowed_models, null) is null
    and pg_column_size(allowed_models) <= 16384
  )
);
create index api_tokens_user_id_idx on public.api_tokens (user_id);
comment on table public.api_tokens is 'Keys to this server that a person hands to programs. Never to be confused with provider keys.';
comment on column public.api_tokens.public_id is 'The part of the token by which it is found. Not a secret.';
comment on column public.api_tokens.secret_hash is 'SHA-256 of the whole token; the token itself is shown once and kept nowhere.';
comment on column public.api_tokens.token_prefix is 'How the token begins, for people to recognise it by.';
comment on column public.api_tokens.allowed_models is 'The models it may call; null is every model.';

alter table public.api_tokens enable row level security;
alter table public.api_tokens force row level security;
revoke all on public.api_tokens from public, anon, authenticated, service_role;
-- By column: the hash is for the check alone.
grant select (id, user_id, name, public_id, token_prefix, scopes, allowed_models, expires_at, last_used_at, revoked_at, created_at)
  on public.api_tokens to authenticated;
grant select on public.api_tokens to keyloft_definer;

create function keyloft.find_api_token(public_id text)
  returns table (id uuid, user_id uuid, secret_hash bytea, scopes text[], allowed_models text[], expires_at timestamptz, revoked_at timestamptz)
  language sql stable security definer
  set search_path = ''
as $$
  select t.id, t.user_id, t.secret_hash, t.scopes, t.allowed_models, t.expires_at, t.revoked_at
    from public.api_tokens t
   where t.public_id = $1
$$;
comment on function keyloft.find_api_token(text) is 'What the check of a presented token needs: at most one row. Whether it holds is for the caller to compare.';
revoke all on function keyloft.find_api_token(text) from public;
grant execute on function keyloft.find_api_token(text) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.find_api_token(text) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

alter table public.api_tokens add constraint api_tokens_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

create policy "people read their own tokens" on public.api_tokens
  for select to authenticated using (user_id = (select auth.uid()));
create policy "a presented token is looked up" on public.api_tokens
  for select to keyloft_definer using (true);
create policy "owner maintains" on public.api_tokens
  for all to keyloft_owner using (true) with check (true);

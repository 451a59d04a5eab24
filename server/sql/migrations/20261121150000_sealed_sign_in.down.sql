--! not on supabase
set local role keyloft_owner;

drop trigger accounts_forget_tokens on auth.accounts;
drop function keyloft.refer_to_oauth_tokens(uuid, uuid, uuid, uuid, uuid), keyloft.forget_replaced_oauth_tokens(), keyloft.signing_keys(),
  keyloft.add_signing_key(uuid, text, uuid, text, text, timestamptz, timestamptz);
-- What refers to a secret means nothing without these; who signs in gets new ones.
delete from auth.jwks where private_key !~ '^kr1\.';
delete from keyloft.secrets where kind like 'oauth % token' or kind = 'signing key';
alter table auth.accounts
  drop constraint accounts_access_token_is_reference, drop constraint accounts_refresh_token_is_reference, drop constraint accounts_id_token_is_reference;
update auth.accounts set access_token = null, refresh_token = null, id_token = null;
comment on column auth.accounts.access_token is null;
comment on column auth.jwks.private_key is null;
drop policy "its functions keep tokens" on auth.accounts;
drop policy "its functions keep keys" on auth.jwks;
revoke all on auth.accounts, auth.jwks from keyloft_definer;
revoke usage on schema auth from keyloft_definer;
revoke select (id, user_id, access_token, refresh_token, id_token), update (access_token, refresh_token, id_token) on auth.accounts from keyloft_definer;

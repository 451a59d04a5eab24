--! not on supabase
-- What sign-in has to keep secret lies in keyloft.secrets like everything sealed: the tokens that other providers gave
-- for a person, and the private halves of the keys that sign our own tokens. What is left here are references.
set local role keyloft_owner;

update auth.accounts set access_token = null, refresh_token = null, id_token = null;
alter table auth.accounts
  add constraint accounts_access_token_is_reference check (access_token ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  add constraint accounts_refresh_token_is_reference check (refresh_token ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  add constraint accounts_id_token_is_reference check (id_token ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$');
comment on column auth.accounts.access_token is 'The id of a secret in keyloft.secrets. So are refresh_token and id_token.';
comment on column auth.jwks.private_key is 'The id of a secret in keyloft.secrets; in rows of before 2026-11-21, sealed text under the root key.';

grant usage on schema auth to keyloft_definer;
grant select (id, user_id, access_token, refresh_token, id_token), update (access_token, refresh_token, id_token) on auth.accounts to keyloft_definer;
grant select, insert on auth.jwks to keyloft_definer;
create policy "its functions keep tokens" on auth.accounts for all to keyloft_definer using (true) with check (true);
create policy "its functions keep keys" on auth.jwks for all to keyloft_definer using (true) with check (true);

create function keyloft.refer_to_oauth_tokens(in_account_id uuid, in_user_id uuid, in_access_token uuid, in_refresh_token uuid, in_id_token uuid)
  returns boolean
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  update auth.accounts a
     set access_token = coalesce(in_access_token::text, a.access_token), refresh_token = coalesce(in_refresh_token::text, a.refresh_token),
         id_token = coalesce(in_id_token::text, a.id_token)
   where a.id = in_account_id and a.user_id = in_user_id;
  return found;
end
$$;
comment on function keyloft.refer_to_oauth_tokens(uuid, uuid, uuid, uuid, uuid) is 'Lets an account refer to secrets that were kept in the same transaction. Null leaves what is there. False where the account is gone.';

create function keyloft.forget_replaced_oauth_tokens() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from keyloft.secrets s
   where s.user_id = old.user_id and s.id::text in (old.access_token, old.refresh_token, old.id_token)
     and (tg_op = 'DELETE' or s.id::text not in (coalesce(new.access_token, ''), coalesce(new.refresh_token, ''), coalesce(new.id_token, '')));
  return null;
end
$$;
comment on function keyloft.forget_replaced_oauth_tokens() is 'Trigger: a token that no account refers to any more is gone with it.';
create trigger accounts_forget_tokens after delete or update of access_token, refresh_token, id_token on auth.accounts
  for each row execute function keyloft.forget_replaced_oauth_tokens();

create function keyloft.signing_keys()
  returns table (id uuid, public_key text, private_key text, alg text, crv text, created_at timestamptz, expires_at timestamptz, secret jsonb)
  language sql stable security definer
  set search_path = ''
as $$
  select k.id, k.public_key, k.private_key, k.alg, k.crv, k.created_at, k.expires_at, pg_catalog.to_jsonb(s)
    from auth.jwks k left join keyloft.secrets s on s.user_id is null and s.id::text = k.private_key
   order by k.created_at desc limit 100
$$;
comment on function keyloft.signing_keys() is 'The keys that sign our own tokens, newest first, with their sealed private halves.';

create function keyloft.add_signing_key(
  in_id uuid, in_public_key text, in_secret_id uuid, in_alg text, in_crv text, in_created_at timestamptz, in_expires_at timestamptz
) returns void
  language sql volatile security definer
  set search_path = ''
as $$
  insert into auth.jwks (id, public_key, private_key, alg, crv, created_at, expires_at)
  values (in_id, in_public_key, in_secret_id::text, in_alg, in_crv, in_created_at, in_expires_at)
$$;
comment on function keyloft.add_signing_key(uuid, text, uuid, text, text, timestamptz, timestamptz) is 'Keeps a new key; its private half was kept in the same transaction.';

do $$
declare
  one regprocedure;
begin
  grant create on schema keyloft to keyloft_definer;
  foreach one in array array[
    'keyloft.refer_to_oauth_tokens(uuid, uuid, uuid, uuid, uuid)', 'keyloft.forget_replaced_oauth_tokens()', 'keyloft.signing_keys()',
    'keyloft.add_signing_key(uuid, text, uuid, text, text, timestamptz, timestamptz)'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', one);
    if one::text !~ 'forget_replaced' then
      execute format('grant execute on function %s to service_role', one);
    end if;
    execute format('alter function %s owner to keyloft_definer', one);
  end loop;
  revoke create on schema keyloft from keyloft_definer;
end
$$;

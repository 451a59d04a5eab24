set local role keyloft_owner;

drop function keyloft.find_api_token(text);
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

drop function keyloft.standing_of(uuid);
revoke usage on schema keyloft from keyloft_auth;
drop table public.user_standing;

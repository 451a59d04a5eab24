-- People keep their own tokens: at most twenty, and every process hears when one changes.
set local role keyloft_owner;

-- By column: what a token may do is settled when it is made, and its dates are the server's.
grant insert (id, user_id, name, public_id, secret_hash, token_prefix, scopes, allowed_models, expires_at), delete
  on public.api_tokens to authenticated;
grant update (last_used_at, revoked_at) on public.api_tokens to keyloft_definer;

-- Creations of one person wait for each other, so that each counts what the one before it left.
create function keyloft.limit_api_tokens() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: tokens of ' || new.user_id, 0));
  if (select count(*) from public.api_tokens t where t.user_id = new.user_id) >= 20 then
    raise exception 'A person has at most 20 API tokens.' using errcode = 'KL201', hint = 'Delete one that is not needed.';
  end if;
  return new;
end
$$;
comment on function keyloft.limit_api_tokens() is 'Trigger: at most 20 API tokens of one person, expired and revoked ones included, until they are deleted.';
revoke all on function keyloft.limit_api_tokens() from public;
create trigger api_tokens_limit before insert on public.api_tokens
  for each row execute function keyloft.limit_api_tokens();

-- Not by its last use: that is written all the time and changes nothing.
create trigger api_tokens_signal_change after update of user_id, secret_hash, scopes, allowed_models, expires_at, revoked_at on public.api_tokens
  for each row execute function keyloft.signal_change('token', 'id');
create trigger api_tokens_signal_deletion after delete on public.api_tokens
  for each row execute function keyloft.signal_change('token', 'id');

create function keyloft.revoke_api_token(in_public_id text, in_secret_hash bytea) returns boolean
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  update public.api_tokens t set revoked_at = coalesce(t.revoked_at, pg_catalog.now())
   where t.public_id = in_public_id and t.secret_hash = in_secret_hash;
  return found;
end
$$;
comment on function keyloft.revoke_api_token(text, bytea) is 'For whoever holds the token itself, such as the finder of a published one. False where there is none.';

create function keyloft.note_token_use(in_ids uuid[], in_times timestamptz[]) returns void
  language sql volatile security definer
  set search_path = ''
as $$
  update public.api_tokens t set last_used_at = used.at
    from unnest(in_ids, in_times) as used (id, at)
   where t.id = used.id and (t.last_used_at is null or t.last_used_at <= used.at - interval '1 minute')
$$;
comment on function keyloft.note_token_use(uuid[], timestamptz[]) is 'Keeps when tokens were last used, to the minute: no row is written more often than that.';

revoke all on function keyloft.revoke_api_token(text, bytea), keyloft.note_token_use(uuid[], timestamptz[]) from public;
grant execute on function keyloft.revoke_api_token(text, bytea), keyloft.note_token_use(uuid[], timestamptz[]) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.revoke_api_token(text, bytea) owner to keyloft_definer;
alter function keyloft.note_token_use(uuid[], timestamptz[]) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

-- As the connecting user: on Supabase only it may name auth.uid().
reset role;

create policy "people make their own tokens" on public.api_tokens
  for insert to authenticated with check (user_id = (select auth.uid()));
create policy "people delete their own tokens" on public.api_tokens
  for delete to authenticated using (user_id = (select auth.uid()));
create policy "tokens are revoked, and their use is noted" on public.api_tokens
  for update to keyloft_definer using (true) with check (true);

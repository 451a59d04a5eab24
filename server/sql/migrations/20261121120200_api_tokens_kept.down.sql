set local role keyloft_owner;

drop policy "tokens are revoked, and their use is noted" on public.api_tokens;
drop policy "people delete their own tokens" on public.api_tokens;
drop policy "people make their own tokens" on public.api_tokens;

drop function keyloft.note_token_use(uuid[], timestamptz[]);
drop function keyloft.revoke_api_token(text, bytea);
drop trigger api_tokens_signal_deletion on public.api_tokens;
drop trigger api_tokens_signal_change on public.api_tokens;
drop trigger api_tokens_limit on public.api_tokens;
drop function keyloft.limit_api_tokens();
revoke update (last_used_at, revoked_at) on public.api_tokens from keyloft_definer;
revoke insert (id, user_id, name, public_id, secret_hash, token_prefix, scopes, allowed_models, expires_at), delete
  on public.api_tokens from authenticated;

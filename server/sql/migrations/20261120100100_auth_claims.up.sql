--! not on supabase
-- Who is asking, as policies see it: the claims of this transaction, under the names Supabase uses.
set local role keyloft_owner;

-- Bodies in the SQL-standard form are bound when they are made, so no search_path can mislead them, and they inline.
create function auth.jwt() returns jsonb
  language sql stable parallel safe
  return coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb, '{}'::jsonb);
comment on function auth.jwt() is 'The claims of the credential this transaction acts for; empty outside of one.';

create function auth.uid() returns uuid
  language sql stable parallel safe
  return nullif(auth.jwt() ->> 'sub', '')::uuid;
comment on function auth.uid() is 'The user this transaction acts for, or null.';

create function auth.role() returns text
  language sql stable parallel safe
  return auth.jwt() ->> 'role';
comment on function auth.role() is 'The role claim of this transaction: anon, authenticated or service_role.';

revoke all on function auth.jwt(), auth.uid(), auth.role() from public;
grant execute on function auth.jwt(), auth.uid(), auth.role() to anon, authenticated, service_role;

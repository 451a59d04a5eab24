-- Who may do what. Runs as the connecting user, because keyloft_owner can make no roles.
-- Roles belong to the cluster, so another database may have made them already, or be making them at this moment;
-- what exists is left untouched, because rewriting a shared row while another does is "tuple concurrently updated".
-- On Supabase anon, authenticated, service_role and the schemas auth and realtime exist and stay as they are.

do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('anon',            'nologin noinherit', null),
      ('authenticated',   'nologin noinherit', null),
      ('service_role',    'nologin noinherit', null),
      ('keyloft_definer', 'nologin noinherit', null),
      ('keyloft_user',    'login noinherit', '30s'),
      ('keyloft_service', 'login noinherit', '60s'),
      ('keyloft_auth',    'login noinherit', '60s')
    ) as roles (name, options, timeout)
  loop
    if exists (select from pg_roles where rolname = wanted.name) then
      continue;
    end if;
    begin
      execute format('create role %I %s', wanted.name, wanted.options);
      if wanted.timeout is not null then
        execute format('alter role %I set statement_timeout = %L', wanted.name, wanted.timeout);
        execute format('alter role %I set idle_in_transaction_session_timeout = %L', wanted.name, '60s');
      end if;
    exception when duplicate_object or unique_violation then
      null; -- made by another database between the question and the act
    end;
  end loop;
end
$$;

grant keyloft_definer to keyloft_owner;
grant anon, authenticated to keyloft_user;
grant service_role to keyloft_service;

grant usage, create on schema public to keyloft_owner;
grant usage on schema public to anon, authenticated, service_role;

-- A new function is executable by everybody unless this global default says no ("in schema" does not work for that).
alter default privileges for role keyloft_owner revoke execute on functions from public;
alter default privileges for role keyloft_definer revoke execute on functions from public;

create schema keyloft authorization keyloft_owner;
comment on schema keyloft is 'Private to the server. Users reach nothing in it; service_role reaches named functions only.';
grant usage on schema keyloft to service_role, keyloft_definer;

do $$
begin
  if to_regnamespace('auth') is null then
    create schema auth authorization keyloft_owner;
    comment on schema auth is 'Who somebody is: accounts, sessions, and what policies ask (auth.uid()).';
    grant usage on schema auth to anon, authenticated, service_role, keyloft_auth;
  end if;
  if to_regnamespace('realtime') is null then
    create schema realtime authorization keyloft_owner;
    comment on schema realtime is 'Messages between clients.';
  end if;
end
$$;

-- Roles and their memberships stay: they belong to the cluster, and other databases may need them.
drop schema keyloft;

do $$
declare
  ours text;
begin
  for ours in
    select nspname from pg_namespace
     where nspname in ('auth', 'realtime') and nspowner = 'keyloft_owner'::regrole
  loop
    execute format('drop schema %I', ours);
    if ours = 'auth' then -- on Supabase these were there before us
      revoke usage on schema public from anon, authenticated, service_role;
    end if;
  end loop;
end
$$;

alter default privileges for role keyloft_definer grant execute on functions to public;
alter default privileges for role keyloft_owner grant execute on functions to public;
revoke usage, create on schema public from keyloft_owner;

-- How the server gets in, and what it may ask before it serves.
set local role keyloft_owner;

create table keyloft.logins (
  role_name name primary key,
  sealed_password text not null,
  created_at timestamptz not null default now(),
  constraint logins_role_name_known check (role_name in ('keyloft_user', 'keyloft_service', 'keyloft_auth')),
  constraint logins_password_is_sealed check (sealed_password like 'kr1.%')
);
comment on table keyloft.logins is 'Passwords of the three logins, sealed under the root key. Read by the owner alone, at start.';
alter table keyloft.logins enable row level security;
alter table keyloft.logins force row level security;
revoke all on keyloft.logins from public, anon, authenticated, service_role;
create policy "owner maintains" on keyloft.logins for all to keyloft_owner using (true) with check (true);

create function keyloft.applied_migrations() returns table (name text, sha256 text, breaking boolean)
  language sql stable security definer
  set search_path = ''
as $$
  select applied.name::text, files.sha256, files.breaking
    from keyloft_migrations.applied
    left join keyloft_migrations.files on files.name = applied.name
   order by applied.name
$$;
comment on function keyloft.applied_migrations() is 'Which migrations this database has, so that the server needs no owner to decide whether it may run.';
revoke all on function keyloft.applied_migrations() from public;
grant execute on function keyloft.applied_migrations() to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.applied_migrations() owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

grant usage on schema keyloft_migrations to keyloft_definer;
grant select on keyloft_migrations.applied, keyloft_migrations.files to keyloft_definer;
create policy "the server asks what was applied" on keyloft_migrations.applied
  for select to keyloft_definer using (true);
create policy "the server asks which files were applied" on keyloft_migrations.files
  for select to keyloft_definer using (true);

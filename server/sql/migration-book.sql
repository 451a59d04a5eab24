-- What must exist before the first migration: the owner, and the book in which applied migrations are entered.
-- The book has a schema of its own, which no down migration drops. Its tables `applied` and `applied_lock` have the
-- columns that Kysely's Migrator expects; `files` adds what it does not keep.

do $$
begin
  if not exists (select from pg_roles where rolname = 'keyloft_owner') then
    begin
      create role keyloft_owner nologin;
    exception when duplicate_object or unique_violation then
      null; -- roles belong to the cluster: another database made it just now
    end;
  end if;
  execute format('grant keyloft_owner to %I', current_user);
end
$$;

create schema keyloft_migrations authorization keyloft_owner;
set local role keyloft_owner;
comment on schema keyloft_migrations is 'Which migrations this database has. Kept by keyloft migrate.';

create table keyloft_migrations.applied (
  name varchar(255) primary key,
  timestamp varchar(255) not null
);
create table keyloft_migrations.applied_lock (
  id varchar(255) primary key,
  is_locked integer not null default 0
);
create table keyloft_migrations.files (
  name text primary key,
  sha256 text not null,
  breaking boolean not null
);
comment on table keyloft_migrations.files is 'What was applied, byte for byte, and whether a server that does not know it must not run on it.';

alter table keyloft_migrations.applied enable row level security;
alter table keyloft_migrations.applied force row level security;
alter table keyloft_migrations.applied_lock enable row level security;
alter table keyloft_migrations.applied_lock force row level security;
alter table keyloft_migrations.files enable row level security;
alter table keyloft_migrations.files force row level security;
revoke all on keyloft_migrations.applied, keyloft_migrations.applied_lock, keyloft_migrations.files from public;
create policy "owner maintains" on keyloft_migrations.applied for all to keyloft_owner using (true) with check (true);
create policy "owner maintains" on keyloft_migrations.applied_lock for all to keyloft_owner using (true) with check (true);
create policy "owner maintains" on keyloft_migrations.files for all to keyloft_owner using (true) with check (true);
reset role;

--! not on supabase
-- People whom another issuer signs in, and who they are here. On Supabase its subjects are the users themselves.
set local role keyloft_owner;

create table auth.external_identities (
  issuer text not null,
  subject text not null,
  user_id uuid not null references auth.users on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject),
  constraint external_identities_issuer_length check (char_length(issuer) between 1 and 2000),
  constraint external_identities_subject_length check (char_length(subject) between 1 and 255)
);
create index external_identities_user_id_idx on auth.external_identities (user_id);
comment on table auth.external_identities is 'Which local user an external issuer''s subject is. Made on first sight, never changed.';

alter table auth.external_identities enable row level security;
alter table auth.external_identities force row level security;
revoke all on auth.external_identities from public, anon, authenticated, service_role;
grant select, insert, delete on auth.external_identities to keyloft_auth;
create policy "sign-in keeps identities" on auth.external_identities for all to keyloft_auth using (true) with check (true);
create policy "owner maintains" on auth.external_identities for all to keyloft_owner using (true) with check (true);

-- With the caller's own rights, so that it adds none.
create function auth.user_of_external_identity(issuer text, subject text, verified_email text) returns uuid
  language plpgsql
  set search_path = ''
as $$
declare
  found_id uuid;
begin
  select e.user_id into found_id from auth.external_identities e where e.issuer = $1 and e.subject = $2;
  if found_id is not null then
    return found_id;
  end if;
  -- Two first sights at once must find one user.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($2, pg_catalog.hashtextextended($1, 1)));
  select e.user_id into found_id from auth.external_identities e where e.issuer = $1 and e.subject = $2;
  if found_id is not null then
    return found_id;
  end if;
  -- An address that somebody has here already stays theirs: joining the two accounts is a decision of its own.
  if verified_email is not null then
    insert into auth.users (email, email_verified) values (pg_catalog.lower(verified_email), true)
      on conflict do nothing returning id into found_id;
  end if;
  if found_id is null then
    found_id := pg_catalog.gen_random_uuid();
    insert into auth.users (id, email) values (found_id, found_id || '@external.invalid');
  end if;
  insert into auth.external_identities (issuer, subject, user_id) values ($1, $2, found_id);
  return found_id;
end
$$;
comment on function auth.user_of_external_identity(text, text, text) is 'The local user of an external subject, made on first sight.';
revoke all on function auth.user_of_external_identity(text, text, text) from public;
grant execute on function auth.user_of_external_identity(text, text, text) to keyloft_auth;

-- What tells a token that was issued here from an invented one before the database is asked for it. It authenticates
-- nobody: whoever learns the key can have questions asked, and no more. So it is kept as it is, the same for every
-- process, and outlives any change of the root keys.
set local role keyloft_owner;

create table keyloft.token_marks (
  id boolean primary key default true,
  key bytea not null,
  created_at timestamptz not null default now(),
  constraint token_marks_has_one_row check (id),
  constraint token_marks_key_has_32_bytes check (octet_length(key) = 32)
);
comment on table keyloft.token_marks is 'The key of the mark in every API token. Changing it makes all of them invalid.';

alter table keyloft.token_marks enable row level security;
alter table keyloft.token_marks force row level security;
revoke all on keyloft.token_marks from public, anon, authenticated, service_role;
grant select on keyloft.token_marks to keyloft_definer;
create policy "its function reads it" on keyloft.token_marks for select to keyloft_definer using (true);
create policy "owner maintains" on keyloft.token_marks for all to keyloft_owner using (true) with check (true);

-- Two random UUIDs have 244 random bits.
insert into keyloft.token_marks (key) values (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

create function keyloft.token_mark_key() returns bytea
  language sql stable security definer
  set search_path = ''
as $$
  select marks.key from keyloft.token_marks marks
$$;
comment on function keyloft.token_mark_key() is 'What the mark of an API token is made with.';
revoke all on function keyloft.token_mark_key() from public;
grant execute on function keyloft.token_mark_key() to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.token_mark_key() owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

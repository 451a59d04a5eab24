-- Everything sealed that belongs to somebody, and the keys it is sealed under. Sealing and opening happen in the server
-- alone: what lies here are ciphertexts, bound to the row they lie in (docs/guides/vault.md).
set local role keyloft_owner;

create table keyloft.data_keys (
  user_id uuid,
  version integer not null,
  wrapped text not null,
  created_at timestamptz not null default now(),
  constraint data_keys_user_version_key unique nulls not distinct (user_id, version),
  constraint data_keys_version_counts check (version > 0),
  constraint data_keys_wrapped_is_sealed check (wrapped ~ '^kr1\.v[0-9]{1,9}\.[A-Za-z0-9_-]{40,200}$')
);
comment on table keyloft.data_keys is 'Random 256-bit keys, one or more per person, each sealed under a root key. The newest version seals.';
comment on column keyloft.data_keys.user_id is 'Null: the installation''s own.';

create table keyloft.secrets (
  id uuid primary key,
  user_id uuid,
  kind text not null,
  provider text not null default '',
  host text not null default '',
  version integer not null,
  sealed text not null,
  created_at timestamptz not null default now(),
  constraint secrets_id_user_key unique (id, user_id),
  constraint secrets_kind_form check (kind ~ '^[a-z][a-z ]{1,40}$'),
  constraint secrets_provider_form check (char_length(provider) <= 100),
  constraint secrets_host_form check (char_length(host) <= 300),
  -- Names its own row and data key, so that a text cannot lie in another's row unnoticed.
  constraint secrets_sealed_names_its_row check (
    sealed ~ '^kl1\.[0-9a-f-]{36}\.[0-9]{1,9}\.[A-Za-z0-9_-]{38,}$'
    and split_part(sealed, '.', 2) = id::text and split_part(sealed, '.', 3) = version::text
  ),
  constraint secrets_sealed_length check (char_length(sealed) <= 100000)
);
create index secrets_user_id_version_idx on keyloft.secrets (user_id, version);
comment on table keyloft.secrets is 'Every sealed text of every domain. Each is bound to its own id, person, kind, provider, host and data key.';
comment on column keyloft.secrets.user_id is 'Null: the installation''s own.';
comment on column keyloft.secrets.kind is 'What it is: provider key, oauth token …';
comment on column keyloft.secrets.host is 'Where it may be sent. Empty for what is sent nowhere.';

create table keyloft.audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor_role text not null,
  actor_id uuid,
  actor_token_id uuid,
  job text,
  action text not null,
  user_id uuid,
  subject text,
  request_id text,
  details jsonb not null default '{}',
  constraint audit_log_action_form check (action ~ '^[a-z_]+\.[a-z_]+$'),
  constraint audit_log_details_is_object check (jsonb_typeof(details) = 'object' and pg_column_size(details) <= 16384)
);
create index audit_log_user_id_idx on keyloft.audit_log (user_id, id);
comment on table keyloft.audit_log is 'Who did what to whose secrets and accounts. Written in the transaction of the act; never changed.';
comment on column keyloft.audit_log.actor_id is 'The person who acted; null for the app''s own backend and for an operator.';
comment on column keyloft.audit_log.job is 'Which part of the server did it for them.';
comment on column keyloft.audit_log.user_id is 'Whose things were touched. No reference: the log outlives the person.';
comment on column keyloft.audit_log.details is 'Values only as keyed hashes.';

do $$
declare
  one text;
begin
  foreach one in array array['data_keys', 'secrets', 'audit_log'] loop
    execute format('alter table keyloft.%I enable row level security', one);
    execute format('alter table keyloft.%I force row level security', one);
    execute format('revoke all on keyloft.%I from public, anon, authenticated, service_role', one);
  end loop;
end
$$;

grant select, insert, update on keyloft.data_keys to keyloft_definer;
grant select, insert, delete on keyloft.secrets to keyloft_definer;
grant insert on keyloft.audit_log to keyloft_definer;
create policy "its functions keep them" on keyloft.data_keys for all to keyloft_definer using (true) with check (true);
create policy "owner maintains" on keyloft.data_keys for all to keyloft_owner using (true) with check (true);
create policy "its functions keep them" on keyloft.secrets for all to keyloft_definer using (true) with check (true);
create policy "owner maintains" on keyloft.secrets for all to keyloft_owner using (true) with check (true);
create policy "what happened is written down" on keyloft.audit_log for insert to keyloft_definer with check (true);
create policy "owner maintains" on keyloft.audit_log for all to keyloft_owner using (true) with check (true);

create function keyloft.data_keys_of(in_user_id uuid) returns table (version integer, wrapped text)
  language sql stable security definer
  set search_path = ''
as $$
  select k.version, k.wrapped from keyloft.data_keys k where k.user_id is not distinct from in_user_id order by k.version desc
$$;
comment on function keyloft.data_keys_of(uuid) is 'A person''s wrapped keys, newest first.';

create function keyloft.add_first_data_key(in_user_id uuid, in_wrapped text) returns text
  language sql volatile security definer
  set search_path = ''
as $$
  -- Of two processes that find none at once, the first one's counts, and both get it. The update changes nothing: it
  -- is what makes the row visible to the second.
  insert into keyloft.data_keys as k (user_id, version, wrapped) values (in_user_id, 1, in_wrapped)
    on conflict (user_id, version) do update set version = k.version
  returning k.wrapped
$$;
comment on function keyloft.add_first_data_key(uuid, text) is 'Gives a person their first data key and returns the one that counts.';

create function keyloft.put_secret(in_id uuid, in_user_id uuid, in_kind text, in_provider text, in_host text, in_version integer, in_sealed text)
  returns void
  language sql volatile security definer
  set search_path = ''
as $$
  insert into keyloft.secrets (id, user_id, kind, provider, host, version, sealed)
  values (in_id, in_user_id, in_kind, in_provider, in_host, in_version, in_sealed)
$$;
comment on function keyloft.put_secret(uuid, uuid, text, text, text, integer, text) is 'Keeps one sealed text. It never changes: sealing anew makes a new secret.';

create function keyloft.find_secret(in_user_id uuid, in_id uuid)
  returns table (id uuid, user_id uuid, kind text, provider text, host text, version integer, sealed text)
  language sql stable security definer
  set search_path = ''
as $$
  select s.id, s.user_id, s.kind, s.provider, s.host, s.version, s.sealed
    from keyloft.secrets s where s.id = in_id and s.user_id is not distinct from in_user_id
$$;
comment on function keyloft.find_secret(uuid, uuid) is 'One sealed text of that person''s.';

create function keyloft.forget_secret(in_user_id uuid, in_id uuid) returns void
  language sql volatile security definer
  set search_path = ''
as $$
  delete from keyloft.secrets s where s.id = in_id and s.user_id is not distinct from in_user_id
$$;
comment on function keyloft.forget_secret(uuid, uuid) is 'Forgets one sealed text of that person''s.';

create function keyloft.installation_secret(in_kind text)
  returns table (id uuid, user_id uuid, kind text, provider text, host text, version integer, sealed text)
  language sql stable security definer
  set search_path = ''
as $$
  select s.id, s.user_id, s.kind, s.provider, s.host, s.version, s.sealed
    from keyloft.secrets s where s.user_id is null and s.kind = in_kind order by s.created_at, s.id limit 1
$$;
comment on function keyloft.installation_secret(text) is 'The first secret of that kind that the installation made for itself: whoever comes second uses it too.';

create function keyloft.record_audit(in_action text, in_user_id uuid, in_subject text default null, in_details jsonb default '{}')
  returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  claims jsonb := coalesce(nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb, '{}');
begin
  insert into keyloft.audit_log (actor_role, actor_id, actor_token_id, job, action, user_id, subject, request_id, details)
  values (coalesce(claims #>> '{actor,role}', claims ->> 'role', 'database'),
          coalesce(claims #>> '{actor,id}', claims ->> 'sub')::uuid,
          (claims #>> '{actor,token}')::uuid,
          claims ->> 'job', in_action, in_user_id, in_subject, claims ->> 'request_id', in_details);
end
$$;
comment on function keyloft.record_audit(text, uuid, text, jsonb) is 'Writes down who acts, as the claims of this transaction say, and what they do to whom.';

do $$
declare
  one regprocedure;
begin
  grant create on schema keyloft to keyloft_definer;
  foreach one in array array[
    'keyloft.data_keys_of(uuid)', 'keyloft.add_first_data_key(uuid, text)',
    'keyloft.put_secret(uuid, uuid, text, text, text, integer, text)', 'keyloft.find_secret(uuid, uuid)',
    'keyloft.forget_secret(uuid, uuid)', 'keyloft.installation_secret(text)', 'keyloft.record_audit(text, uuid, text, jsonb)'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', one);
    execute format('grant execute on function %s to service_role', one);
    execute format('alter function %s owner to keyloft_definer', one);
  end loop;
  revoke create on schema keyloft from keyloft_definer;
end
$$;

-- As the connecting user: on Supabase only it may refer to auth.users.
reset role;

alter table keyloft.data_keys add constraint data_keys_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;
alter table keyloft.secrets add constraint secrets_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

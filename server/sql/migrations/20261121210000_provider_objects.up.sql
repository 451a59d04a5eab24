-- What providers keep for people: responses, files, batches. Whoever asks for one later is served with the key that made it,
-- and nobody is served with another person's.
set local role keyloft_owner;

create table keyloft.provider_objects (
  user_id uuid not null,
  object_id text not null,
  provider text not null,
  credential_source text not null,
  key_id uuid,
  created_at timestamptz not null default now(),
  primary key (user_id, object_id),
  constraint provider_objects_text_length check (char_length(object_id) between 1 and 200 and char_length(provider) between 1 and 50),
  constraint provider_objects_credential_source_known
    check (credential_source in ('user-gateway', 'user-key', 'server-key', 'team-gateway'))
);
comment on table keyloft.provider_objects is 'Ids that providers gave to what they keep, and with which key each was made.';
create index provider_objects_object_id_idx on keyloft.provider_objects (object_id);
create index provider_objects_created_at_idx on keyloft.provider_objects (created_at);

alter table keyloft.provider_objects enable row level security;
alter table keyloft.provider_objects force row level security;
revoke all on keyloft.provider_objects from public, anon, authenticated, service_role;
grant select, insert, update, delete on keyloft.provider_objects to keyloft_definer;
create policy "its functions keep it" on keyloft.provider_objects for all to keyloft_definer using (true) with check (true);

insert into keyloft.move_rules (table_name, rule, column_name, because) values
  ('keyloft.provider_objects', 'keep target', null, 'both name the same thing, and the key that made it moved too');

create function keyloft.remember_object(in_user_id uuid, in_object_id text, in_provider text, in_credential_source text, in_key_id uuid)
  returns void
  language sql volatile security definer
  set search_path = ''
as $$
  insert into keyloft.provider_objects as o (user_id, object_id, provider, credential_source, key_id)
  values (keyloft.present_owner(in_user_id), in_object_id, in_provider, in_credential_source, in_key_id)
  on conflict (user_id, object_id) do nothing
$$;
comment on function keyloft.remember_object(uuid, text, text, text, uuid) is 'Keeps with which key something was made. The first time counts.';

create function keyloft.find_object(in_user_id uuid, in_object_id text)
  returns table (is_own boolean, provider text, credential_source text, key_id uuid)
  language sql stable security definer
  set search_path = ''
as $$
  select o.user_id = keyloft.present_owner(in_user_id), o.provider, o.credential_source, o.key_id
    from keyloft.provider_objects o where o.object_id = in_object_id
   order by 1 desc limit 1
$$;
comment on function keyloft.find_object(uuid, text) is 'With which key something was made, and whether for this person.';

create function keyloft.forget_old_objects(in_days integer) returns void
  language sql volatile security definer
  set search_path = ''
as $$
  delete from keyloft.provider_objects where created_at < pg_catalog.now() - pg_catalog.make_interval(days => in_days)
$$;
comment on function keyloft.forget_old_objects(integer) is 'Forgets what is older: providers keep responses for 30 days, and what is asked for after long was made elsewhere as far as we know.';

revoke all on function keyloft.remember_object(uuid, text, text, text, uuid), keyloft.find_object(uuid, text), keyloft.forget_old_objects(integer) from public;
grant execute on function keyloft.remember_object(uuid, text, text, text, uuid), keyloft.find_object(uuid, text), keyloft.forget_old_objects(integer) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.remember_object(uuid, text, text, text, uuid) owner to keyloft_definer;
alter function keyloft.find_object(uuid, text) owner to keyloft_definer;
alter function keyloft.forget_old_objects(integer) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

alter table keyloft.provider_objects add constraint provider_objects_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;
create policy "owner maintains" on keyloft.provider_objects for all to keyloft_owner using (true) with check (true);

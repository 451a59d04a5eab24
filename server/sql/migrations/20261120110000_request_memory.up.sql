-- What the HTTP server must remember across processes and restarts: how often somebody asked, and what was answered to
-- a request that may come again. Reached through the functions below alone.
set local role keyloft_owner;

create table keyloft.request_counts (
  bucket text primary key,
  count integer not null,
  window_ends timestamptz not null
);
create index request_counts_window_ends_idx on keyloft.request_counts (window_ends);
comment on table keyloft.request_counts is 'Rate limits. A bucket is a hash of route and person or address; its window starts anew when it has ended.';

create table keyloft.idempotent_requests (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  key text not null,
  request_hash bytea not null,
  started_at timestamptz not null default clock_timestamp(),
  status integer,
  reply text,
  expires_at timestamptz not null,
  constraint idempotent_requests_user_key unique nulls not distinct (user_id, key),
  constraint idempotent_requests_key_length check (char_length(key) between 1 and 255)
);
create index idempotent_requests_expires_at_idx on keyloft.idempotent_requests (expires_at);
comment on table keyloft.idempotent_requests is 'What was answered under an Idempotency-Key. user_id is null for service_role.';
comment on column keyloft.idempotent_requests.request_hash is 'Keyed hash of route and body; the body itself is not kept.';
comment on column keyloft.idempotent_requests.reply is 'Null while under way, and for a reply that held a secret.';

do $$
declare
  one text;
begin
  foreach one in array array['request_counts', 'idempotent_requests'] loop
    execute format('alter table keyloft.%I enable row level security', one);
    execute format('alter table keyloft.%I force row level security', one);
    execute format('revoke all on keyloft.%I from public, anon, authenticated, service_role', one);
    execute format('grant select, insert, update, delete on keyloft.%I to keyloft_definer', one);
    execute format('create policy "its functions keep it" on keyloft.%I for all to keyloft_definer using (true) with check (true)', one);
    execute format('create policy "owner maintains" on keyloft.%I for all to keyloft_owner using (true) with check (true)', one);
  end loop;
end
$$;

create function keyloft.count_request(in_bucket text, window_seconds integer, out seen integer, out resets_in_seconds integer)
  language sql volatile security definer
  set search_path = ''
as $$
  insert into keyloft.request_counts as counts (bucket, count, window_ends)
  values (in_bucket, 1, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => window_seconds))
  on conflict (bucket) do update
     set count = case when counts.window_ends <= pg_catalog.clock_timestamp() then 1 else counts.count + 1 end,
         window_ends = case when counts.window_ends <= pg_catalog.clock_timestamp() then excluded.window_ends else counts.window_ends end
  returning count, pg_catalog.ceil(extract(epoch from window_ends - pg_catalog.clock_timestamp()))::integer
$$;
comment on function keyloft.count_request(text, integer) is 'Counts one request and says how many the present window has seen, this one included.';

-- Outcomes: new (do it, then finish or abandon), in_progress, mismatch, replay (status and reply), not_replayable.
-- What began more than five minutes ago and never ended was cut off by a crash; whoever asks again takes it over.
create function keyloft.begin_idempotent(in_user_id uuid, in_key text, in_request_hash bytea, keep_seconds integer, out outcome text, out status integer, out reply text)
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  found_row keyloft.idempotent_requests;
begin
  insert into keyloft.idempotent_requests as requests (user_id, key, request_hash, expires_at)
  values (in_user_id, in_key, in_request_hash, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => keep_seconds))
  on conflict (user_id, key) do update
     set request_hash = excluded.request_hash, started_at = pg_catalog.clock_timestamp(), status = null, reply = null, expires_at = excluded.expires_at
   where requests.expires_at <= pg_catalog.clock_timestamp()
      or (requests.status is null and requests.request_hash = excluded.request_hash
          and requests.started_at < pg_catalog.clock_timestamp() - interval '5 minutes')
  returning requests.* into found_row;
  if found then
    outcome := 'new';
    return;
  end if;

  select requests.* into found_row from keyloft.idempotent_requests requests
   where requests.user_id is not distinct from in_user_id and requests.key = in_key;
  status := found_row.status;
  reply := found_row.reply;
  outcome := case
    when found_row.request_hash is distinct from in_request_hash then 'mismatch'
    when found_row.status is null then 'in_progress'
    when found_row.reply is null then 'not_replayable'
    else 'replay'
  end;
end
$$;
comment on function keyloft.begin_idempotent(uuid, text, bytea, integer) is 'Claims an Idempotency-Key, or says what became of the request that has it.';

create function keyloft.finish_idempotent(in_user_id uuid, in_key text, in_status integer, in_reply text) returns void
  language sql volatile security definer
  set search_path = ''
as $$
  update keyloft.idempotent_requests requests set status = in_status, reply = in_reply
   where requests.user_id is not distinct from in_user_id and requests.key = in_key
$$;
comment on function keyloft.finish_idempotent(uuid, text, integer, text) is 'Keeps the reply; a null reply says that it held a secret.';

create function keyloft.abandon_idempotent(in_user_id uuid, in_key text) returns void
  language sql volatile security definer
  set search_path = ''
as $$
  delete from keyloft.idempotent_requests requests
   where requests.user_id is not distinct from in_user_id and requests.key = in_key and requests.status is null
$$;
comment on function keyloft.abandon_idempotent(uuid, text) is 'Frees the key of a request that failed on our side, so that it can be tried again.';

create function keyloft.forget_old_requests() returns void
  language sql volatile security definer
  set search_path = ''
as $$
  delete from keyloft.request_counts where window_ends <= pg_catalog.clock_timestamp();
  delete from keyloft.idempotent_requests where expires_at <= pg_catalog.clock_timestamp();
$$;
comment on function keyloft.forget_old_requests() is 'Called by a scheduled job.';

revoke all on function keyloft.count_request(text, integer), keyloft.begin_idempotent(uuid, text, bytea, integer),
  keyloft.finish_idempotent(uuid, text, integer, text), keyloft.abandon_idempotent(uuid, text), keyloft.forget_old_requests() from public;
grant execute on function keyloft.count_request(text, integer), keyloft.begin_idempotent(uuid, text, bytea, integer),
  keyloft.finish_idempotent(uuid, text, integer, text), keyloft.abandon_idempotent(uuid, text), keyloft.forget_old_requests() to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.count_request(text, integer) owner to keyloft_definer;
alter function keyloft.begin_idempotent(uuid, text, bytea, integer) owner to keyloft_definer;
alter function keyloft.finish_idempotent(uuid, text, integer, text) owner to keyloft_definer;
alter function keyloft.abandon_idempotent(uuid, text) owner to keyloft_definer;
alter function keyloft.forget_old_requests() owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

-- As the connecting user: on Supabase only it may refer to auth.users.
reset role;

alter table keyloft.idempotent_requests add constraint idempotent_requests_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

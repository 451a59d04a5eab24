-- The keys that people bring. What is sealed lies in keyloft.secrets; here is what may be shown of a key.
set local role keyloft_owner;

create table public.api_keys (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  service text not null,
  key_name text not null default '',
  secret_id uuid not null,
  key_hint text not null default '',
  fingerprint text,
  priority integer not null default 0,
  is_enabled boolean not null default true,
  is_valid boolean not null default true,
  last_verified_at timestamptz,
  validation_error text,
  daily_limit integer,
  monthly_limit integer,
  last_used timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint api_keys_user_service_name_key unique (user_id, service, key_name),
  constraint api_keys_secret_id_key unique (secret_id, user_id),
  -- A row can point to a secret of its own person only.
  constraint api_keys_secret_id_fkey foreign key (secret_id, user_id) references keyloft.secrets (id, user_id) on delete cascade,
  constraint api_keys_service_form check (service ~ '^[a-z][a-z0-9-]{0,49}$'),
  constraint api_keys_key_name_length check (char_length(key_name) <= 100),
  constraint api_keys_key_hint_is_four check (char_length(key_hint) <= 4),
  constraint api_keys_fingerprint_form check (fingerprint ~ '^[0-9a-f]{16}$'),
  constraint api_keys_validation_error_known check (validation_error in ('refused', 'unreachable', 'unexpected_answer')),
  constraint api_keys_limits_count check (daily_limit > 0 and monthly_limit > 0)
);
comment on table public.api_keys is 'Provider keys that people brought, several per provider where they are named. The keys themselves are never in here.';
comment on column public.api_keys.service is 'The provider''s id: openai, anthropic, gateway …';
comment on column public.api_keys.key_name is 'Empty for a person''s only key, or their first one.';
comment on column public.api_keys.key_hint is 'The last four characters, for people to recognise it by; empty for a short key.';
comment on column public.api_keys.fingerprint is 'A keyed hash: equal for equal keys, and nothing can be learnt from it.';
comment on column public.api_keys.priority is 'Lower is taken first.';
comment on column public.api_keys.is_valid is 'False when the provider refused it at the last verification.';
comment on column public.api_keys.validation_error is 'Why the last verification did not succeed, in our words.';
comment on column public.api_keys.daily_limit is 'Calls a day that its person allows it; null for no limit.';
comment on column public.api_keys.monthly_limit is 'Calls a month that its person allows it; null for no limit.';

create table public.api_gateway_configs (
  user_id uuid primary key,
  base_url text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint api_gateway_configs_base_url_length check (char_length(base_url) between 1 and 2048)
);
comment on table public.api_gateway_configs is 'A person''s own gateway: where calls go that are made with a key of service gateway.';
comment on column public.api_gateway_configs.base_url is 'Null: the Vercel AI Gateway.';

create trigger api_keys_updated_at before update on public.api_keys
  for each row execute function keyloft.set_updated_at();
create trigger api_gateway_configs_updated_at before update on public.api_gateway_configs
  for each row execute function keyloft.set_updated_at();

alter table public.api_keys enable row level security;
alter table public.api_keys force row level security;
alter table public.api_gateway_configs enable row level security;
alter table public.api_gateway_configs force row level security;
revoke all on public.api_keys, public.api_gateway_configs from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.api_keys, public.api_gateway_configs to service_role;
-- Changes go through the server, which verifies and audits them.
grant select (id, user_id, service, key_name, key_hint, fingerprint, priority, is_enabled, is_valid, last_verified_at, validation_error,
              daily_limit, monthly_limit, last_used, created_at, updated_at)
  on public.api_keys to authenticated;
grant select on public.api_gateway_configs to authenticated;
grant select, insert, update, delete on public.api_keys, public.api_gateway_configs to keyloft_definer;
grant select on public.user_settings to keyloft_definer;

create function keyloft.bound_api_keys() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(new.user_id::text, 2)); -- two at once must count each other
  if (select pg_catalog.count(*) from public.api_keys k where k.user_id = new.user_id) >= 100 then
    raise exception 'A person has at most 100 provider keys.' using errcode = 'KL101', hint = 'Delete one that is not needed.';
  end if;
  return new;
end
$$;
comment on function keyloft.bound_api_keys() is 'Trigger: what is loaded for a call must stay small.';

create function keyloft.forget_replaced_secret() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from keyloft.secrets s where s.id = old.secret_id and s.user_id = old.user_id;
  return null;
end
$$;
comment on function keyloft.forget_replaced_secret() is 'Trigger: a secret that no key names any more is gone with it.';

-- Whoever writes, and by whichever way. Names are left out: people paste keys into the wrong field.
create function keyloft.audit_api_key() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  it public.api_keys := coalesce(new, old);
  changed text[];
begin
  if tg_op = 'UPDATE' then
    changed := array_remove(array[
      case when new.key_name is distinct from old.key_name then 'key_name' end,
      case when new.secret_id is distinct from old.secret_id then 'key' end,
      case when new.priority is distinct from old.priority then 'priority' end,
      case when new.is_enabled is distinct from old.is_enabled then 'is_enabled' end,
      case when (new.daily_limit, new.monthly_limit) is distinct from (old.daily_limit, old.monthly_limit) then 'limits' end
    ], null);
    if changed = '{}' then
      return null; -- when it was used, or what a verification found
    end if;
  end if;
  perform keyloft.record_audit(
    in_action => 'api_key.' || case tg_op when 'INSERT' then 'added' when 'DELETE' then 'deleted' else 'changed' end,
    in_user_id => it.user_id,
    in_subject => it.id::text,
    in_details => pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
      'service', it.service, 'fingerprint', it.fingerprint, 'changed', pg_catalog.to_jsonb(changed))));
  return null;
end
$$;
comment on function keyloft.audit_api_key() is 'Trigger: who added, changed or deleted a key.';

create function keyloft.audit_gateway_config() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform keyloft.record_audit(
    in_action => 'gateway.' || case tg_op when 'INSERT' then 'added' when 'DELETE' then 'deleted' else 'changed' end,
    in_user_id => (coalesce(new, old)).user_id);
  return null;
end
$$;
comment on function keyloft.audit_gateway_config() is 'Trigger: who set, changed or deleted a gateway.';

create trigger api_keys_are_bounded before insert on public.api_keys
  for each row execute function keyloft.bound_api_keys();
create trigger api_keys_forget_secret after delete or update of secret_id on public.api_keys
  for each row execute function keyloft.forget_replaced_secret();
create trigger api_keys_are_audited after insert or update or delete on public.api_keys
  for each row execute function keyloft.audit_api_key();
create trigger api_gateway_configs_are_audited after insert or update or delete on public.api_gateway_configs
  for each row execute function keyloft.audit_gateway_config();

create function keyloft.sealed_api_key(in_api_key_id uuid) returns text
  language sql stable security definer
  set search_path = ''
as $$
  -- Asks for the role that was entered: a claim could be forged, and inside of this function the current user is another.
  select s.sealed
    from public.api_keys k join keyloft.secrets s on s.id = k.secret_id and s.user_id = k.user_id
   where k.id = in_api_key_id and pg_catalog.current_setting('role', true) = 'service_role'
$$;
comment on function keyloft.sealed_api_key(uuid) is 'The sealed text of a key for service_role; null for everybody else.';

create view public.user_openrouter_integrations with (security_invoker = true) as
  select distinct on (k.user_id)
         k.user_id, keyloft.sealed_api_key(k.id) as encrypted_api_key,
         k.is_valid, k.last_verified_at, k.is_enabled, k.created_at, k.updated_at
    from public.api_keys k
   where k.service = 'openrouter'
   order by k.user_id, k.priority, k.key_name;
comment on view public.user_openrouter_integrations is 'A person''s OpenRouter key, as apps that know only that provider ask for it.';
revoke all on public.user_openrouter_integrations from public, anon, authenticated, service_role;
grant select on public.user_openrouter_integrations to authenticated, service_role;

-- The functions by which an app's backend keeps keys. They take and give sealed text only: the server seals and opens,
-- at POST /rest/v1/rpc/<name>.
create function keyloft.require_service_role() returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  if coalesce(nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb ->> 'role', '') <> 'service_role' then
    raise exception 'Must be called as service role';
  end if;
end
$$;
comment on function keyloft.require_service_role() is 'For who may execute anything, such as a superuser in psql: they must say what they act as.';

create function public.insert_user_api_key(
  p_user_id uuid, p_service text, p_api_key text, p_host text default null, p_key_hint text default '', p_fingerprint text default null
) returns uuid
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  parts text[] := pg_catalog.string_to_array(p_api_key, '.');
  v_service text := pg_catalog.lower(pg_catalog.btrim(p_service));
begin
  perform keyloft.require_service_role();
  if p_api_key is null or p_api_key !~ '^kl1\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{1,9}\.[A-Za-z0-9_-]{38,}$' then
    raise exception 'p_api_key is not sealed, and the database takes no key as it is.'
      using errcode = 'KL001', hint = 'Call POST /rest/v1/rpc/insert_user_api_key on the Keyloft server, which seals it. Take that key back: it may stand in a log.';
  end if;
  if p_host is null then
    raise exception 'p_host is missing: the host that the key was sealed for.' using errcode = 'KL002', hint = 'The Keyloft server gives it.';
  end if;
  perform keyloft.put_secret(
    in_id => parts[2]::uuid, in_user_id => p_user_id, in_kind => 'provider key', in_provider => v_service, in_host => p_host,
    in_version => parts[3]::integer, in_sealed => p_api_key);
  insert into public.api_keys as k (user_id, service, secret_id, key_hint, fingerprint)
  values (p_user_id, v_service, parts[2]::uuid, p_key_hint, p_fingerprint)
    on conflict (user_id, service, key_name) do update
       set secret_id = excluded.secret_id, key_hint = excluded.key_hint, fingerprint = excluded.fingerprint, is_enabled = true,
           is_valid = true, last_verified_at = null, validation_error = null, created_at = pg_catalog.now(), last_used = null;
  return parts[2]::uuid;
end
$$;
comment on function public.insert_user_api_key(uuid, text, text, text, text, text) is 'Keeps a person''s sealed key of a provider, in place of the unnamed one before. Returns the secret''s id.';

create function public.get_user_api_key(p_user_id uuid, p_service text) returns text
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_service_role();
  return (
    select s.sealed
      from public.api_keys k join keyloft.secrets s on s.id = k.secret_id and s.user_id = k.user_id
     where k.user_id = p_user_id and k.service = pg_catalog.lower(pg_catalog.btrim(p_service)) and k.is_enabled
     order by k.key_name <> '', k.priority, k.key_name
     limit 1);
end
$$;
comment on function public.get_user_api_key(uuid, text) is 'A person''s key of a provider, sealed: the unnamed one, or else the first. Null when there is none.';

create function public.touch_user_api_key(p_user_id uuid, p_service text) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_service_role();
  update public.api_keys set last_used = pg_catalog.now()
   where id = (select k.id from public.api_keys k
                where k.user_id = p_user_id and k.service = pg_catalog.lower(pg_catalog.btrim(p_service)) and k.is_enabled
                order by k.key_name <> '', k.priority, k.key_name limit 1);
end
$$;
comment on function public.touch_user_api_key(uuid, text) is 'Says that the key which get_user_api_key gives was used.';

create function public.delete_user_api_key(p_user_id uuid, p_service text) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_service_role();
  delete from public.api_keys where user_id = p_user_id and service = pg_catalog.lower(pg_catalog.btrim(p_service));
end
$$;
comment on function public.delete_user_api_key(uuid, text) is 'Deletes every key a person has of a provider: after it none is found, named ones included.';

create function public.upsert_user_gateway_config(p_user_id uuid, p_base_url text) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_service_role();
  insert into public.api_gateway_configs (user_id, base_url) values (p_user_id, p_base_url)
    on conflict (user_id) do update set base_url = excluded.base_url;
end
$$;
comment on function public.upsert_user_gateway_config(uuid, text) is 'Says where a person''s gateway is. A key that was sealed for another host is not sent there.';

create function public.get_user_gateway_base_url(p_user_id uuid) returns text
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_service_role();
  return (select base_url from public.api_gateway_configs where user_id = p_user_id);
end
$$;
comment on function public.get_user_gateway_base_url(uuid) is 'Where a person''s gateway is; null when they named none.';

create function public.delete_user_gateway_config(p_user_id uuid) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_service_role();
  delete from public.api_gateway_configs where user_id = p_user_id;
end
$$;
comment on function public.delete_user_gateway_config(uuid) is 'Forgets where a person''s gateway is.';

create function public.get_user_allow_gateway_fallback(p_user_id uuid) returns boolean
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform keyloft.require_service_role();
  return coalesce((select allow_gateway_fallback from public.user_settings where user_id = p_user_id), true);
end
$$;
comment on function public.get_user_allow_gateway_fallback(uuid) is 'Whether the team''s gateway may serve this person; yes unless they said no.';

create function public.check_byok_vault_health() returns boolean
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  probe uuid := pg_catalog.gen_random_uuid();
  found_one boolean;
begin
  perform keyloft.require_service_role();
  perform keyloft.put_secret(
    in_id => probe, in_user_id => null, in_kind => 'health probe', in_provider => '', in_host => '', in_version => 1,
    in_sealed => pg_catalog.concat_ws('.', 'kl1', probe, 1, pg_catalog.repeat('A', 38)));
  select exists (select from keyloft.find_secret(in_user_id => null, in_id => probe)) into found_one;
  perform keyloft.forget_secret(in_user_id => null, in_id => probe);
  return found_one;
end
$$;
comment on function public.check_byok_vault_health() is 'Writes, reads back and deletes a probe. Whether sealing works, the server''s function of this name checks as well.';

-- As the connecting user: on Supabase only it may refer to auth.users, name auth.uid(), and let another role create in public.
reset role;

do $$
declare
  one regprocedure;
begin
  grant create on schema keyloft, public to keyloft_definer;
  foreach one in array array[
    'keyloft.bound_api_keys()', 'keyloft.forget_replaced_secret()', 'keyloft.audit_api_key()', 'keyloft.audit_gateway_config()',
    'keyloft.sealed_api_key(uuid)', 'keyloft.require_service_role()',
    'public.insert_user_api_key(uuid, text, text, text, text, text)', 'public.get_user_api_key(uuid, text)',
    'public.touch_user_api_key(uuid, text)', 'public.delete_user_api_key(uuid, text)',
    'public.upsert_user_gateway_config(uuid, text)', 'public.get_user_gateway_base_url(uuid)',
    'public.delete_user_gateway_config(uuid)', 'public.get_user_allow_gateway_fallback(uuid)', 'public.check_byok_vault_health()'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', one);
    if one::text !~ '^keyloft\.' then
      execute format('grant execute on function %s to service_role', one);
    end if;
    execute format('alter function %s owner to keyloft_definer', one);
  end loop;
  grant execute on function keyloft.sealed_api_key(uuid) to authenticated, service_role; -- for the view; it gives nothing to the former
  revoke create on schema keyloft, public from keyloft_definer;
end
$$;

alter table public.api_keys add constraint api_keys_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;
alter table public.api_gateway_configs add constraint api_gateway_configs_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

create policy "people read their own keys" on public.api_keys
  for select to authenticated using (user_id = (select auth.uid()));
create policy "the service keeps keys" on public.api_keys
  for all to service_role using (true) with check (true);
create policy "its functions keep keys" on public.api_keys
  for all to keyloft_definer using (true) with check (true);
create policy "owner maintains" on public.api_keys
  for all to keyloft_owner using (true) with check (true);

create policy "people read their own gateway" on public.api_gateway_configs
  for select to authenticated using (user_id = (select auth.uid()));
create policy "the service keeps gateways" on public.api_gateway_configs
  for all to service_role using (true) with check (true);
create policy "its functions keep gateways" on public.api_gateway_configs
  for all to keyloft_definer using (true) with check (true);
create policy "owner maintains" on public.api_gateway_configs
  for all to keyloft_owner using (true) with check (true);
create policy "the fallback choice is asked for" on public.user_settings
  for select to keyloft_definer using (true);

-- Who begins without an account and then signs in to one takes everything along. docs/decisions/0028 says why it is so.
set local role keyloft_owner;

create table keyloft.user_aliases (
  old_id uuid primary key,
  user_id uuid not null,
  moved_at timestamptz not null default now(),
  constraint user_aliases_leads_elsewhere check (old_id <> user_id)
);
create index user_aliases_user_id_idx on keyloft.user_aliases (user_id);
comment on table keyloft.user_aliases is 'Who somebody is now whose anonymous account moved into another: a call in flight settles to the new owner.';

create table keyloft.move_rules (
  table_name text primary key,
  rule text not null,
  column_name text,
  because text not null,
  constraint move_rules_known check (rule in ('keep target', 'rename', 'ends', 'stays', 'special')),
  constraint move_rules_rename_says_what check ((rule = 'rename') = (column_name is not null))
);
comment on table keyloft.move_rules is
  'What becomes of a person''s rows in a move where more is needed than the new owner in user_id. A table without a rule is moved by its user_id.';
comment on column keyloft.move_rules.rule is
  'keep target: of two rows that exclude each other the target''s stays. rename: both stay, the moved one under another name (column_name). ends: goes with the old account. stays: is left as it is. special: keyloft.move_account does it.';

insert into keyloft.move_rules (table_name, rule, column_name, because) values
  ('auth.accounts', 'ends', null, 'an anonymous account has no way in of its own'),
  ('auth.sessions', 'ends', null, 'whoever signs in has a session of the account they signed in to'),
  ('keyloft.data_keys', 'ends', null, 'what they sealed is sealed anew for the new owner'),
  ('keyloft.secrets', 'special', null, 'sealed anew for the new owner'),
  ('keyloft.audit_log', 'stays', null, 'what was done was done by whom it was done; the alias tells who that is now'),
  ('keyloft.idempotent_requests', 'keep target', null, 'the account''s own answers count'),
  ('public.user_standing', 'ends', null, 'what an operator decided of one account is not decided of another'),
  ('public.user_profiles', 'keep target', null, 'the account''s own profile counts'),
  ('public.user_settings', 'keep target', null, 'the account''s own choices count'),
  ('public.settings', 'keep target', null, 'what the account was granted counts'),
  ('public.api_gateway_configs', 'keep target', null, 'the account''s own gateway counts; a key for the other host goes nowhere else'),
  ('public.api_keys', 'rename', 'key_name', 'no key is lost'),
  ('public.x402_resources', 'rename', 'slug', 'no resource is lost'),
  ('public.user_quota_limits', 'special', null, 'the account''s limit counts, with what both have used'),
  ('public.usage_hourly', 'special', null, 'sums follow the records they are sums of');

do $$
declare
  one text;
begin
  foreach one in array array['user_aliases', 'move_rules'] loop
    execute format('alter table keyloft.%I enable row level security', one);
    execute format('alter table keyloft.%I force row level security', one);
    execute format('revoke all on keyloft.%I from public, anon, authenticated, service_role', one);
    execute format('create policy "owner maintains" on keyloft.%I for all to keyloft_owner using (true) with check (true)', one);
  end loop;
end
$$;
grant select on keyloft.user_aliases to keyloft_definer;
create policy "its functions ask it" on keyloft.user_aliases for select to keyloft_definer using (true);

-- A move shuts the ledger out while it runs, or a call that settles meanwhile would be written down for who is gone.
create function keyloft.present_owners(in_user_ids uuid[]) returns uuid[]
  language plpgsql volatile
  set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('keyloft: account moves', 0));
  if not exists (select from keyloft.user_aliases a where a.old_id = any (in_user_ids)) then
    return in_user_ids;
  end if;
  return array(select coalesce(a.user_id, g.user_id)
                 from unnest(in_user_ids) with ordinality as g (user_id, place) left join keyloft.user_aliases a on a.old_id = g.user_id
                order by g.place);
end
$$;
comment on function keyloft.present_owners(uuid[]) is 'Who these people are now. Until the transaction ends, nobody moves: the first thing that whoever writes calls does.';
revoke all on function keyloft.present_owners(uuid[]) from public;
grant execute on function keyloft.present_owners(uuid[]) to keyloft_definer;

create function keyloft.secrets_of(in_user_id uuid)
  returns table (id uuid, user_id uuid, kind text, provider text, host text, version integer, sealed text)
  language sql stable security definer
  set search_path = ''
as $$
  select s.id, s.user_id, s.kind, s.provider, s.host, s.version, s.sealed from keyloft.secrets s where s.user_id = in_user_id order by s.id
$$;
comment on function keyloft.secrets_of(uuid) is 'Every sealed text of a person''s, to be sealed for another.';
revoke all on function keyloft.secrets_of(uuid) from public;
grant execute on function keyloft.secrets_of(uuid) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.secrets_of(uuid) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

-- Every column of ours that says whose a row is: named user_id, or referring to auth.users under another name.
create function keyloft.owner_columns() returns table (relation regclass, column_name name)
  language sql stable
  set search_path = ''
as $$
  select c.oid::regclass, a.attname
    from pg_catalog.pg_class c
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atttypid = 'uuid'::regtype
   where n.nspname in ('auth', 'public', 'keyloft', 'realtime') and c.relkind in ('r', 'p') and not c.relispartition
     and c.relowner = 'keyloft_owner'::regrole
     and (a.attname = 'user_id'
          or exists (select from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
                        and k.confrelid = pg_catalog.to_regclass('auth.users')))
$$;
comment on function keyloft.owner_columns() is 'Every column that says whose a row is, so that a table added later is not forgotten.';
revoke all on function keyloft.owner_columns() from public;

-- Columns beside it, of the unique indexes in which an owner stands. Those with an id are of no concern: no two are alike.
-- Null of one whose rows cannot be compared by columns alone: there, two alike make the move fail.
create function keyloft.excluding_columns(in_relation regclass, in_column name) returns table (columns name[])
  language sql stable
  set search_path = ''
as $$
  select case when i.indpred is null and i.indexprs is null then
           array(select a.attname from pg_catalog.pg_attribute a
                  where a.attrelid = i.indrelid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]) and a.attname <> in_column) end
    from pg_catalog.pg_index i
   where i.indrelid = in_relation and i.indisunique
     and exists (select from pg_catalog.pg_attribute a where a.attrelid = i.indrelid and a.attname = in_column
                    and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
     and not exists (select from pg_catalog.pg_attribute a where a.attrelid = i.indrelid and a.attname in ('id', 'secret_id')
                        and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
$$;
comment on function keyloft.excluding_columns(regclass, name) is 'In what two rows of one owner may not be alike, for each unique index.';
revoke all on function keyloft.excluding_columns(regclass, name) from public;

-- Verdicts: moved; already, where it had been moved there before; stale, where the secrets given are not those that there
-- are; refused, where the one is not anonymous, or the other is, or either is nobody.
create function keyloft.move_account(in_from uuid, in_to uuid, in_old_secrets uuid[], in_new_secrets jsonb) returns text
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  owned record;
  other record;
  alike text;
  assignments text;
  referring text := 'true';
  base text;
  attempt integer;
  taken boolean;
begin
  -- The new rows of whoever is being moved refer to this one, so from here on there are none.
  perform from auth.users u where u.id = in_from and u.is_anonymous for update;
  if not found then
    return case when exists (select from keyloft.user_aliases a where a.old_id = in_from and a.user_id = in_to) then 'already' else 'refused' end;
  end if;
  perform from auth.users u where u.id = in_to and not u.is_anonymous for no key update;
  if not found then
    return 'refused';
  end if;
  if array(select s.id from keyloft.secrets s where s.user_id = in_from order by s.id) is distinct from in_old_secrets then
    return 'stale';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: account moves', 0)); -- after these, as nobody who has it waits for them
  set constraints all deferred;

  insert into keyloft.secrets (id, user_id, kind, provider, host, version, sealed)
  select n.id, in_to, n.kind, n.provider, n.host, n.version, n.sealed
    from pg_catalog.jsonb_to_recordset(in_new_secrets) as n (id uuid, kind text, provider text, host text, version integer, sealed text);

  for owned in
    select o.relation, o.column_name, o.relation::text as name, r.rule, r.column_name as renamed
      from keyloft.owner_columns() o
           left join keyloft.move_rules r on r.table_name = (select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = o.relation)
     where o.relation <> 'auth.users'::regclass and r.rule is distinct from 'stays' and r.rule is distinct from 'ends' and r.rule is distinct from 'special'
     order by o.relation::text, o.column_name
  loop
    if owned.rule = 'keep target' then
      for other in select x.columns from keyloft.excluding_columns(owned.relation, owned.column_name) x where x.columns is not null loop
        select coalesce(pg_catalog.string_agg(pg_catalog.format(' and t.%1$I is not distinct from o.%1$I', c), ''), '') into alike from unnest(other.columns) as c;
        execute pg_catalog.format('delete from %s t where t.%I = $1 and exists (select from %s o where o.%I = $2%s)',
          owned.relation, owned.column_name, owned.relation, owned.column_name, alike) using in_from, in_to;
      end loop;
    elsif owned.rule = 'rename' then
      for other in select x.columns from keyloft.excluding_columns(owned.relation, owned.column_name) x where x.columns is not null loop
        select coalesce(pg_catalog.string_agg(pg_catalog.format(' and t.%1$I is not distinct from o.%1$I', c), ''), '') into alike
          from unnest(other.columns) as c where c <> owned.renamed;
        loop
          execute pg_catalog.format('select t.%I from %s t where t.%I = $1 and exists (select from %s o where o.%I = $2 and o.%I = t.%I%s) limit 1',
            owned.renamed, owned.relation, owned.column_name, owned.relation, owned.column_name, owned.renamed, owned.renamed, alike)
            into base using in_from, in_to;
          exit when base is null;
          attempt := 1;
          loop
            execute pg_catalog.format('select exists (select from %s t where t.%I in ($1, $2) and t.%I = $3)',
              owned.relation, owned.column_name, owned.renamed)
              into taken using in_from, in_to, keyloft.another_name(base, attempt);
            exit when not taken;
            attempt := attempt + 1;
          end loop;
          execute pg_catalog.format('update %s t set %I = $3 where t.%I = $1 and t.%I = $4 and exists (select from %s o where o.%I = $2 and o.%I = t.%I%s)',
            owned.relation, owned.renamed, owned.column_name, owned.renamed, owned.relation, owned.column_name, owned.renamed, owned.renamed, alike)
            using in_from, in_to, keyloft.another_name(base, attempt), base;
        end loop;
      end loop;
    end if;

    select coalesce(pg_catalog.string_agg(pg_catalog.format(', %1$I = coalesce(($3 ->> %1$I::text)::uuid, %1$I)', a.attname), ''), ''),
           coalesce(pg_catalog.string_agg(pg_catalog.format(' and not exists (select from %s r where r.%I = s.id)', owned.relation, a.attname), ''), '')
      into assignments, alike
      from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[
             pg_catalog.array_position(k.confkey, (select i.attnum from pg_catalog.pg_attribute i where i.attrelid = k.confrelid and i.attname = 'id'))]
     where k.conrelid = owned.relation and k.contype = 'f' and k.confrelid = 'keyloft.secrets'::regclass;
    referring := referring || alike;
    execute pg_catalog.format('update %s t set %I = $2%s where t.%I = $1', owned.relation, owned.column_name, assignments, owned.column_name)
      using in_from, in_to, (select pg_catalog.jsonb_object_agg(n.replaces, n.id) from pg_catalog.jsonb_to_recordset(in_new_secrets) as n (id uuid, replaces uuid));
  end loop;
  -- Of rows that had to give way.
  execute 'delete from keyloft.secrets s where s.id = any ($1) and ' || referring
    using array(select n.id from pg_catalog.jsonb_to_recordset(in_new_secrets) as n (id uuid));

  -- The trigger of usage_records has moved the sums by now; what is left is of records that are not kept any more.
  insert into public.usage_hourly as h
  select in_to, m.hour, m.provider, m.model, m.credential_source, m.requests, m.unpriced_requests, m.presumed_requests, m.input_tokens,
         m.cached_input_tokens, m.output_tokens, m.reasoning_tokens, m.cost_usd
    from public.usage_hourly m where m.user_id = in_from and m.requests <> 0
  on conflict (user_id, hour, provider, model, credential_source) do update
     set requests = h.requests + excluded.requests, unpriced_requests = h.unpriced_requests + excluded.unpriced_requests,
         presumed_requests = h.presumed_requests + excluded.presumed_requests, input_tokens = h.input_tokens + excluded.input_tokens,
         cached_input_tokens = h.cached_input_tokens + excluded.cached_input_tokens, output_tokens = h.output_tokens + excluded.output_tokens,
         reasoning_tokens = h.reasoning_tokens + excluded.reasoning_tokens, cost_usd = h.cost_usd + excluded.cost_usd;
  delete from public.usage_hourly h where h.user_id = in_from;

  -- Both at the windows of now, and what counted against the one goes on counting against the other.
  perform keyloft.lock_quotas(array[in_from, in_to]);
  with merged as (
    select m.*, t.id as into_id
      from public.user_quota_limits m
           join public.user_quota_limits t on t.user_id = in_to
            and (m.type, m.provider, m.model, m.spend, m.set_by, m.key_id) is not distinct from (t.type, t.provider, t.model, t.spend, t.set_by, t.key_id)
     where m.user_id = in_from
  ), kept as (
    update public.user_quota_limits t
       set used_requests = t.used_requests + m.used_requests, used_tokens = t.used_tokens + m.used_tokens, used_cost = t.used_cost + m.used_cost,
           reserved_requests = t.reserved_requests + m.reserved_requests, reserved_tokens = t.reserved_tokens + m.reserved_tokens,
           reserved_cost = t.reserved_cost + m.reserved_cost, last_reset = least(t.last_reset, m.last_reset)
      from merged m where t.id = m.into_id
  ), holding as ( -- all that were merged at once: a reservation may be in several
    update keyloft.holds h set quota_ids = array(select coalesce(m.into_id, q.id) from unnest(h.quota_ids) as q (id) left join merged m using (id))
     where h.user_id = in_to and h.quota_ids && array(select m.id from merged m)
  ), presumed as (
    update keyloft.presumed_reservations p set quota_ids = array(select coalesce(m.into_id, q.id) from unnest(p.quota_ids) as q (id) left join merged m using (id))
     where p.user_id = in_to and p.quota_ids && array(select m.id from merged m)
  ), advanced as (
    update keyloft.advances a set quota_ids = array(select coalesce(m.into_id, q.id) from unnest(a.quota_ids) as q (id) left join merged m using (id))
     where a.user_id = in_to and a.quota_ids && array(select m.id from merged m)
  )
  delete from public.user_quota_limits q using merged m where q.id = m.id;
  update public.user_quota_limits set user_id = in_to where user_id = in_from;

  insert into keyloft.user_aliases (old_id, user_id) values (in_from, in_to);
  delete from auth.users u where u.id = in_from;
  perform pg_catalog.pg_notify('keyloft', 'person ' || in_from);
  perform pg_catalog.pg_notify('keyloft', 'person ' || in_to);
  return 'moved';
end
$$;
comment on function keyloft.move_account(uuid, uuid, uuid[], jsonb) is
  'Moves everything of an anonymous person to another, all or nothing. The secrets were sealed for the new owner before. Runs as the owner, whose every table has a policy for that.';

create function keyloft.another_name(in_name text, in_attempt integer) returns text
  language sql immutable
  set search_path = ''
as $$
  select case when in_attempt = 1 and in_name = '' then 'moved'
              else pg_catalog.left(coalesce(nullif(in_name, ''), 'moved'), 90) || '-' || in_attempt + 1 end
$$;
comment on function keyloft.another_name(text, integer) is 'What may be tried in place of a name that is taken.';

revoke all on function keyloft.move_account(uuid, uuid, uuid[], jsonb), keyloft.another_name(text, integer) from public;
grant execute on function keyloft.move_account(uuid, uuid, uuid[], jsonb) to service_role;

reset role;

alter table keyloft.user_aliases add constraint user_aliases_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

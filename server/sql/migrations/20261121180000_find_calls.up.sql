-- The calls of one request: the tries that were made for it. The id of a request may come from outside, so it is not unique.
-- Where we made it and one call is all that can come of the request, the call has it for its own (domains/gateway/place-call.ts),
-- and is found by its key: most calls are, and do not pay for this index.
set local role keyloft_owner;

create index usage_records_request_id_idx on public.usage_records (user_id, request_id) where request_id <> id::text;
comment on index public.usage_records_request_id_idx is 'Of calls that have another id than their request. On every month; keyloft.make_usage_partitions copies it.';

create function keyloft.present_owner(in_user_id uuid) returns uuid
  language sql stable security definer
  set search_path = ''
  return coalesce((select a.user_id from keyloft.user_aliases a where a.old_id = in_user_id), in_user_id);
comment on function keyloft.present_owner(uuid) is 'Who this person is now, by whose id calls are kept.';
revoke all on function keyloft.present_owner(uuid) from public;
grant execute on function keyloft.present_owner(uuid) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.present_owner(uuid) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

reset role;

-- The ledger outlives its people and refers to none of them, so whoever states an id asks here. Made by the connecting user,
-- who on Supabase alone may read auth.users and cannot pass that on. Where the table is ours, so is this.
create function keyloft.is_person(in_user_id uuid) returns boolean
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return exists (select from auth.users u where u.id = in_user_id);
end
$$;
comment on function keyloft.is_person(uuid) is 'Whether somebody has this id now, with an account or without one.';
revoke all on function keyloft.is_person(uuid) from public, anon, authenticated, service_role;
grant execute on function keyloft.is_person(uuid) to service_role;
do $$
begin
  if (select c.relowner from pg_catalog.pg_class c where c.oid = 'auth.users'::regclass) = 'keyloft_owner'::regrole then
    alter function keyloft.is_person(uuid) owner to keyloft_owner;
  end if;
end
$$;

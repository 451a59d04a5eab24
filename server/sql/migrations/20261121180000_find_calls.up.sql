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

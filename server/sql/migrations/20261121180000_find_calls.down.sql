drop function keyloft.is_person(uuid);

set local role keyloft_owner;

drop function keyloft.present_owner(uuid);
drop index public.usage_records_request_id_idx;

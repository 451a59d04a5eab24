set local role keyloft_owner;

drop function keyloft.forget_old_requests();
drop function keyloft.abandon_idempotent(uuid, text);
drop function keyloft.finish_idempotent(uuid, text, integer, text);
drop function keyloft.begin_idempotent(uuid, text, bytea, integer);
drop function keyloft.count_request(text, integer);
drop table keyloft.idempotent_requests;
drop table keyloft.request_counts;

set local role keyloft_owner;

drop function keyloft.sweep_calls(integer);
drop function keyloft.renew_leases(uuid[], uuid[], integer);

set local role keyloft_owner;

drop function keyloft.settle_calls(keyloft.call_end[]);
drop function keyloft.records_of(keyloft.call_end[]), keyloft.is_end(keyloft.call_end);
drop type keyloft.call_end;

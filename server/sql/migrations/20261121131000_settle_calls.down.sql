set local role keyloft_owner;

drop function keyloft.settle_calls(keyloft.call_end[]);
drop type keyloft.call_end;

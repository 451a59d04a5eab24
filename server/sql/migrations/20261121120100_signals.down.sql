set local role keyloft_owner;

drop function keyloft.signal_change();

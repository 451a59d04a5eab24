set local role keyloft_owner;

drop function keyloft.drop_usage_month(integer);

set local role keyloft_owner;

drop policy "admins are told by a function" on keyloft.audit_log;
revoke select on keyloft.audit_log from keyloft_definer;
drop function keyloft.audit_page(bigint, integer, text, uuid, uuid, timestamptz, timestamptz);
drop function keyloft.alert_figures();
drop function keyloft.slow_queries(integer);
drop function keyloft.database_figures();
drop function keyloft.require_admin();

reset role;

revoke usage on schema keyloft from keyloft_observer;

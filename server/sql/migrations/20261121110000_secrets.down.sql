set local role keyloft_owner;

drop function keyloft.record_audit(text, uuid, text, jsonb);
drop function keyloft.installation_secret(text);
drop function keyloft.forget_secret(uuid, uuid);
drop function keyloft.find_secret(uuid, uuid);
drop function keyloft.put_secret(uuid, uuid, text, text, text, integer, text);
drop function keyloft.add_first_data_key(uuid, text);
drop function keyloft.data_keys_of(uuid);
drop table keyloft.audit_log;
drop table keyloft.secrets;
drop table keyloft.data_keys;

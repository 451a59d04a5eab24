set local role keyloft_owner;

drop function keyloft.destroy_keys(uuid);
revoke delete on keyloft.data_keys from keyloft_definer;

set local role keyloft_owner;

drop function keyloft.forget_old_objects(integer);
drop function keyloft.find_object(uuid, text);
drop function keyloft.remember_object(uuid, text, text, text, uuid);
delete from keyloft.move_rules where table_name = 'keyloft.provider_objects';
drop table keyloft.provider_objects;

set local role keyloft_owner;

drop function keyloft.move_account(uuid, uuid, uuid[], jsonb), keyloft.another_name(text, integer), keyloft.excluding_columns(regclass, name),
  keyloft.owner_columns(), keyloft.secrets_of(uuid), keyloft.present_owners(uuid[]);
drop table keyloft.move_rules, keyloft.user_aliases;

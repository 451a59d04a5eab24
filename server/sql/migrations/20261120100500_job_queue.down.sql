set local role keyloft_owner;

drop schema pgboss cascade;

set local role keyloft_owner;

drop table keyloft.advances;
drop table keyloft.holds;

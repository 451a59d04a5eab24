set local role keyloft_owner;

drop function keyloft.token_mark_key();
drop table keyloft.token_marks;

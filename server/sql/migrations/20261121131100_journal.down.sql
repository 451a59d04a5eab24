set local role keyloft_owner;

drop function keyloft.post_ends(integer, boolean);
drop function keyloft.post_lines(text[]);
drop function keyloft.note_ends(text);
drop table keyloft.journal;

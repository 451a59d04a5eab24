set local role keyloft_owner;

drop function keyloft.may_return(uuid);
drop function keyloft.return_places(uuid[], integer[]);
drop function keyloft.are_of_everybody(keyloft.advances[]);
drop function keyloft.draw_places(uuid[], uuid[], uuid[]);

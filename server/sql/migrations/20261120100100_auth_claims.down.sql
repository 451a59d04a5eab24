--! not on supabase
set local role keyloft_owner;

drop function auth.role();
drop function auth.uid();
drop function auth.jwt();

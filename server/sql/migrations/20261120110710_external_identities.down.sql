--! not on supabase
set local role keyloft_owner;

drop function auth.user_of_external_identity(text, text, text);
drop table auth.external_identities;

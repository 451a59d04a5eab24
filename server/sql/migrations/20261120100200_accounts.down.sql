--! not on supabase
set local role keyloft_owner;

drop table auth.jwks;
drop table auth.verifications;
drop table auth.sessions;
drop table auth.accounts;
drop table auth.users;

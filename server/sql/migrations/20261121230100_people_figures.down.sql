--! not on supabase
set local role keyloft_owner;

drop policy "people are counted" on auth.users;
drop function keyloft.people_figures();
revoke select (id, is_anonymous, created_at) on auth.users from keyloft_definer;
revoke select (provider_id) on auth.accounts from keyloft_definer;

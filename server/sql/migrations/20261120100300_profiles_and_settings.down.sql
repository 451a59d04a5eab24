set local role keyloft_owner;

drop table public.settings;
drop table public.user_settings;
drop table public.user_profiles;
drop function keyloft.set_updated_at();

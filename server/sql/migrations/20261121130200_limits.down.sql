set local role keyloft_owner;

drop function keyloft.are_limited(uuid[], boolean);
drop trigger api_keys_are_limited on public.api_keys;
drop function keyloft.limit_api_key();
drop table public.user_quota_limits;
drop function keyloft.bound_quotas();
drop function keyloft.await_books();
drop function keyloft.check_quota();

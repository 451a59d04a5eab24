set local role keyloft_owner;

drop function keyloft.limit_platform(text, bigint, bigint, numeric);
drop function keyloft.begin_quotas(uuid);
drop function keyloft.lock_quotas(uuid[], boolean);
drop function keyloft.used_before(public.user_quota_limits, timestamptz);
drop function keyloft.window_ends(text, timestamptz);
drop function keyloft.window_begins(text, timestamptz);
drop function keyloft.quota_counts(public.user_quota_limits, text, text, text, uuid);

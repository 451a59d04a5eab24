drop function keyloft.anonymous_among(uuid[]);

set local role keyloft_owner;

drop function keyloft.make_usage_partitions(integer);
drop function keyloft.sweep_calls(integer);
drop function keyloft.renew_leases(uuid[], uuid[], integer);
drop function keyloft.settle_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[],
  timestamptz[], text[], integer[], integer[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], jsonb[], numeric[]);
drop function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[], numeric[], integer, bigint[], bigint[], bigint[], bigint[]);
drop function keyloft.limit_platform(text, bigint, bigint, numeric);
drop function keyloft.begin_quotas(uuid);
drop function keyloft.lower_quotas(uuid[], uuid[], timestamptz[], uuid[]);
drop function keyloft.book_quotas(public.user_quota_limits[], public.usage_records[], keyloft.presumed_reservations[]);
drop function keyloft.reserve_quotas(uuid[], uuid[], timestamptz[], text[], text[], text[], uuid[], boolean[], numeric[], bigint[], bigint[], bigint[], bigint[]);
drop function keyloft.most_cost_of(public.model_prices, bigint, bigint, bigint);
drop function keyloft.tiers_of(uuid[]);
drop function keyloft.lock_quotas(uuid[], boolean);
drop function keyloft.used_before(public.user_quota_limits, timestamptz);
drop function keyloft.window_ends(text, timestamptz);
drop function keyloft.window_begins(text, timestamptz);
drop function keyloft.quota_counts(public.user_quota_limits, text, text, text, uuid);
drop trigger api_keys_are_limited on public.api_keys;
drop function keyloft.limit_api_key();
drop function keyloft.verdicts_of(uuid[], uuid[], text, bigint[]);
drop table public.quota_tiers;
drop table public.user_quota_limits;
drop function keyloft.bound_quotas();
drop function keyloft.check_quota();
drop table keyloft.presumed_reservations;
drop table keyloft.holds;
drop table public.usage_hourly;
drop table public.usage_records;
drop function keyloft.roll_up_usage();
drop function keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text);

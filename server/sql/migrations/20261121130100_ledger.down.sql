set local role keyloft_owner;

drop function keyloft.make_usage_partitions(integer);
drop function keyloft.sweep_calls(integer);
drop function keyloft.renew_leases(uuid[], uuid[], integer);
drop function keyloft.settle_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[],
  timestamptz[], text[], integer[], integer[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], jsonb[], numeric[]);
drop function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], jsonb[], numeric[], integer);
drop function keyloft.verdicts_of(uuid[], uuid[], text, bigint[]);
drop table public.user_quota_limits;
drop table keyloft.holds;
drop table public.usage_hourly;
drop table public.usage_records;
drop function keyloft.roll_up_usage();
drop function keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text);

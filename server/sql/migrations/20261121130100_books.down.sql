set local role keyloft_owner;

drop function keyloft.make_usage_partitions(integer);
drop table public.usage_hourly;
drop table public.usage_records;
drop function keyloft.roll_up_usage();

set local role keyloft_owner;

drop function keyloft.lower_quotas(uuid[], uuid[], timestamptz[], uuid[]);
drop function keyloft.book_quotas(uuid[], boolean, keyloft.counted_call[], keyloft.presumed_reservations[], keyloft.presumed_reservations[]);
drop function keyloft.reserve_again(keyloft.presumed_reservations[]);
drop function keyloft.sum_up_quotas(public.user_quota_limits[], uuid[], keyloft.counted_call[], keyloft.presumed_reservations[]);
drop type keyloft.quota_change;
drop function keyloft.counted(public.usage_records);
drop type keyloft.counted_call;
drop table keyloft.presumed_reservations;

set local role keyloft_owner;

drop function keyloft.rerate_day(uuid, timestamptz, text, text, boolean, timestamptz, boolean);
drop table public.usage_adjustments;

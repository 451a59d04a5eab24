drop function keyloft.anonymous_among(uuid[]);

set local role keyloft_owner;

drop function keyloft.tiers_of(uuid[]);
drop table public.quota_tiers;

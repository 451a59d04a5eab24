set local role keyloft_owner;

drop function keyloft.reserve_quotas(uuid[], uuid[], timestamptz[], text[], text[], text[], uuid[], boolean[], numeric[], bigint[], bigint[], bigint[], bigint[], integer[]);
drop function keyloft.most_cost_of(public.model_prices, bigint, bigint, bigint);

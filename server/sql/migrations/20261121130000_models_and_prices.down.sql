set local role keyloft_owner;

drop function keyloft.load_models(jsonb, timestamptz, text);
drop function keyloft.cost_of(public.model_prices, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint);
drop table public.model_prices;
drop table public.ai_models;

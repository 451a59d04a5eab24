set local role keyloft_owner;

drop table public.x402_resources;

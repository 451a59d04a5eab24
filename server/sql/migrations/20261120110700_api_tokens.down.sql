set local role keyloft_owner;

drop function keyloft.find_api_token(text);
drop table public.api_tokens;

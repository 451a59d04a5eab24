set local role keyloft_owner;

drop trigger quota_tiers_signal_change on public.quota_tiers;
drop trigger user_quota_limits_signal_change on public.user_quota_limits;
drop trigger ai_models_signal_change on public.ai_models;
drop trigger user_settings_signal_change on public.user_settings;
drop trigger api_gateway_configs_signal_change on public.api_gateway_configs;
drop trigger api_keys_signal_change on public.api_keys;
drop function keyloft.signal_person();
drop function keyloft.uses_of_keys(uuid, uuid[], timestamptz);
drop function keyloft.resolver_facts(uuid);
alter table public.user_settings drop column own_keys_only;

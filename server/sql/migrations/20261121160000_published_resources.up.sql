-- What people publish for others to call. So far the rows alone: serving and paying come with their own stage.
set local role keyloft_owner;

create table public.x402_resources (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  slug text not null,
  name text not null,
  description text,
  resource_type text not null default 'external',
  openrouter_model_id uuid,
  openrouter_config jsonb,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint x402_resources_user_slug_key unique (user_id, slug),
  constraint x402_resources_slug_form check (slug ~ '^[a-z0-9][a-z0-9-]{0,99}$'),
  constraint x402_resources_name_length check (char_length(name) between 1 and 200),
  constraint x402_resources_description_length check (char_length(description) <= 4000),
  constraint x402_resources_resource_type_check check (
    resource_type in ('external', 'proxy', 'prompt', 'static', 'prompt_template', 'openrouter_instant')
  ),
  constraint x402_resources_openrouter_config_is_object check (
    jsonb_typeof(openrouter_config) = 'object' and pg_column_size(openrouter_config) <= 262144
  ),
  -- A resource whose model is gone stays, and says so when it is called.
  constraint x402_resources_openrouter_model_id_fkey foreign key (openrouter_model_id) references public.ai_models (id) on delete set null
);
create index idx_x402_resources_openrouter_model on public.x402_resources (openrouter_model_id) where openrouter_model_id is not null;
comment on table public.x402_resources is 'Resources that a person publishes under a name of theirs.';
comment on column public.x402_resources.openrouter_model_id is 'The model of an openrouter_instant resource; null when it was taken out of the catalogue.';
comment on column public.x402_resources.openrouter_config is 'Of an openrouter_instant resource: {modelId, systemPrompt, params: {temperature, maxTokens, topP}}. Its owner''s alone to read.';

create trigger x402_resources_updated_at before update on public.x402_resources
  for each row execute function keyloft.set_updated_at();

alter table public.x402_resources enable row level security;
alter table public.x402_resources force row level security;
revoke all on public.x402_resources from public, anon, authenticated, service_role;
grant select on public.x402_resources to authenticated;
grant select, insert, update, delete on public.x402_resources to service_role;

reset role;

alter table public.x402_resources add constraint x402_resources_user_id_fkey
  foreign key (user_id) references auth.users (id) on delete cascade;

create policy "people read their own resources" on public.x402_resources
  for select to authenticated using (user_id = (select auth.uid()));
create policy "the service keeps resources" on public.x402_resources
  for all to service_role using (true) with check (true);
create policy "owner maintains" on public.x402_resources
  for all to keyloft_owner using (true) with check (true);

-- What can be called, and what it costs from when on. Everybody who signed in may read it; it is the operator's to fill.
set local role keyloft_owner;

create table public.ai_models (
  id uuid primary key default gen_random_uuid(),
  provider text not null,
  model text not null,
  display_name text not null,
  description text,
  modality text not null default 'text',
  context_length integer,
  max_tokens integer,
  vision_supported boolean not null default false,
  web_search_supported boolean not null default false,
  tool_calling_supported boolean not null default false,
  is_active boolean not null default true,
  is_curated boolean not null default false,
  last_synced_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint ai_models_provider_model_key unique (provider, model),
  constraint ai_models_provider_form check (provider ~ '^[a-z0-9][a-z0-9_-]{0,49}$'),
  constraint ai_models_model_length check (char_length(model) between 1 and 200),
  constraint ai_models_display_name_length check (char_length(display_name) between 1 and 200),
  constraint ai_models_description_length check (char_length(description) <= 4000),
  constraint ai_models_modality_known check (modality in ('text', 'image', 'video', 'audio', 'embedding', 'multimodal')),
  constraint ai_models_lengths_positive check (context_length > 0 and max_tokens > 0)
);
comment on table public.ai_models is 'The catalogue: which model at which provider.';
comment on column public.ai_models.model is 'The name by which the provider knows it.';
comment on column public.ai_models.is_active is 'Whether it is listed. The operator''s: no import writes over it.';
comment on column public.ai_models.is_curated is 'Recommended by the operator. Theirs: no import writes over it.';

create trigger ai_models_updated_at before update on public.ai_models
  for each row execute function keyloft.set_updated_at();

create table public.model_prices (
  id uuid primary key default gen_random_uuid(),
  provider text not null,
  model text not null,
  effective_from timestamptz not null,
  from_input_tokens bigint not null default 0,
  input_per_million numeric,
  cached_input_per_million numeric,
  cache_write_5m_per_million numeric,
  cache_write_1h_per_million numeric,
  audio_input_per_million numeric,
  output_per_million numeric,
  reasoning_per_million numeric,
  audio_output_per_million numeric,
  per_image numeric,
  per_search numeric,
  per_request numeric,
  source text not null,
  created_at timestamptz not null default now(),
  constraint model_prices_in_force_key unique (provider, model, effective_from, from_input_tokens),
  constraint model_prices_provider_form check (provider ~ '^[a-z0-9][a-z0-9_-]{0,49}$'),
  constraint model_prices_model_length check (char_length(model) between 1 and 200),
  constraint model_prices_tier_bounded check (from_input_tokens between 0 and 1000000000),
  constraint model_prices_source_known check (source in ('shipped', 'imported')),
  -- From both sides: NaN and Infinity are above zero.
  constraint model_prices_bounded check (
    input_per_million between 0 and 1000000 and cached_input_per_million between 0 and 1000000
    and cache_write_5m_per_million between 0 and 1000000 and cache_write_1h_per_million between 0 and 1000000
    and audio_input_per_million between 0 and 1000000 and output_per_million between 0 and 1000000
    and reasoning_per_million between 0 and 1000000 and audio_output_per_million between 0 and 1000000
    and per_image between 0 and 1000000 and per_search between 0 and 1000000 and per_request between 0 and 1000000
  )
);
comment on table public.model_prices is 'Prices in USD. A row is in force from its date until the next of its model; none is ever changed.';
comment on column public.model_prices.from_input_tokens is 'For providers that charge long prompts at another rate: the rate of calls with at least so many input tokens.';
comment on column public.model_prices.input_per_million is 'Null: what this would be charged for has no price, and such a call stays unpriced.';
comment on column public.model_prices.cached_input_per_million is 'Null: charged as input. So are cache writes.';
comment on column public.model_prices.per_search is 'For each search of the web that a tool of the provider''s made.';
comment on column public.model_prices.reasoning_per_million is 'Null: charged as output.';
comment on column public.model_prices.source is 'shipped with Keyloft, or imported by the operator, which outranks it.';

-- Exact: numeric products lose no digit, and a division by a million is a product too. Null where a thing was used that
-- has no price.
create function keyloft.cost_of(
  price public.model_prices, input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint,
  cache_write_1h_tokens bigint, audio_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint,
  audio_output_tokens bigint, images bigint, searches bigint
) returns numeric
  language sql immutable
  return case when (price).id is not null then trim_scale(
    0.000001 * (
      case when input_tokens = 0 then 0 else
        case when input_tokens = cached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + audio_input_tokens then 0 else
          (input_tokens - cached_input_tokens - cache_write_5m_tokens - cache_write_1h_tokens - audio_input_tokens) * (price).input_per_million end
        + case when cached_input_tokens = 0 then 0 else cached_input_tokens * coalesce((price).cached_input_per_million, (price).input_per_million) end
        + case when cache_write_5m_tokens = 0 then 0 else cache_write_5m_tokens * coalesce((price).cache_write_5m_per_million, (price).input_per_million) end
        + case when cache_write_1h_tokens = 0 then 0 else cache_write_1h_tokens * coalesce((price).cache_write_1h_per_million, (price).input_per_million) end
        + case when audio_input_tokens = 0 then 0 else audio_input_tokens * (price).audio_input_per_million end
      end
      + case when output_tokens = 0 then 0 else
        case when output_tokens = reasoning_tokens + audio_output_tokens then 0 else
          (output_tokens - reasoning_tokens - audio_output_tokens) * (price).output_per_million end
        + case when reasoning_tokens = 0 then 0 else reasoning_tokens * coalesce((price).reasoning_per_million, (price).output_per_million) end
        + case when audio_output_tokens = 0 then 0 else audio_output_tokens * (price).audio_output_per_million end
      end
    )
    + case when images = 0 then 0 else images * (price).per_image end
    + case when searches = 0 then 0 else searches * (price).per_search end
    + coalesce((price).per_request, 0)
  ) end;
comment on function keyloft.cost_of(public.model_prices, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint)
  is 'What a call costs by this price. Cached, written and audio tokens are parts of the input, reasoning and audio tokens of the output.';

-- One entry of in_models: {provider, models: [name, alias …], display_name, …, prices: [{from_input_tokens, input_per_million, …}]}.
create function keyloft.load_models(in_models jsonb, in_effective_from timestamptz, in_source text, out new_models integer, out new_prices integer, out outdated text[])
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  with entries as (
    select e.*, e.models ->> 0 as model
      from pg_catalog.jsonb_to_recordset(in_models) as e (
        provider text, models jsonb, display_name text, description text, modality text, context_length integer, max_tokens integer,
        vision_supported boolean, web_search_supported boolean, tool_calling_supported boolean)
  ), kept as (
    insert into public.ai_models as m (
      provider, model, display_name, description, modality, context_length, max_tokens,
      vision_supported, web_search_supported, tool_calling_supported)
    select provider, model, display_name, description, modality, context_length, max_tokens,
           coalesce(vision_supported, false), coalesce(web_search_supported, false), coalesce(tool_calling_supported, false)
      from entries order by provider, model
    on conflict (provider, model) do update
       set display_name = excluded.display_name, description = excluded.description, modality = excluded.modality,
           context_length = excluded.context_length, max_tokens = excluded.max_tokens,
           vision_supported = excluded.vision_supported, web_search_supported = excluded.web_search_supported,
           tool_calling_supported = excluded.tool_calling_supported, last_synced_at = pg_catalog.now()
    returning m.xmax = 0 as is_new
  )
  select pg_catalog.count(*) filter (where is_new) into new_models from kept;

  with tiers as (
    select e.provider, n.model, t.*
      from pg_catalog.jsonb_to_recordset(in_models) as e (provider text, models jsonb, prices jsonb),
           pg_catalog.jsonb_array_elements_text(e.models) as n (model),
           pg_catalog.jsonb_to_recordset(e.prices) as t (
             from_input_tokens bigint, input_per_million numeric, cached_input_per_million numeric, cache_write_5m_per_million numeric,
             cache_write_1h_per_million numeric, audio_input_per_million numeric, output_per_million numeric,
             reasoning_per_million numeric, audio_output_per_million numeric, per_image numeric, per_search numeric, per_request numeric)
  ), wanted as (
    select provider, model, pg_catalog.array_agg(tier order by from_input_tokens) as all_tiers
      from tiers, lateral (select row(
             from_input_tokens, input_per_million, cached_input_per_million, cache_write_5m_per_million, cache_write_1h_per_million,
             audio_input_per_million, output_per_million, reasoning_per_million, audio_output_per_million, per_image, per_search, per_request) as tier) as written
     group by provider, model
  ), latest as (
    select distinct on (p.provider, p.model) p.provider, p.model, p.effective_from, p.source
      from public.model_prices p join wanted using (provider, model)
     order by p.provider, p.model, p.effective_from desc
  ), in_force as (
    select l.provider, l.model, l.effective_from, l.source, pg_catalog.array_agg(tier order by p.from_input_tokens) as all_tiers
      from latest l join public.model_prices p using (provider, model, effective_from),
           lateral (select row(
             p.from_input_tokens, p.input_per_million, p.cached_input_per_million, p.cache_write_5m_per_million, p.cache_write_1h_per_million,
             p.audio_input_per_million, p.output_per_million, p.reasoning_per_million, p.audio_output_per_million, p.per_image, p.per_search, p.per_request) as tier) as written
     group by l.provider, l.model, l.effective_from, l.source
  ), judged as (
    select w.provider, w.model, f.model is null or f.effective_from < in_effective_from as is_newer
      from wanted w left join in_force f using (provider, model)
     where f.model is null or (f.all_tiers <> w.all_tiers and (in_source = 'imported' or f.source = 'shipped'))
  ), entered as (
    insert into public.model_prices (
      provider, model, effective_from, source, from_input_tokens, input_per_million, cached_input_per_million, cache_write_5m_per_million,
      cache_write_1h_per_million, audio_input_per_million, output_per_million, reasoning_per_million, audio_output_per_million, per_image, per_search, per_request)
    select provider, model, in_effective_from, in_source, from_input_tokens, input_per_million, cached_input_per_million, cache_write_5m_per_million,
           cache_write_1h_per_million, audio_input_per_million, output_per_million, reasoning_per_million, audio_output_per_million, per_image, per_search, per_request
      from tiers join judged using (provider, model) where is_newer order by provider, model, from_input_tokens
    on conflict do nothing
    returning 1
  )
  select (select pg_catalog.count(*) from entered),
         (select pg_catalog.array_agg(provider || ' ' || model order by provider, model) from judged where not is_newer)
    into new_prices, outdated;
end
$$;
comment on function keyloft.load_models(jsonb, timestamptz, text) is 'Brings the catalogue up to date, and enters each price that differs from the latest as a new row. What is shipped never follows upon what was imported; outdated are those whose latest price differs and is not older.';

revoke all on function keyloft.load_models(jsonb, timestamptz, text),
  keyloft.cost_of(public.model_prices, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint) from public;
grant execute on function keyloft.load_models(jsonb, timestamptz, text) to service_role;
grant execute on function keyloft.cost_of(public.model_prices, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint) to keyloft_definer;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.load_models(jsonb, timestamptz, text) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

do $$
declare
  one text;
begin
  foreach one in array array['ai_models', 'model_prices'] loop
    execute format('alter table public.%I enable row level security', one);
    execute format('alter table public.%I force row level security', one);
    execute format('revoke all on public.%I from public, anon, authenticated, service_role', one);
    execute format('grant select on public.%I to authenticated, service_role', one);
    execute format('create policy "everybody who signed in reads it" on public.%I for select to authenticated, service_role using (true)', one);
    execute format('create policy "owner maintains" on public.%I for all to keyloft_owner using (true) with check (true)', one);
  end loop;
end
$$;
grant update (is_active, is_curated) on public.ai_models to service_role;
create policy "the service curates" on public.ai_models
  for update to service_role using (true) with check (true);
grant select, insert, update on public.ai_models to keyloft_definer;
create policy "its functions keep it" on public.ai_models
  for all to keyloft_definer using (true) with check (true);
grant select, insert on public.model_prices to keyloft_definer;
create policy "its functions enter prices" on public.model_prices
  for insert to keyloft_definer with check (true);
create policy "its functions read prices" on public.model_prices
  for select to keyloft_definer using (true);

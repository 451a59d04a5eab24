// DO NOT EDIT. Made from the migrated schema by `npm run generate`; a test checks that it is fresh.
import type { ColumnType } from 'kysely'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export interface Tables {
  'ai_models': {
    id: ColumnType<string, string | undefined, string>
    provider: ColumnType<string, string, string>
    model: ColumnType<string, string, string>
    display_name: ColumnType<string, string, string>
    description: ColumnType<string | null, string | null | undefined, string | null>
    modality: ColumnType<string, string | undefined, string>
    context_length: ColumnType<number | null, number | null | undefined, number | null>
    max_tokens: ColumnType<number | null, number | null | undefined, number | null>
    vision_supported: ColumnType<boolean, boolean | undefined, boolean>
    web_search_supported: ColumnType<boolean, boolean | undefined, boolean>
    tool_calling_supported: ColumnType<boolean, boolean | undefined, boolean>
    is_active: ColumnType<boolean, boolean | undefined, boolean>
    is_curated: ColumnType<boolean, boolean | undefined, boolean>
    last_synced_at: ColumnType<Date, Date | undefined, Date>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'api_gateway_configs': {
    user_id: ColumnType<string, string, string>
    base_url: ColumnType<string | null, string | null | undefined, string | null>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'api_keys': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string, string, string>
    service: ColumnType<string, string, string>
    key_name: ColumnType<string, string | undefined, string>
    secret_id: ColumnType<string, string, string>
    key_hint: ColumnType<string, string | undefined, string>
    fingerprint: ColumnType<string | null, string | null | undefined, string | null>
    priority: ColumnType<number, number | undefined, number>
    is_enabled: ColumnType<boolean, boolean | undefined, boolean>
    is_valid: ColumnType<boolean, boolean | undefined, boolean>
    last_verified_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    validation_error: ColumnType<string | null, string | null | undefined, string | null>
    daily_limit: ColumnType<number | null, number | null | undefined, number | null>
    monthly_limit: ColumnType<number | null, number | null | undefined, number | null>
    last_used: ColumnType<Date | null, Date | null | undefined, Date | null>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'api_tokens': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string, string, string>
    name: ColumnType<string, string, string>
    public_id: ColumnType<string, string, string>
    secret_hash: ColumnType<Uint8Array, Uint8Array, Uint8Array>
    token_prefix: ColumnType<string, string, string>
    scopes: ColumnType<string[], string[] | undefined, string[]>
    allowed_models: ColumnType<string[] | null, string[] | null | undefined, string[] | null>
    expires_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    last_used_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    revoked_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'model_prices': {
    id: ColumnType<string, string | undefined, string>
    provider: ColumnType<string, string, string>
    model: ColumnType<string, string, string>
    effective_from: ColumnType<Date, Date, Date>
    from_input_tokens: ColumnType<string, string | undefined, string>
    input_per_million: ColumnType<string | null, string | null | undefined, string | null>
    cached_input_per_million: ColumnType<string | null, string | null | undefined, string | null>
    cache_write_5m_per_million: ColumnType<string | null, string | null | undefined, string | null>
    cache_write_1h_per_million: ColumnType<string | null, string | null | undefined, string | null>
    audio_input_per_million: ColumnType<string | null, string | null | undefined, string | null>
    output_per_million: ColumnType<string | null, string | null | undefined, string | null>
    reasoning_per_million: ColumnType<string | null, string | null | undefined, string | null>
    audio_output_per_million: ColumnType<string | null, string | null | undefined, string | null>
    per_image: ColumnType<string | null, string | null | undefined, string | null>
    per_search: ColumnType<string | null, string | null | undefined, string | null>
    per_request: ColumnType<string | null, string | null | undefined, string | null>
    source: ColumnType<string, string, string>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'quota_tiers': {
    tier: ColumnType<string, string, string>
    type: ColumnType<string, string, string>
    request_limit: ColumnType<string | null, string | null | undefined, string | null>
    token_limit: ColumnType<string | null, string | null | undefined, string | null>
    cost_limit: ColumnType<string | null, string | null | undefined, string | null>
  }
  'settings': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string, string, string>
    key: ColumnType<string, string, string>
    value: ColumnType<string, string, string>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'usage_adjustments': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string, string, string>
    hour: ColumnType<Date, Date, Date>
    provider: ColumnType<string, string, string>
    model: ColumnType<string, string, string>
    credential_source: ColumnType<string, string, string>
    rerating_id: ColumnType<string, string, string>
    cost_usd: ColumnType<string, string, string>
    unpriced_requests: ColumnType<string, string, string>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'usage_hourly': {
    user_id: ColumnType<string, string, string>
    hour: ColumnType<Date, Date, Date>
    provider: ColumnType<string, string, string>
    model: ColumnType<string, string, string>
    credential_source: ColumnType<string, string, string>
    requests: ColumnType<string, string, string>
    unpriced_requests: ColumnType<string, string, string>
    presumed_requests: ColumnType<string, string, string>
    input_tokens: ColumnType<string, string, string>
    cached_input_tokens: ColumnType<string, string, string>
    output_tokens: ColumnType<string, string, string>
    reasoning_tokens: ColumnType<string, string, string>
    cost_usd: ColumnType<string, string, string>
  }
  'usage_records': {
    user_id: ColumnType<string, string, string>
    id: ColumnType<string, string, string>
    started_at: ColumnType<Date, Date, Date>
    ended_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    request_id: ColumnType<string, string, string>
    operation: ColumnType<string, string, string>
    provider: ColumnType<string, string, string>
    model: ColumnType<string, string, string>
    credential_source: ColumnType<string, string, string>
    key_id: ColumnType<string | null, string | null | undefined, string | null>
    token_id: ColumnType<string | null, string | null | undefined, string | null>
    decisions: ColumnType<Json, Json, Json>
    outcome: ColumnType<string, string, string>
    status: ColumnType<number | null, number | null | undefined, number | null>
    first_byte_ms: ColumnType<number | null, number | null | undefined, number | null>
    input_tokens: ColumnType<string, string | undefined, string>
    cached_input_tokens: ColumnType<string, string | undefined, string>
    cache_write_5m_tokens: ColumnType<string, string | undefined, string>
    cache_write_1h_tokens: ColumnType<string, string | undefined, string>
    audio_input_tokens: ColumnType<string, string | undefined, string>
    output_tokens: ColumnType<string, string | undefined, string>
    reasoning_tokens: ColumnType<string, string | undefined, string>
    audio_output_tokens: ColumnType<string, string | undefined, string>
    images: ColumnType<string, string | undefined, string>
    searches: ColumnType<string, string | undefined, string>
    usage_basis: ColumnType<string, string, string>
    provider_usage: ColumnType<Json | null, Json | null | undefined, Json | null>
    cost_usd: ColumnType<string | null, string | null | undefined, string | null>
    price_id: ColumnType<string | null, string | null | undefined, string | null>
    provider_cost_usd: ColumnType<string | null, string | null | undefined, string | null>
    settled_at: ColumnType<Date, Date | undefined, Date>
  }
  'user_openrouter_integrations': {
    user_id: ColumnType<string | null, string | null | undefined, string | null>
    encrypted_api_key: ColumnType<string | null, string | null | undefined, string | null>
    is_valid: ColumnType<boolean | null, boolean | null | undefined, boolean | null>
    last_verified_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    is_enabled: ColumnType<boolean | null, boolean | null | undefined, boolean | null>
    created_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    updated_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  }
  'user_profiles': {
    user_id: ColumnType<string, string, string>
    display_name: ColumnType<string | null, string | null | undefined, string | null>
    bio: ColumnType<string | null, string | null | undefined, string | null>
    avatar_url: ColumnType<string | null, string | null | undefined, string | null>
    preferences: ColumnType<Json, Json | undefined, Json>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'user_quota_limits': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string | null, string | null | undefined, string | null>
    type: ColumnType<string, string, string>
    provider: ColumnType<string | null, string | null | undefined, string | null>
    model: ColumnType<string | null, string | null | undefined, string | null>
    spend: ColumnType<string, string | undefined, string>
    set_by: ColumnType<string, string | undefined, string>
    key_id: ColumnType<string | null, string | null | undefined, string | null>
    request_limit: ColumnType<string | null, string | null | undefined, string | null>
    token_limit: ColumnType<string | null, string | null | undefined, string | null>
    cost_limit: ColumnType<string | null, string | null | undefined, string | null>
    used_requests: ColumnType<string, string | undefined, string>
    used_tokens: ColumnType<string, string | undefined, string>
    used_cost: ColumnType<string, string | undefined, string>
    reserved_requests: ColumnType<string, string | undefined, string>
    reserved_tokens: ColumnType<string, string | undefined, string>
    reserved_cost: ColumnType<string, string | undefined, string>
    reset_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    last_reset: ColumnType<Date | null, Date | null | undefined, Date | null>
    is_active: ColumnType<boolean, boolean | undefined, boolean>
    no_advances_until: ColumnType<Date | null, Date | null | undefined, Date | null>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'user_settings': {
    user_id: ColumnType<string, string, string>
    allow_gateway_fallback: ColumnType<boolean, boolean | undefined, boolean>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
    own_keys_only: ColumnType<boolean, boolean | undefined, boolean>
  }
  'user_standing': {
    user_id: ColumnType<string, string, string>
    tier: ColumnType<string, string | undefined, string>
    is_admin: ColumnType<boolean, boolean | undefined, boolean>
    disabled_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    disabled_reason: ColumnType<string | null, string | null | undefined, string | null>
    deactivated_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    erase_after: ColumnType<Date | null, Date | null | undefined, Date | null>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'x402_resources': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string, string, string>
    slug: ColumnType<string, string, string>
    name: ColumnType<string, string, string>
    description: ColumnType<string | null, string | null | undefined, string | null>
    resource_type: ColumnType<string, string | undefined, string>
    openrouter_model_id: ColumnType<string | null, string | null | undefined, string | null>
    openrouter_config: ColumnType<Json | null, Json | null | undefined, Json | null>
    is_active: ColumnType<boolean, boolean | undefined, boolean>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'auth.accounts': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string, string, string>
    provider_id: ColumnType<string, string, string>
    account_id: ColumnType<string, string, string>
    password: ColumnType<string | null, string | null | undefined, string | null>
    access_token: ColumnType<string | null, string | null | undefined, string | null>
    refresh_token: ColumnType<string | null, string | null | undefined, string | null>
    id_token: ColumnType<string | null, string | null | undefined, string | null>
    access_token_expires_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    refresh_token_expires_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    scope: ColumnType<string | null, string | null | undefined, string | null>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'auth.external_identities': {
    issuer: ColumnType<string, string, string>
    subject: ColumnType<string, string, string>
    user_id: ColumnType<string, string, string>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'auth.jwks': {
    id: ColumnType<string, string | undefined, string>
    public_key: ColumnType<string, string, string>
    private_key: ColumnType<string, string, string>
    alg: ColumnType<string | null, string | null | undefined, string | null>
    crv: ColumnType<string | null, string | null | undefined, string | null>
    created_at: ColumnType<Date, Date | undefined, Date>
    expires_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  }
  'auth.sessions': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string, string, string>
    token: ColumnType<string, string, string>
    expires_at: ColumnType<Date, Date, Date>
    ip_address: ColumnType<string | null, string | null | undefined, string | null>
    user_agent: ColumnType<string | null, string | null | undefined, string | null>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'auth.users': {
    id: ColumnType<string, string | undefined, string>
    email: ColumnType<string, string, string>
    email_verified: ColumnType<boolean, boolean | undefined, boolean>
    name: ColumnType<string, string | undefined, string>
    image: ColumnType<string | null, string | null | undefined, string | null>
    username: ColumnType<string | null, string | null | undefined, string | null>
    display_username: ColumnType<string | null, string | null | undefined, string | null>
    is_anonymous: ColumnType<boolean, boolean | undefined, boolean>
    last_sign_in_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'auth.verifications': {
    id: ColumnType<string, string | undefined, string>
    identifier: ColumnType<string, string, string>
    value: ColumnType<string, string, string>
    expires_at: ColumnType<Date, Date, Date>
    created_at: ColumnType<Date, Date | undefined, Date>
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  'keyloft.advances': {
    id: ColumnType<string, string, string>
    user_id: ColumnType<string, string, string>
    quota_ids: ColumnType<string[], string[], string[]>
    reserved_at: ColumnType<Date, Date, Date>
    most_tokens: ColumnType<string | null, string | null | undefined, string | null>
    most_cost_usd: ColumnType<string | null, string | null | undefined, string | null>
    places: ColumnType<number, number, number>
    is_closed: ColumnType<boolean, boolean | undefined, boolean>
    presumed_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    lease_until: ColumnType<Date, Date, Date>
  }
  'keyloft.audit_log': {
    id: ColumnType<string, never, never>
    at: ColumnType<Date, Date | undefined, Date>
    actor_role: ColumnType<string, string, string>
    actor_id: ColumnType<string | null, string | null | undefined, string | null>
    actor_token_id: ColumnType<string | null, string | null | undefined, string | null>
    job: ColumnType<string | null, string | null | undefined, string | null>
    action: ColumnType<string, string, string>
    user_id: ColumnType<string | null, string | null | undefined, string | null>
    subject: ColumnType<string | null, string | null | undefined, string | null>
    request_id: ColumnType<string | null, string | null | undefined, string | null>
    details: ColumnType<Json, Json | undefined, Json>
  }
  'keyloft.data_keys': {
    user_id: ColumnType<string | null, string | null | undefined, string | null>
    version: ColumnType<number, number, number>
    wrapped: ColumnType<string, string, string>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'keyloft.holds': {
    user_id: ColumnType<string, string, string>
    id: ColumnType<string, string, string>
    started_at: ColumnType<Date, Date, Date>
    request_id: ColumnType<string, string, string>
    operation: ColumnType<string, string, string>
    provider: ColumnType<string, string, string>
    model: ColumnType<string, string, string>
    credential_source: ColumnType<string, string, string>
    key_id: ColumnType<string | null, string | null | undefined, string | null>
    token_id: ColumnType<string | null, string | null | undefined, string | null>
    decisions: ColumnType<Json, Json, Json>
    most_cost_usd: ColumnType<string | null, string | null | undefined, string | null>
    most_tokens: ColumnType<string | null, string | null | undefined, string | null>
    quota_ids: ColumnType<string[] | null, string[] | null | undefined, string[] | null>
    reserved_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    advance_id: ColumnType<string | null, string | null | undefined, string | null>
    lease_until: ColumnType<Date, Date, Date>
  }
  'keyloft.idempotent_requests': {
    id: ColumnType<string, string | undefined, string>
    user_id: ColumnType<string | null, string | null | undefined, string | null>
    key: ColumnType<string, string, string>
    request_hash: ColumnType<Uint8Array, Uint8Array, Uint8Array>
    started_at: ColumnType<Date, Date | undefined, Date>
    status: ColumnType<number | null, number | null | undefined, number | null>
    reply: ColumnType<string | null, string | null | undefined, string | null>
    expires_at: ColumnType<Date, Date, Date>
  }
  'keyloft.journal': {
    id: ColumnType<string, never, never>
    ends: ColumnType<string, string, string>
    fault: ColumnType<string | null, string | null | undefined, string | null>
  }
  'keyloft.logins': {
    role_name: ColumnType<string, string, string>
    sealed_password: ColumnType<string, string, string>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'keyloft.move_rules': {
    table_name: ColumnType<string, string, string>
    rule: ColumnType<string, string, string>
    column_name: ColumnType<string | null, string | null | undefined, string | null>
    because: ColumnType<string, string, string>
  }
  'keyloft.presumed_reservations': {
    user_id: ColumnType<string, string, string>
    id: ColumnType<string, string, string>
    quota_ids: ColumnType<string[], string[], string[]>
    reserved_at: ColumnType<Date, Date, Date>
    most_tokens: ColumnType<string | null, string | null | undefined, string | null>
    most_cost_usd: ColumnType<string | null, string | null | undefined, string | null>
  }
  'keyloft.provider_objects': {
    user_id: ColumnType<string, string, string>
    object_id: ColumnType<string, string, string>
    provider: ColumnType<string, string, string>
    credential_source: ColumnType<string, string, string>
    key_id: ColumnType<string | null, string | null | undefined, string | null>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'keyloft.request_counts': {
    bucket: ColumnType<string, string, string>
    count: ColumnType<number, number, number>
    window_ends: ColumnType<Date, Date, Date>
  }
  'keyloft.secrets': {
    id: ColumnType<string, string, string>
    user_id: ColumnType<string | null, string | null | undefined, string | null>
    kind: ColumnType<string, string, string>
    provider: ColumnType<string, string | undefined, string>
    host: ColumnType<string, string | undefined, string>
    version: ColumnType<number, number, number>
    sealed: ColumnType<string, string, string>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'keyloft.token_marks': {
    id: ColumnType<boolean, boolean | undefined, boolean>
    key: ColumnType<Uint8Array, Uint8Array, Uint8Array>
    created_at: ColumnType<Date, Date | undefined, Date>
  }
  'keyloft.user_aliases': {
    old_id: ColumnType<string, string, string>
    user_id: ColumnType<string, string, string>
    moved_at: ColumnType<Date, Date | undefined, Date>
  }
}

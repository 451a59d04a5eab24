// DO NOT EDIT. Made from the migrated schema by `npm run generate`; a test checks that it is fresh.
/** The rows of every public table as the database has them: insertX, selectX, updateX, and their types. */
import { z } from 'zod'

export const selectAiModels = z.object({
  id: z.guid(),
  provider: z.string(),
  model: z.string(),
  display_name: z.string(),
  description: z.string().nullable(),
  modality: z.string(),
  context_length: z.int().nullable(),
  max_tokens: z.int().nullable(),
  vision_supported: z.boolean(),
  web_search_supported: z.boolean(),
  tool_calling_supported: z.boolean(),
  is_active: z.boolean(),
  is_curated: z.boolean(),
  last_synced_at: z.date(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectAiModels = z.infer<typeof selectAiModels>

export const insertAiModels = z.object({
  id: z.guid().optional(),
  provider: z.string(),
  model: z.string(),
  display_name: z.string(),
  description: z.string().nullable().optional(),
  modality: z.string().optional(),
  context_length: z.int().nullable().optional(),
  max_tokens: z.int().nullable().optional(),
  vision_supported: z.boolean().optional(),
  web_search_supported: z.boolean().optional(),
  tool_calling_supported: z.boolean().optional(),
  is_active: z.boolean().optional(),
  is_curated: z.boolean().optional(),
  last_synced_at: z.date().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertAiModels = z.infer<typeof insertAiModels>

export const updateAiModels = z.object({
  id: z.guid().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  display_name: z.string().optional(),
  description: z.string().nullable().optional(),
  modality: z.string().optional(),
  context_length: z.int().nullable().optional(),
  max_tokens: z.int().nullable().optional(),
  vision_supported: z.boolean().optional(),
  web_search_supported: z.boolean().optional(),
  tool_calling_supported: z.boolean().optional(),
  is_active: z.boolean().optional(),
  is_curated: z.boolean().optional(),
  last_synced_at: z.date().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateAiModels = z.infer<typeof updateAiModels>

export const selectApiGatewayConfigs = z.object({
  user_id: z.guid(),
  base_url: z.string().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectApiGatewayConfigs = z.infer<typeof selectApiGatewayConfigs>

export const insertApiGatewayConfigs = z.object({
  user_id: z.guid(),
  base_url: z.string().nullable().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertApiGatewayConfigs = z.infer<typeof insertApiGatewayConfigs>

export const updateApiGatewayConfigs = z.object({
  user_id: z.guid().optional(),
  base_url: z.string().nullable().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateApiGatewayConfigs = z.infer<typeof updateApiGatewayConfigs>

export const selectApiKeys = z.object({
  id: z.guid(),
  user_id: z.guid(),
  service: z.string(),
  key_name: z.string(),
  secret_id: z.guid(),
  key_hint: z.string(),
  fingerprint: z.string().nullable(),
  priority: z.int(),
  is_enabled: z.boolean(),
  is_valid: z.boolean(),
  last_verified_at: z.date().nullable(),
  validation_error: z.string().nullable(),
  daily_limit: z.int().nullable(),
  monthly_limit: z.int().nullable(),
  last_used: z.date().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectApiKeys = z.infer<typeof selectApiKeys>

export const insertApiKeys = z.object({
  id: z.guid().optional(),
  user_id: z.guid(),
  service: z.string(),
  key_name: z.string().optional(),
  secret_id: z.guid(),
  key_hint: z.string().optional(),
  fingerprint: z.string().nullable().optional(),
  priority: z.int().optional(),
  is_enabled: z.boolean().optional(),
  is_valid: z.boolean().optional(),
  last_verified_at: z.date().nullable().optional(),
  validation_error: z.string().nullable().optional(),
  daily_limit: z.int().nullable().optional(),
  monthly_limit: z.int().nullable().optional(),
  last_used: z.date().nullable().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertApiKeys = z.infer<typeof insertApiKeys>

export const updateApiKeys = z.object({
  id: z.guid().optional(),
  user_id: z.guid().optional(),
  service: z.string().optional(),
  key_name: z.string().optional(),
  secret_id: z.guid().optional(),
  key_hint: z.string().optional(),
  fingerprint: z.string().nullable().optional(),
  priority: z.int().optional(),
  is_enabled: z.boolean().optional(),
  is_valid: z.boolean().optional(),
  last_verified_at: z.date().nullable().optional(),
  validation_error: z.string().nullable().optional(),
  daily_limit: z.int().nullable().optional(),
  monthly_limit: z.int().nullable().optional(),
  last_used: z.date().nullable().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateApiKeys = z.infer<typeof updateApiKeys>

export const selectApiTokens = z.object({
  id: z.guid(),
  user_id: z.guid(),
  name: z.string(),
  public_id: z.string(),
  secret_hash: z.instanceof(Uint8Array),
  token_prefix: z.string(),
  scopes: z.string().array(),
  allowed_models: z.string().array().nullable(),
  expires_at: z.date().nullable(),
  last_used_at: z.date().nullable(),
  revoked_at: z.date().nullable(),
  created_at: z.date(),
})
export type SelectApiTokens = z.infer<typeof selectApiTokens>

export const insertApiTokens = z.object({
  id: z.guid().optional(),
  user_id: z.guid(),
  name: z.string(),
  public_id: z.string(),
  secret_hash: z.instanceof(Uint8Array),
  token_prefix: z.string(),
  scopes: z.string().array().optional(),
  allowed_models: z.string().array().nullable().optional(),
  expires_at: z.date().nullable().optional(),
  last_used_at: z.date().nullable().optional(),
  revoked_at: z.date().nullable().optional(),
  created_at: z.date().optional(),
})
export type InsertApiTokens = z.infer<typeof insertApiTokens>

export const updateApiTokens = z.object({
  id: z.guid().optional(),
  user_id: z.guid().optional(),
  name: z.string().optional(),
  public_id: z.string().optional(),
  secret_hash: z.instanceof(Uint8Array).optional(),
  token_prefix: z.string().optional(),
  scopes: z.string().array().optional(),
  allowed_models: z.string().array().nullable().optional(),
  expires_at: z.date().nullable().optional(),
  last_used_at: z.date().nullable().optional(),
  revoked_at: z.date().nullable().optional(),
  created_at: z.date().optional(),
})
export type UpdateApiTokens = z.infer<typeof updateApiTokens>

export const selectModelPrices = z.object({
  id: z.guid(),
  provider: z.string(),
  model: z.string(),
  effective_from: z.date(),
  from_input_tokens: z.string(),
  input_per_million: z.string().nullable(),
  cached_input_per_million: z.string().nullable(),
  cache_write_5m_per_million: z.string().nullable(),
  cache_write_1h_per_million: z.string().nullable(),
  audio_input_per_million: z.string().nullable(),
  output_per_million: z.string().nullable(),
  reasoning_per_million: z.string().nullable(),
  audio_output_per_million: z.string().nullable(),
  per_image: z.string().nullable(),
  per_search: z.string().nullable(),
  per_request: z.string().nullable(),
  source: z.string(),
  created_at: z.date(),
})
export type SelectModelPrices = z.infer<typeof selectModelPrices>

export const insertModelPrices = z.object({
  id: z.guid().optional(),
  provider: z.string(),
  model: z.string(),
  effective_from: z.date(),
  from_input_tokens: z.string().optional(),
  input_per_million: z.string().nullable().optional(),
  cached_input_per_million: z.string().nullable().optional(),
  cache_write_5m_per_million: z.string().nullable().optional(),
  cache_write_1h_per_million: z.string().nullable().optional(),
  audio_input_per_million: z.string().nullable().optional(),
  output_per_million: z.string().nullable().optional(),
  reasoning_per_million: z.string().nullable().optional(),
  audio_output_per_million: z.string().nullable().optional(),
  per_image: z.string().nullable().optional(),
  per_search: z.string().nullable().optional(),
  per_request: z.string().nullable().optional(),
  source: z.string(),
  created_at: z.date().optional(),
})
export type InsertModelPrices = z.infer<typeof insertModelPrices>

export const updateModelPrices = z.object({
  id: z.guid().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  effective_from: z.date().optional(),
  from_input_tokens: z.string().optional(),
  input_per_million: z.string().nullable().optional(),
  cached_input_per_million: z.string().nullable().optional(),
  cache_write_5m_per_million: z.string().nullable().optional(),
  cache_write_1h_per_million: z.string().nullable().optional(),
  audio_input_per_million: z.string().nullable().optional(),
  output_per_million: z.string().nullable().optional(),
  reasoning_per_million: z.string().nullable().optional(),
  audio_output_per_million: z.string().nullable().optional(),
  per_image: z.string().nullable().optional(),
  per_search: z.string().nullable().optional(),
  per_request: z.string().nullable().optional(),
  source: z.string().optional(),
  created_at: z.date().optional(),
})
export type UpdateModelPrices = z.infer<typeof updateModelPrices>

export const selectQuotaTiers = z.object({
  tier: z.string(),
  type: z.string(),
  request_limit: z.string().nullable(),
  token_limit: z.string().nullable(),
  cost_limit: z.string().nullable(),
})
export type SelectQuotaTiers = z.infer<typeof selectQuotaTiers>

export const insertQuotaTiers = z.object({
  tier: z.string(),
  type: z.string(),
  request_limit: z.string().nullable().optional(),
  token_limit: z.string().nullable().optional(),
  cost_limit: z.string().nullable().optional(),
})
export type InsertQuotaTiers = z.infer<typeof insertQuotaTiers>

export const updateQuotaTiers = z.object({
  tier: z.string().optional(),
  type: z.string().optional(),
  request_limit: z.string().nullable().optional(),
  token_limit: z.string().nullable().optional(),
  cost_limit: z.string().nullable().optional(),
})
export type UpdateQuotaTiers = z.infer<typeof updateQuotaTiers>

export const selectSettings = z.object({
  id: z.guid(),
  user_id: z.guid(),
  key: z.string(),
  value: z.string(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectSettings = z.infer<typeof selectSettings>

export const insertSettings = z.object({
  id: z.guid().optional(),
  user_id: z.guid(),
  key: z.string(),
  value: z.string(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertSettings = z.infer<typeof insertSettings>

export const updateSettings = z.object({
  id: z.guid().optional(),
  user_id: z.guid().optional(),
  key: z.string().optional(),
  value: z.string().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateSettings = z.infer<typeof updateSettings>

export const selectUsageAdjustments = z.object({
  id: z.guid(),
  user_id: z.guid(),
  hour: z.date(),
  provider: z.string(),
  model: z.string(),
  credential_source: z.string(),
  rerating_id: z.guid(),
  cost_usd: z.string(),
  unpriced_requests: z.string(),
  created_at: z.date(),
})
export type SelectUsageAdjustments = z.infer<typeof selectUsageAdjustments>

export const insertUsageAdjustments = z.object({
  id: z.guid().optional(),
  user_id: z.guid(),
  hour: z.date(),
  provider: z.string(),
  model: z.string(),
  credential_source: z.string(),
  rerating_id: z.guid(),
  cost_usd: z.string(),
  unpriced_requests: z.string(),
  created_at: z.date().optional(),
})
export type InsertUsageAdjustments = z.infer<typeof insertUsageAdjustments>

export const updateUsageAdjustments = z.object({
  id: z.guid().optional(),
  user_id: z.guid().optional(),
  hour: z.date().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  credential_source: z.string().optional(),
  rerating_id: z.guid().optional(),
  cost_usd: z.string().optional(),
  unpriced_requests: z.string().optional(),
  created_at: z.date().optional(),
})
export type UpdateUsageAdjustments = z.infer<typeof updateUsageAdjustments>

export const selectUsageHourly = z.object({
  user_id: z.guid(),
  hour: z.date(),
  provider: z.string(),
  model: z.string(),
  credential_source: z.string(),
  requests: z.string(),
  unpriced_requests: z.string(),
  presumed_requests: z.string(),
  input_tokens: z.string(),
  cached_input_tokens: z.string(),
  output_tokens: z.string(),
  reasoning_tokens: z.string(),
  cost_usd: z.string(),
})
export type SelectUsageHourly = z.infer<typeof selectUsageHourly>

export const insertUsageHourly = z.object({
  user_id: z.guid(),
  hour: z.date(),
  provider: z.string(),
  model: z.string(),
  credential_source: z.string(),
  requests: z.string(),
  unpriced_requests: z.string(),
  presumed_requests: z.string(),
  input_tokens: z.string(),
  cached_input_tokens: z.string(),
  output_tokens: z.string(),
  reasoning_tokens: z.string(),
  cost_usd: z.string(),
})
export type InsertUsageHourly = z.infer<typeof insertUsageHourly>

export const updateUsageHourly = z.object({
  user_id: z.guid().optional(),
  hour: z.date().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  credential_source: z.string().optional(),
  requests: z.string().optional(),
  unpriced_requests: z.string().optional(),
  presumed_requests: z.string().optional(),
  input_tokens: z.string().optional(),
  cached_input_tokens: z.string().optional(),
  output_tokens: z.string().optional(),
  reasoning_tokens: z.string().optional(),
  cost_usd: z.string().optional(),
})
export type UpdateUsageHourly = z.infer<typeof updateUsageHourly>

export const selectUsageRecords = z.object({
  user_id: z.guid(),
  id: z.guid(),
  started_at: z.date(),
  ended_at: z.date().nullable(),
  request_id: z.string(),
  operation: z.string(),
  provider: z.string(),
  model: z.string(),
  credential_source: z.string(),
  key_id: z.guid().nullable(),
  token_id: z.guid().nullable(),
  decisions: z.json(),
  outcome: z.string(),
  status: z.int().nullable(),
  first_byte_ms: z.int().nullable(),
  input_tokens: z.string(),
  cached_input_tokens: z.string(),
  cache_write_5m_tokens: z.string(),
  cache_write_1h_tokens: z.string(),
  audio_input_tokens: z.string(),
  output_tokens: z.string(),
  reasoning_tokens: z.string(),
  audio_output_tokens: z.string(),
  images: z.string(),
  searches: z.string(),
  usage_basis: z.string(),
  provider_usage: z.json().nullable(),
  cost_usd: z.string().nullable(),
  price_id: z.guid().nullable(),
  provider_cost_usd: z.string().nullable(),
  settled_at: z.date(),
})
export type SelectUsageRecords = z.infer<typeof selectUsageRecords>

export const insertUsageRecords = z.object({
  user_id: z.guid(),
  id: z.guid(),
  started_at: z.date(),
  ended_at: z.date().nullable().optional(),
  request_id: z.string(),
  operation: z.string(),
  provider: z.string(),
  model: z.string(),
  credential_source: z.string(),
  key_id: z.guid().nullable().optional(),
  token_id: z.guid().nullable().optional(),
  decisions: z.json(),
  outcome: z.string(),
  status: z.int().nullable().optional(),
  first_byte_ms: z.int().nullable().optional(),
  input_tokens: z.string().optional(),
  cached_input_tokens: z.string().optional(),
  cache_write_5m_tokens: z.string().optional(),
  cache_write_1h_tokens: z.string().optional(),
  audio_input_tokens: z.string().optional(),
  output_tokens: z.string().optional(),
  reasoning_tokens: z.string().optional(),
  audio_output_tokens: z.string().optional(),
  images: z.string().optional(),
  searches: z.string().optional(),
  usage_basis: z.string(),
  provider_usage: z.json().nullable().optional(),
  cost_usd: z.string().nullable().optional(),
  price_id: z.guid().nullable().optional(),
  provider_cost_usd: z.string().nullable().optional(),
  settled_at: z.date().optional(),
})
export type InsertUsageRecords = z.infer<typeof insertUsageRecords>

export const updateUsageRecords = z.object({
  user_id: z.guid().optional(),
  id: z.guid().optional(),
  started_at: z.date().optional(),
  ended_at: z.date().nullable().optional(),
  request_id: z.string().optional(),
  operation: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  credential_source: z.string().optional(),
  key_id: z.guid().nullable().optional(),
  token_id: z.guid().nullable().optional(),
  decisions: z.json().optional(),
  outcome: z.string().optional(),
  status: z.int().nullable().optional(),
  first_byte_ms: z.int().nullable().optional(),
  input_tokens: z.string().optional(),
  cached_input_tokens: z.string().optional(),
  cache_write_5m_tokens: z.string().optional(),
  cache_write_1h_tokens: z.string().optional(),
  audio_input_tokens: z.string().optional(),
  output_tokens: z.string().optional(),
  reasoning_tokens: z.string().optional(),
  audio_output_tokens: z.string().optional(),
  images: z.string().optional(),
  searches: z.string().optional(),
  usage_basis: z.string().optional(),
  provider_usage: z.json().nullable().optional(),
  cost_usd: z.string().nullable().optional(),
  price_id: z.guid().nullable().optional(),
  provider_cost_usd: z.string().nullable().optional(),
  settled_at: z.date().optional(),
})
export type UpdateUsageRecords = z.infer<typeof updateUsageRecords>

export const selectUserOpenrouterIntegrations = z.object({
  user_id: z.guid().nullable(),
  encrypted_api_key: z.string().nullable(),
  is_valid: z.boolean().nullable(),
  last_verified_at: z.date().nullable(),
  is_enabled: z.boolean().nullable(),
  created_at: z.date().nullable(),
  updated_at: z.date().nullable(),
})
export type SelectUserOpenrouterIntegrations = z.infer<typeof selectUserOpenrouterIntegrations>

export const insertUserOpenrouterIntegrations = z.object({
  user_id: z.guid().nullable().optional(),
  encrypted_api_key: z.string().nullable().optional(),
  is_valid: z.boolean().nullable().optional(),
  last_verified_at: z.date().nullable().optional(),
  is_enabled: z.boolean().nullable().optional(),
  created_at: z.date().nullable().optional(),
  updated_at: z.date().nullable().optional(),
})
export type InsertUserOpenrouterIntegrations = z.infer<typeof insertUserOpenrouterIntegrations>

export const updateUserOpenrouterIntegrations = z.object({
  user_id: z.guid().nullable().optional(),
  encrypted_api_key: z.string().nullable().optional(),
  is_valid: z.boolean().nullable().optional(),
  last_verified_at: z.date().nullable().optional(),
  is_enabled: z.boolean().nullable().optional(),
  created_at: z.date().nullable().optional(),
  updated_at: z.date().nullable().optional(),
})
export type UpdateUserOpenrouterIntegrations = z.infer<typeof updateUserOpenrouterIntegrations>

export const selectUserProfiles = z.object({
  user_id: z.guid(),
  display_name: z.string().nullable(),
  bio: z.string().nullable(),
  avatar_url: z.string().nullable(),
  preferences: z.json(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectUserProfiles = z.infer<typeof selectUserProfiles>

export const insertUserProfiles = z.object({
  user_id: z.guid(),
  display_name: z.string().nullable().optional(),
  bio: z.string().nullable().optional(),
  avatar_url: z.string().nullable().optional(),
  preferences: z.json().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertUserProfiles = z.infer<typeof insertUserProfiles>

export const updateUserProfiles = z.object({
  user_id: z.guid().optional(),
  display_name: z.string().nullable().optional(),
  bio: z.string().nullable().optional(),
  avatar_url: z.string().nullable().optional(),
  preferences: z.json().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateUserProfiles = z.infer<typeof updateUserProfiles>

export const selectUserQuotaLimits = z.object({
  id: z.guid(),
  user_id: z.guid().nullable(),
  type: z.string(),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  spend: z.string(),
  set_by: z.string(),
  key_id: z.guid().nullable(),
  request_limit: z.string().nullable(),
  token_limit: z.string().nullable(),
  cost_limit: z.string().nullable(),
  used_requests: z.string(),
  used_tokens: z.string(),
  used_cost: z.string(),
  reserved_requests: z.string(),
  reserved_tokens: z.string(),
  reserved_cost: z.string(),
  reset_at: z.date().nullable(),
  last_reset: z.date().nullable(),
  is_active: z.boolean(),
  no_advances_until: z.date().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectUserQuotaLimits = z.infer<typeof selectUserQuotaLimits>

export const insertUserQuotaLimits = z.object({
  id: z.guid().optional(),
  user_id: z.guid().nullable().optional(),
  type: z.string(),
  provider: z.string().nullable().optional(),
  model: z.string().nullable().optional(),
  spend: z.string().optional(),
  set_by: z.string().optional(),
  key_id: z.guid().nullable().optional(),
  request_limit: z.string().nullable().optional(),
  token_limit: z.string().nullable().optional(),
  cost_limit: z.string().nullable().optional(),
  used_requests: z.string().optional(),
  used_tokens: z.string().optional(),
  used_cost: z.string().optional(),
  reserved_requests: z.string().optional(),
  reserved_tokens: z.string().optional(),
  reserved_cost: z.string().optional(),
  reset_at: z.date().nullable().optional(),
  last_reset: z.date().nullable().optional(),
  is_active: z.boolean().optional(),
  no_advances_until: z.date().nullable().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertUserQuotaLimits = z.infer<typeof insertUserQuotaLimits>

export const updateUserQuotaLimits = z.object({
  id: z.guid().optional(),
  user_id: z.guid().nullable().optional(),
  type: z.string().optional(),
  provider: z.string().nullable().optional(),
  model: z.string().nullable().optional(),
  spend: z.string().optional(),
  set_by: z.string().optional(),
  key_id: z.guid().nullable().optional(),
  request_limit: z.string().nullable().optional(),
  token_limit: z.string().nullable().optional(),
  cost_limit: z.string().nullable().optional(),
  used_requests: z.string().optional(),
  used_tokens: z.string().optional(),
  used_cost: z.string().optional(),
  reserved_requests: z.string().optional(),
  reserved_tokens: z.string().optional(),
  reserved_cost: z.string().optional(),
  reset_at: z.date().nullable().optional(),
  last_reset: z.date().nullable().optional(),
  is_active: z.boolean().optional(),
  no_advances_until: z.date().nullable().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateUserQuotaLimits = z.infer<typeof updateUserQuotaLimits>

export const selectUserSettings = z.object({
  user_id: z.guid(),
  allow_gateway_fallback: z.boolean(),
  created_at: z.date(),
  updated_at: z.date(),
  own_keys_only: z.boolean(),
})
export type SelectUserSettings = z.infer<typeof selectUserSettings>

export const insertUserSettings = z.object({
  user_id: z.guid(),
  allow_gateway_fallback: z.boolean().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
  own_keys_only: z.boolean().optional(),
})
export type InsertUserSettings = z.infer<typeof insertUserSettings>

export const updateUserSettings = z.object({
  user_id: z.guid().optional(),
  allow_gateway_fallback: z.boolean().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
  own_keys_only: z.boolean().optional(),
})
export type UpdateUserSettings = z.infer<typeof updateUserSettings>

export const selectUserStanding = z.object({
  user_id: z.guid(),
  tier: z.string(),
  is_admin: z.boolean(),
  disabled_at: z.date().nullable(),
  disabled_reason: z.string().nullable(),
  deactivated_at: z.date().nullable(),
  erase_after: z.date().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectUserStanding = z.infer<typeof selectUserStanding>

export const insertUserStanding = z.object({
  user_id: z.guid(),
  tier: z.string().optional(),
  is_admin: z.boolean().optional(),
  disabled_at: z.date().nullable().optional(),
  disabled_reason: z.string().nullable().optional(),
  deactivated_at: z.date().nullable().optional(),
  erase_after: z.date().nullable().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertUserStanding = z.infer<typeof insertUserStanding>

export const updateUserStanding = z.object({
  user_id: z.guid().optional(),
  tier: z.string().optional(),
  is_admin: z.boolean().optional(),
  disabled_at: z.date().nullable().optional(),
  disabled_reason: z.string().nullable().optional(),
  deactivated_at: z.date().nullable().optional(),
  erase_after: z.date().nullable().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateUserStanding = z.infer<typeof updateUserStanding>

export const selectX402Resources = z.object({
  id: z.guid(),
  user_id: z.guid(),
  slug: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  resource_type: z.string(),
  openrouter_model_id: z.guid().nullable(),
  openrouter_config: z.json().nullable(),
  is_active: z.boolean(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectX402Resources = z.infer<typeof selectX402Resources>

export const insertX402Resources = z.object({
  id: z.guid().optional(),
  user_id: z.guid(),
  slug: z.string(),
  name: z.string(),
  description: z.string().nullable().optional(),
  resource_type: z.string().optional(),
  openrouter_model_id: z.guid().nullable().optional(),
  openrouter_config: z.json().nullable().optional(),
  is_active: z.boolean().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertX402Resources = z.infer<typeof insertX402Resources>

export const updateX402Resources = z.object({
  id: z.guid().optional(),
  user_id: z.guid().optional(),
  slug: z.string().optional(),
  name: z.string().optional(),
  description: z.string().nullable().optional(),
  resource_type: z.string().optional(),
  openrouter_model_id: z.guid().nullable().optional(),
  openrouter_config: z.json().nullable().optional(),
  is_active: z.boolean().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateX402Resources = z.infer<typeof updateX402Resources>

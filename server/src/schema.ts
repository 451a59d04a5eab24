// DO NOT EDIT. Made from the migrated schema by `npm run generate`; a test checks that it is fresh.
/** The rows of every public table as the database has them: insertX, selectX, updateX, and their types. */
import { z } from 'zod'

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

export const selectUserSettings = z.object({
  user_id: z.guid(),
  allow_gateway_fallback: z.boolean(),
  created_at: z.date(),
  updated_at: z.date(),
})
export type SelectUserSettings = z.infer<typeof selectUserSettings>

export const insertUserSettings = z.object({
  user_id: z.guid(),
  allow_gateway_fallback: z.boolean().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type InsertUserSettings = z.infer<typeof insertUserSettings>

export const updateUserSettings = z.object({
  user_id: z.guid().optional(),
  allow_gateway_fallback: z.boolean().optional(),
  created_at: z.date().optional(),
  updated_at: z.date().optional(),
})
export type UpdateUserSettings = z.infer<typeof updateUserSettings>

import { sql } from 'kysely'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Asked } from '../../platform/database/database.ts'
import { vaultErrors } from './errors.ts'
import { requireProvider } from './keys.ts'
import { findFirstKey, findGatewayBaseUrl, findSecretOfKey } from './queries.ts'
import { openKey, sealKey } from './seal-key.ts'
import type { VaultDeps } from './vault.ts'
import { checkGatewayUrl, hostFor } from './where-a-key-goes.ts'

/** What an app's own backend may do for any user: the eight functions of the database, sealing before and opening behind them. */
export interface Backend {
  insertKey(asked: Asked, userId: string, service: string, apiKey: string): Promise<string>
  /** In the clear. That it was asked for is written down, and committed, before it leaves. */
  revealKey(asked: Asked, userId: string, service: string): Promise<string | null>
  touchKey(asked: Asked, userId: string, service: string): Promise<void>
  deleteKey(asked: Asked, userId: string, service: string): Promise<void>
  setGateway(asked: Asked, userId: string, baseUrl: string): Promise<void>
  gatewayBaseUrl(asked: Asked, userId: string): Promise<string | null>
  allowsGatewayFallback(asked: Asked, userId: string): Promise<boolean>
  deleteGateway(asked: Asked, userId: string): Promise<void>
  /** Whether a secret can be sealed, kept, read back and opened. */
  isHealthy(asked: Asked): Promise<boolean>
}

export function createBackend(deps: VaultDeps): Backend {
  const { database, secrets, egress } = deps

  return {
    async insertKey(asked, userId, service, apiKey) {
      const provider = requireProvider(deps, service)
      const gatewayBaseUrl = await database.system('read a gateway', (tx) => findGatewayBaseUrl(tx, userId))
      const host = hostFor(provider, gatewayBaseUrl)
      const { secret, hint, fingerprint } = await sealKey(secrets, { userId, provider: provider.id, host }, apiKey)
      return database.system(
        'insert_user_api_key',
        async (tx) => {
          const { rows } = await sql<{ id: string }>`select public.insert_user_api_key(
            p_user_id => ${userId}, p_service => ${provider.id}, p_api_key => ${secret.sealed}, p_host => ${host},
            p_key_hint => ${hint}, p_fingerprint => ${fingerprint}) as id`.execute(tx)
          return rows[0]?.id ?? secret.id
        },
        asked,
      )
    },

    async revealKey(asked, userId, service) {
      const provider = requireProvider(deps, service)
      const secret = await database.system(
        'get_user_api_key',
        async (tx) => {
          const key = await findFirstKey(tx, userId, provider.id)
          if (!key) return undefined
          const details = { service: provider.id, fingerprint: key.fingerprint }
          await recordAudit(tx, { action: 'api_key.revealed', userId, subject: key.id, details })
          const found = await findSecretOfKey(tx, key)
          if (!found) throw vaultErrors.key_not_found()
          return found
        },
        asked,
      )
      return secret ? openKey(secrets, secret, { userId, provider: provider.id }) : null
    },

    async touchKey(asked, userId, service) {
      const { id } = requireProvider(deps, service)
      await database.system(
        'touch_user_api_key',
        (tx) => sql`select public.touch_user_api_key(p_user_id => ${userId}, p_service => ${id})`.execute(tx),
        asked,
      )
    },

    async deleteKey(asked, userId, service) {
      const { id } = requireProvider(deps, service)
      await database.system(
        'delete_user_api_key',
        (tx) => sql`select public.delete_user_api_key(p_user_id => ${userId}, p_service => ${id})`.execute(tx),
        asked,
      )
    },

    async setGateway(asked, userId, baseUrl) {
      checkGatewayUrl(egress, baseUrl)
      await database.system(
        'upsert_user_gateway_config',
        (tx) => sql`select public.upsert_user_gateway_config(p_user_id => ${userId}, p_base_url => ${baseUrl})`.execute(tx),
        asked,
      )
    },

    async gatewayBaseUrl(asked, userId) {
      const { rows } = await database.system(
        'get_user_gateway_base_url',
        (tx) => sql<{ url: string | null }>`select public.get_user_gateway_base_url(p_user_id => ${userId}) as url`.execute(tx),
        asked,
      )
      return rows[0]?.url ?? null
    },

    async allowsGatewayFallback(asked, userId) {
      const { rows } = await database.system(
        'get_user_allow_gateway_fallback',
        (tx) => sql<{ allowed: boolean }>`select public.get_user_allow_gateway_fallback(p_user_id => ${userId}) as allowed`.execute(tx),
        asked,
      )
      return rows[0]?.allowed ?? true
    },

    async deleteGateway(asked, userId) {
      await database.system(
        'delete_user_gateway_config',
        (tx) => sql`select public.delete_user_gateway_config(p_user_id => ${userId})`.execute(tx),
        asked,
      )
    },

    async isHealthy(asked) {
      const probe = `probe ${asked.requestId}`
      const purpose = { userId: null, kind: 'health probe' }
      if ((await secrets.open(await secrets.seal(purpose, probe), purpose)) !== probe) return false
      const { rows } = await database.system(
        'check_byok_vault_health',
        (tx) => sql<{ healthy: boolean }>`select public.check_byok_vault_health() as healthy`.execute(tx),
        asked,
      )
      return rows[0]?.healthy ?? false
    },
  }
}

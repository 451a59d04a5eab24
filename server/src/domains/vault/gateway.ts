import type { Principal } from '../../base/principal.ts'
import type { Asked } from '../../platform/database/database.ts'
import { keepSecret } from '../../platform/secrets/secrets.ts'
import { vaultErrors } from './errors.ts'
import { requireProvider, userIdOf } from './keys.ts'
import { findGatewayKeyHosts, setGatewayBaseUrl } from './queries.ts'
import { sealKey } from './seal-key.ts'
import type { VaultDeps } from './vault.ts'
import { checkGatewayUrl, hostFor } from './where-a-key-goes.ts'

/** Where a person's gateway is, and whether there is a key for it. */
interface GatewayConfig {
  baseUrl: string
  /** Theirs, or the usual one. */
  isOwn: boolean
  hasKey: boolean
}

export interface Gateway {
  read(principal: Principal): Promise<GatewayConfig>
  /** A key that was stored for another host is not taken along: it must be entered again. */
  set(asked: Asked, config: { baseUrl: string | null; apiKey?: string | undefined }): Promise<GatewayConfig>
  /** With its keys. */
  remove(asked: Asked): Promise<void>
}

export function createGateway(deps: VaultDeps): Gateway {
  const { database, secrets, egress } = deps
  const provider = requireProvider(deps, 'gateway')

  const show = (ownUrl: string | null, hasKey: boolean): GatewayConfig => ({
    baseUrl: ownUrl ?? provider.baseUrl ?? '',
    isOwn: ownUrl !== null,
    hasKey,
  })

  return {
    async read(principal) {
      const [row] = await database.readAs(principal, (db) =>
        db
          .selectFrom([
            db
              .selectFrom('api_gateway_configs')
              .select((eb) => eb.fn.max('base_url').as('base_url'))
              .as('config'),
            db
              .selectFrom('api_keys')
              .select((eb) => eb.fn.countAll<string>().as('count'))
              .where('service', '=', 'gateway')
              .as('keys'),
          ])
          .select(['config.base_url', 'keys.count']),
      )
      return show(row?.base_url ?? null, Number(row?.count ?? 0) > 0)
    },

    async set(asked, { baseUrl, apiKey }) {
      const userId = userIdOf(asked.principal)
      if (baseUrl !== null) checkGatewayUrl(egress, baseUrl)
      const host = hostFor(provider, baseUrl)
      const sealed = apiKey === undefined ? undefined : await sealKey(secrets, { userId, provider: provider.id, host }, apiKey)
      return database.system(
        'set a gateway',
        async (tx) => {
          const keys = await findGatewayKeyHosts(tx, userId)
          const staying = sealed ? keys.filter(({ key_name }) => key_name !== '') : keys
          if (staying.some((key) => key.host !== host)) throw vaultErrors.gateway_key_needed()
          await setGatewayBaseUrl(tx, userId, baseUrl)
          if (sealed) {
            await tx
              .deleteFrom('api_keys')
              .where('user_id', '=', userId)
              .where('service', '=', provider.id)
              .where('key_name', '=', '')
              .execute()
            await keepSecret(tx, sealed.secret)
            const row = { secret_id: sealed.secret.id, key_hint: sealed.hint, fingerprint: sealed.fingerprint }
            await tx
              .insertInto('api_keys')
              .values({ user_id: userId, service: provider.id, ...row })
              .execute()
          }
          return show(baseUrl, sealed !== undefined || keys.length > 0)
        },
        asked,
      )
    },

    async remove(asked) {
      const userId = userIdOf(asked.principal)
      await database.system(
        'delete a gateway',
        async (tx) => {
          await tx.deleteFrom('api_keys').where('user_id', '=', userId).where('service', '=', provider.id).execute()
          await tx.deleteFrom('api_gateway_configs').where('user_id', '=', userId).execute()
        },
        asked,
      )
    },
  }
}

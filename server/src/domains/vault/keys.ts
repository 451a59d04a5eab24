import type { Principal } from '../../base/principal.ts'
import type { Asked, Tx } from '../../platform/database/database.ts'
import { keepSecret, type SealedSecret } from '../../platform/secrets/secrets.ts'
import type { Provider } from '../providers/providers.ts'
import { vaultErrors } from './errors.ts'
import { type ApiKeyRow, type NewApiKeyRow, type ProviderKey, showKey, shownColumns } from './provider-key.ts'
import { findGatewayBaseUrl, findKey, findOtherKeys, findSecretOfKey, setGatewayBaseUrl } from './queries.ts'
import { openKey, type SealedKey, sealKey } from './seal-key.ts'
import type { VaultDeps } from './vault.ts'
import { askProvider, type Verification } from './verify-key.ts'
import { checkGatewayUrl, destinationFor, hostFor } from './where-a-key-goes.ts'

/** What a person sets of a key beside the key itself. */
interface KeySettings {
  keyName?: string | undefined
  priority?: number | undefined
  dailyLimit?: number | null | undefined
  monthlyLimit?: number | null | undefined
}
interface NewKey extends KeySettings {
  provider: string
  apiKey: string
  /** For provider gateway: where it is. */
  baseUrl?: string | undefined
  verify?: boolean | undefined
}
interface KeyChange extends KeySettings {
  isEnabled?: boolean | undefined
  /** In place of the present one. */
  apiKey?: string | undefined
  verify?: boolean | undefined
}
interface Removal {
  id: string
  provider: string
  deleted: boolean
  /** What calls use from then on; none: those of this provider find no key of yours. */
  nextKey: { id: string; keyName: string } | null
  remainingKeys: number
}

/** A person's provider keys. Every function acts on those of who asks, and finds nobody else's. */
export interface Keys {
  list(principal: Principal, provider: string | undefined): Promise<ProviderKey[]>
  add(asked: Asked, key: NewKey): Promise<ProviderKey>
  change(asked: Asked, id: string, change: KeyChange): Promise<ProviderKey>
  remove(asked: Asked, id: string, options: { dryRun: boolean }): Promise<Removal>
  verify(asked: Asked, id: string): Promise<ProviderKey>
}

export function createKeys(deps: VaultDeps): Keys {
  const { database, secrets, egress, clock } = deps

  async function verify(asked: Asked, id: string): Promise<ProviderKey> {
    const userId = userIdOf(asked.principal)
    const { row, secret, gatewayBaseUrl } = await database.system('verify a provider key', async (tx) => {
      const row = await requireKey(tx, userId, id)
      const secret = await findSecretOfKey(tx, row)
      if (!secret) throw vaultErrors.key_not_found()
      return { row, secret, gatewayBaseUrl: await findGatewayBaseUrl(tx, userId) }
    })
    const provider = requireProvider(deps, row.service)
    const base = destinationFor({ provider, sealedFor: secret.host, gatewayBaseUrl }, deps)
    const outcome = await askProvider(egress, provider, base, await openKey(secrets, secret, { userId, provider: provider.id }))
    return database.system('verify a provider key', async (tx) => showKey(await keepOutcome(tx, row, secret, outcome)), asked)
  }

  /** Of the key that was asked about: meanwhile it may have been replaced or deleted. */
  async function keepOutcome(tx: Tx, row: ApiKeyRow, secret: SealedSecret, outcome: Verification) {
    const conclusive = outcome === 'valid' || outcome === 'refused'
    await tx
      .updateTable('api_keys')
      .set({
        validation_error: outcome === 'valid' ? null : outcome,
        ...(conclusive ? { is_valid: outcome === 'valid', last_verified_at: new Date(clock()) } : {}),
      })
      .where('id', '=', row.id)
      .where('user_id', '=', row.user_id)
      .where('secret_id', '=', secret.id)
      .execute()
    return requireKey(tx, row.user_id, row.id)
  }

  return {
    async list(principal, provider) {
      const service = provider === undefined ? undefined : requireProvider(deps, provider).id
      const rows = await database.readAs(principal, (db) => {
        const all = db.selectFrom('api_keys').select(shownColumns).orderBy('service').orderBy('priority').orderBy('key_name')
        return service === undefined ? all : all.where('service', '=', service)
      })
      return rows.map(showKey)
    },

    async add(asked, { provider: name, apiKey, baseUrl, verify: toVerify, ...settings }) {
      const userId = userIdOf(asked.principal)
      const provider = requireProvider(deps, name)
      if (baseUrl !== undefined) checkBaseUrl(provider, baseUrl)
      const gatewayBaseUrl = baseUrl ?? (await database.system('read a gateway', (tx) => findGatewayBaseUrl(tx, userId)))
      const sealed = await sealKey(secrets, { userId, provider: provider.id, host: hostFor(provider, gatewayBaseUrl) }, apiKey)
      const key = await database.system(
        'keep a provider key',
        async (tx) => {
          if (baseUrl !== undefined) await setGatewayBaseUrl(tx, userId, baseUrl)
          await keepSecret(tx, sealed.secret)
          return showKey(await insertKey(tx, { user_id: userId, service: provider.id, ...columnsOf(settings), ...columnsOfSealed(sealed) }))
        },
        asked,
      )
      return toVerify ? verify(asked, key.id) : key
    },

    async change(asked, id, { apiKey, isEnabled, verify: toVerify, ...settings }) {
      const userId = userIdOf(asked.principal)
      const sealed = apiKey === undefined ? undefined : await sealInPlaceOf(userId, id, apiKey)
      const key = await database.system(
        'change a provider key',
        async (tx) => {
          if (sealed) await keepSecret(tx, sealed.secret)
          const change = {
            ...columnsOf(settings),
            ...(isEnabled === undefined ? {} : { is_enabled: isEnabled }),
            ...(sealed ? { ...columnsOfSealed(sealed), is_valid: true, last_verified_at: null, validation_error: null } : {}),
          }
          if (Object.keys(change).length === 0) return showKey(await requireKey(tx, userId, id))
          if (settings.keyName !== undefined) await refuseTakenName(tx, userId, id, settings.keyName)
          const changed = await tx
            .updateTable('api_keys')
            .set(change)
            .where('id', '=', id)
            .where('user_id', '=', userId)
            .returning(shownColumns)
            .executeTakeFirst()
          if (!changed) throw vaultErrors.key_not_found()
          return showKey(changed)
        },
        asked,
      )
      return toVerify ? verify(asked, id) : key
    },

    async remove(asked, id, { dryRun }) {
      const userId = userIdOf(asked.principal)
      return database.system(
        'delete a provider key',
        async (tx) => {
          const row = await requireKey(tx, userId, id)
          const [next, ...more] = await findOtherKeys(tx, row)
          if (!dryRun) await tx.deleteFrom('api_keys').where('id', '=', id).where('user_id', '=', userId).execute()
          return {
            id,
            provider: row.service,
            deleted: !dryRun,
            nextKey: next ? { id: next.id, keyName: next.key_name } : null,
            remainingKeys: next ? more.length + 1 : 0,
          }
        },
        asked,
      )
    },

    verify,
  }

  function checkBaseUrl(provider: Provider, baseUrl: string) {
    if (provider.id !== 'gateway') throw vaultErrors.base_url_misplaced()
    checkGatewayUrl(egress, baseUrl)
  }

  async function sealInPlaceOf(userId: string, id: string, apiKey: string): Promise<SealedKey> {
    const { service, gatewayBaseUrl } = await database.system('change a provider key', async (tx) => {
      const { service } = await requireKey(tx, userId, id)
      return { service, gatewayBaseUrl: await findGatewayBaseUrl(tx, userId) }
    })
    const provider = requireProvider(deps, service)
    return sealKey(secrets, { userId, provider: provider.id, host: hostFor(provider, gatewayBaseUrl) }, apiKey)
  }
}

/** The credential's own: nothing that a request says can put another in its place. */
export function userIdOf({ claims: { sub } }: Principal): string {
  if (sub === undefined) throw new Error('a route for people was reached by nobody')
  return sub
}

export function requireProvider({ providers }: Pick<VaultDeps, 'providers'>, name: string): Provider {
  const provider = providers.find(name)
  if (!provider) throw vaultErrors.unknown_provider()
  return provider
}

async function requireKey(tx: Tx, userId: string, id: string): Promise<ApiKeyRow> {
  const row = await findKey(tx, userId, id)
  if (!row) throw vaultErrors.key_not_found()
  return row
}

async function insertKey(tx: Tx, row: NewApiKeyRow) {
  const made = await tx
    .insertInto('api_keys')
    .values(row)
    .onConflict((conflict) => conflict.columns(['user_id', 'service', 'key_name']).doNothing())
    .returning(shownColumns)
    .executeTakeFirst()
  if (!made) throw vaultErrors.key_exists()
  return made
}

async function refuseTakenName(tx: Tx, userId: string, id: string, keyName: string) {
  const { service } = await requireKey(tx, userId, id)
  const taken = await tx
    .selectFrom('api_keys')
    .select('id')
    .where('user_id', '=', userId)
    .where('service', '=', service)
    .where('key_name', '=', keyName)
    .where('id', '<>', id)
    .executeTakeFirst()
  if (taken) throw vaultErrors.key_exists()
}

function columnsOf({ keyName, priority, dailyLimit, monthlyLimit }: KeySettings): Partial<NewApiKeyRow> {
  return {
    ...(keyName === undefined ? {} : { key_name: keyName }),
    ...(priority === undefined ? {} : { priority }),
    ...(dailyLimit === undefined ? {} : { daily_limit: dailyLimit }),
    ...(monthlyLimit === undefined ? {} : { monthly_limit: monthlyLimit }),
  }
}

const columnsOfSealed = ({ secret, hint, fingerprint }: SealedKey) => ({ secret_id: secret.id, key_hint: hint, fingerprint })

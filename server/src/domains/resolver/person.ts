import type { AppError } from '../../base/errors.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Destination, Egress } from '../../platform/egress/egress.ts'
import type { SealedSecret } from '../../platform/secrets/secrets.ts'
import type { Provider, Providers } from '../providers/providers.ts'
import { vaultErrors } from '../vault/errors.ts'
import { destinationFor } from '../vault/where-a-key-goes.ts'
import type { Facts, Key } from './decide.ts'
import { resolverErrors } from './errors.ts'

/** A key of a person's, and the one place it may be sent to. */
export interface PersonKey extends Key {
  readonly id: string
  readonly base?: Destination
  readonly secret?: SealedSecret
}

/** Everything a call needs to know of a person. */
export interface Person extends Facts<PersonKey> {
  readonly userId: string
  readonly hasLimits: boolean
  /** Whether a hard limit may hold for calls with their own keys, and for those that the operator pays for. */
  readonly isCapped: { readonly own: boolean; readonly platform: boolean }
}

interface Row {
  settings: { allow_gateway_fallback: boolean; own_keys_only: boolean } | null
  gateway_base_url: string | null
  keys: readonly KeyRow[]
  caps_own: boolean
  caps_platform: boolean
}

interface KeyRow {
  id: string
  service: string
  is_enabled: boolean
  is_valid: boolean
  daily_limit: number | null
  monthly_limit: number | null
  secret: SealedSecret | null
}

export interface Places {
  providers: Providers
  egress: Egress
}

const text = 'select settings, gateway_base_url, keys, caps_own, caps_platform from keyloft.resolver_facts(in_user_id => $1)'

export async function loadPerson(database: Pick<Database, 'systemOnce'>, places: Places, userId: string): Promise<Person> {
  const row = await database.systemOnce('look up a person’s keys', { name: 'resolver_facts', text, values: [userId] })
  return readPerson(row as unknown as Row, userId, places)
}

function readPerson({ settings, gateway_base_url, keys, caps_own, caps_platform }: Row, userId: string, places: Places): Person {
  return {
    userId,
    allowsTeamGateway: settings?.allow_gateway_fallback ?? true,
    ownKeysOnly: settings?.own_keys_only ?? false,
    isCapped: { own: caps_own, platform: caps_platform },
    keys: keys.map((key) => readKey(key, gateway_base_url, places)),
    hasLimits: keys.some((key) => key.is_enabled && (key.daily_limit !== null || key.monthly_limit !== null)),
  }
}

function readKey(row: KeyRow, gatewayBaseUrl: string | null, places: Places): PersonKey {
  const provider = places.providers.find(row.service)
  const key = {
    source: row.service === 'gateway' ? ('user-gateway' as const) : ('user-key' as const),
    id: row.id,
    isEnabled: row.is_enabled,
    isValid: row.is_valid,
    dailyLimit: row.daily_limit,
    monthlyLimit: row.monthly_limit,
  }
  // Its provider was taken out of the configuration.
  if (!provider) return { ...key, provider: { id: row.service, name: row.service, auth: 'bearer' }, nowhere: 'unknown_provider' }
  if (!row.is_enabled) return { ...key, provider }
  if (!row.secret) throw resolverErrors.lookup_failed({ internal: `key ${row.id} has no secret` })
  return { ...key, provider, secret: row.secret, ...placeOf(provider, row.secret, gatewayBaseUrl, places) }
}

function placeOf(
  provider: Provider,
  { host }: SealedSecret,
  gatewayBaseUrl: string | null,
  places: Places,
): Pick<PersonKey, 'base' | 'nowhere'> {
  if (provider.baseUrl === undefined) return { nowhere: 'stored_only' }
  try {
    return { base: destinationFor({ provider, sealedFor: host, gatewayBaseUrl }, places) }
  } catch (error) {
    const { code = '' } = error as AppError
    if (code === vaultErrors.host_changed.code) return { nowhere: 'host_changed' }
    if (code.startsWith('egress.')) return { nowhere: 'host_refused' } // the operator allows less than before
    throw error
  }
}

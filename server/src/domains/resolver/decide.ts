import type { Protocol, Provider, Providers } from '../providers/providers.ts'
import { type Catalogue, canonicalName, nameAt, readHint, type Wanted } from './model-names.ts'
import { isOfPerson, rankOf, type Source } from './sources.ts'

/*
 * The decision: what is known of a person, of the operator's keys and of the call goes in, an ordered list comes out,
 * with a reason for what was chosen and for what was passed over. It asks nobody, and a key with a host of its own
 * never changes which key goes where: that was settled before (prepare.ts).
 */

export interface Key {
  readonly source: Source
  readonly provider: Provider
  /** Absent: the operator's. */
  readonly id?: string
  readonly isEnabled: boolean
  readonly isValid: boolean
  readonly dailyLimit: number | null
  readonly monthlyLimit: number | null
  /** Why it can be sent nowhere. */
  readonly nowhere?: 'host_changed' | 'host_refused' | 'stored_only' | 'unknown_provider'
}

export interface Facts<K extends Key = Key> {
  /** In the order in which those of one provider are taken. */
  readonly keys: readonly K[]
  readonly allowsTeamGateway: boolean
  /** Strict: no key but the person's own. */
  readonly ownKeysOnly: boolean
}

export interface Asked {
  readonly modelHint: string | undefined
  /** Absent: whichever. */
  readonly protocol?: Protocol | undefined
  /** The only provider that will do. */
  readonly provider?: string | undefined
  /** What was made with it can be had with it alone. Where the person put another key in its place, that one. */
  readonly madeWith?: MadeWith | undefined
  /** It reaches what others may have put into the account of a key. */
  readonly needsOwnKey?: boolean | undefined
  /** It names no model, and none is meant. */
  readonly isModelFree?: boolean | undefined
  /** A reseller may take one of them in place of the model that is meant. */
  readonly namesOtherModels?: boolean | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  /** The only models that may be called; absent: every one. */
  readonly allowedModels?: readonly string[] | undefined
}

/** The key by which a provider was given something to keep. */
export interface MadeWith {
  readonly source: Source
  readonly keyId?: string | undefined
}

export interface Surroundings {
  readonly order: readonly Source[]
  readonly providers: Pick<Providers, 'find'>
  readonly catalogue: Catalogue
  /** Of the keys that have limits. */
  readonly uses?: ReadonlyMap<string, { readonly today: number; readonly thisMonth: number }>
  /** Until when a key is left alone, because it failed. */
  readonly restsUntil?: (key: Key, modelId: string) => number | undefined
}

export const hindrances = [
  'disabled',
  'refused_by_provider',
  'host_changed',
  'host_refused',
  'stored_only',
  'unknown_provider',
  'other_provider',
  'other_key',
  'other_protocol',
  'other_model',
  'model_not_allowed',
  'own_keys_only',
  'own_key_needed',
  'no_consent',
  'daily_limit',
  'monthly_limit',
  'resting',
] as const
export type Hindrance = (typeof hindrances)[number]

interface Decision<K extends Key = Key> {
  readonly key: K
  /** The model's name with this provider. */
  readonly modelId: string
  /** Whether that is another name than was asked for. */
  readonly modelReplaced: boolean
}

export interface PassedOver<K extends Key = Key> {
  readonly key: K
  readonly because: Hindrance
}

export interface Resolution<K extends Key = Key> {
  readonly decisions: readonly Decision<K>[]
  readonly passedOver: readonly PassedOver<K>[]
}

export function decide<K extends Key>(facts: Facts<K>, asked: Asked, around: Surroundings): Resolution<K> {
  const wanted = readHint(asked.modelHint, around.providers)
  const decisions: Decision<K>[] = []
  const passedOver: PassedOver<K>[] = []
  for (const key of inOrder(facts.keys, around.order)) {
    const modelId = asked.isModelFree ? '' : nameAt(key.provider, wanted, around.catalogue)
    const because = hindranceOf(key, modelId, facts, asked, around)
    if (because !== undefined) passedOver.push({ key, because })
    else if (modelId !== undefined) decisions.push({ key, modelId, modelReplaced: modelId !== hintOf(wanted) })
  }
  return { decisions, passedOver }
}

/** By source, then by provider; the rest keeps the order it has. A source that the operator left out is not tried. */
function inOrder<K extends Key>(keys: readonly K[], order: readonly Source[]): readonly K[] {
  return keys
    .filter(({ source }) => order.includes(source))
    .sort((a, b) => order.indexOf(a.source) - order.indexOf(b.source) || rankOf(a.provider.id) - rankOf(b.provider.id))
}

/** The first that applies, from what its person did to what passes by itself. */
function hindranceOf(
  key: Key,
  modelId: string | undefined,
  facts: Facts,
  { protocol, provider, madeWith, needsOwnKey, isModelFree, namesOtherModels, now, allowedModels }: Asked,
  { providers, uses, restsUntil }: Surroundings,
): Hindrance | undefined {
  if (!key.isEnabled) return 'disabled'
  if (provider !== undefined && key.provider.id !== provider) return 'other_provider'
  if (madeWith && !isTheSame(key, madeWith, facts.keys)) return 'other_key'
  if (!isOfPerson(key.source) && facts.ownKeysOnly) return 'own_keys_only'
  if (!isOfPerson(key.source) && needsOwnKey) return 'own_key_needed'
  if (key.source === 'team-gateway' && !facts.allowsTeamGateway) return 'no_consent'
  if (key.nowhere !== undefined) return key.nowhere
  if (!key.isValid) return 'refused_by_provider'
  if (protocol !== undefined && key.provider.paths?.[protocol] === undefined) return 'other_protocol'
  if (modelId === undefined) return 'other_model'
  if (allowedModels !== undefined && namesOtherModels) return 'model_not_allowed'
  // What was made with a token that is bound to models may be had with it again.
  if (isModelFree) {
    if (allowedModels !== undefined && !madeWith) return 'model_not_allowed'
  } else if (allowedModels !== undefined && !mayCall(allowedModels, modelId, providers)) return 'model_not_allowed'
  const used = key.id === undefined ? undefined : uses?.get(key.id)
  if (key.dailyLimit !== null && (used?.today ?? 0) >= key.dailyLimit) return 'daily_limit'
  if (key.monthlyLimit !== null && (used?.thisMonth ?? 0) >= key.monthlyLimit) return 'monthly_limit'
  const rests = restsUntil?.(key, modelId)
  return rests !== undefined && rests > now ? 'resting' : undefined
}

function isTheSame({ source, id }: Key, madeWith: MadeWith, keys: readonly Key[]): boolean {
  if (source !== madeWith.source) return false
  return id === madeWith.keyId || !keys.some((key) => key.id === madeWith.keyId)
}

function mayCall(allowed: readonly string[], modelId: string, providers: Pick<Providers, 'find'>): boolean {
  const called = canonicalName(modelId, providers)
  return allowed.some((one) => canonicalName(one, providers) === called)
}

const hintOf = (wanted: Wanted) => (wanted.kind === 'any' ? '' : wanted.hint)

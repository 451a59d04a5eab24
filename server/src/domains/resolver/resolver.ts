import { BoundedMap } from '../../base/bounded-map.ts'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { Hidden } from '../../base/hidden.ts'
import type { Principal } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Destination, Egress } from '../../platform/egress/egress.ts'
import type { Route } from '../../platform/http/define-route.ts'
import type { Secrets } from '../../platform/secrets/secrets.ts'
import type { Signals } from '../../platform/signals/signals.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { Count } from '../../platform/telemetry/series.ts'
import type { Traced } from '../../platform/telemetry/tracing.ts'
import { authFor, authHeader, type Protocol, type Providers } from '../providers/providers.ts'
import { userIdOf } from '../vault/keys.ts'
import { openKey } from '../vault/seal-key.ts'
import { createCatalogueMemory } from './catalogue.ts'
import { type Asked, decide, type Hindrance, type Key, type MadeWith, type Resolution, type Surroundings } from './decide.ts'
import { resolverErrors } from './errors.ts'
import type { Catalogue } from './model-names.ts'
import { OpenedKeys } from './opened-keys.ts'
import { type OperatorKey, readOperatorKeys } from './operator-keys.ts'
import { createPeople } from './people.ts'
import { loadPerson, type Person, type PersonKey } from './person.ts'
import { refusalOf } from './refusal.ts'
import { resolverRoutes } from './routes.ts'
import { isOfPerson, type Source, sources } from './sources.ts'
import { createUses, type Uses } from './uses.ts'

export interface ResolverSettings {
  readonly order: readonly Source[]
  /** The operator's own, by the id of their provider. */
  readonly serverKeys: Readonly<Record<string, Hidden>>
}

export interface ResolverDeps {
  settings: ResolverSettings
  database: Pick<Database, 'system' | 'systemOnce'>
  secrets: Secrets
  providers: Providers
  egress: Egress
  signals: Signals
  clock: Clock
  metrics: Pick<Metrics, 'counter'>
  /** Absent: nobody receives traces. */
  traced?: Traced | undefined
  /** Until when a way is left alone, because it failed: whoever makes the calls knows, and looks by themselves before they do. */
  restsUntil?: (way: Way) => number | undefined
}

/** A key and a model, at a host. */
interface Way {
  readonly source: Source
  readonly provider: string
  readonly keyId: string | undefined
  readonly modelId: string
  readonly origin: string
}

/** A call that is to be made, as far as choosing a key goes. Nothing else of a request has a say in it. */
interface Wanted {
  readonly model: string | undefined
  readonly protocol?: Protocol | undefined
  /** Added to the protocol's path at the provider, or, without one, to its base. `{model}` in it becomes the model's name there. */
  readonly suffix?: string | undefined
  /** The only provider that will do. */
  readonly provider?: string | undefined
  readonly madeWith?: MadeWith | undefined
  readonly needsOwnKey?: boolean | undefined
  readonly isModelFree?: boolean | undefined
  readonly namesOtherModels?: boolean | undefined
}

/** One way to make a call. */
interface Candidate {
  readonly source: Source
  readonly provider: string
  /** Of the person's key; the operator's have none. */
  readonly keyId?: string
  /** The model's name with this provider. */
  readonly modelId: string
  readonly modelReplaced: boolean
  /** Whether a hard limit may hold for it: the ledger knows. */
  readonly isCapped: boolean
  /** Where the call goes; where no protocol was named, the base of its provider. */
  readonly destination: Destination
  /** Opens the key, at once where its data key is in memory. What does not open fails the call: it is no reason to try the next. */
  authHeaders(): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  readonly reason: string
}

/** A line of how it was decided, without secrets and hosts: for the ledger, and for whoever asks. */
interface TraceLine {
  readonly source: Source
  readonly provider: string
  readonly key?: string
  readonly model?: string
  readonly verdict: 'candidate' | Hindrance
}

export interface Resolved {
  /** In the order in which they are to be tried; at least one, from `resolve`. */
  readonly candidates: readonly Candidate[]
  readonly passedOver: Resolution['passedOver']
  readonly trace: readonly TraceLine[]
  /** Where there is no candidate: what to say. */
  readonly refusal?: AppError
}

export interface Resolver {
  /** At once, where all of it is known. @throws resolver.* where nothing serves, and where it could not be looked up */
  resolve(principal: Principal, wanted: Wanted): Resolved | Promise<Resolved>
  /** The same without the refusal thrown, for any person. @param allowedModels the only ones that may be called */
  explain(userId: string, wanted: Wanted, allowedModels?: readonly string[]): Resolved | Promise<Resolved>
  readonly routes: readonly Route[]
}

const reasons: Readonly<Record<Source, string>> = {
  'user-gateway': 'the person’s own gateway',
  'user-key': 'the person’s own key',
  'server-key': 'the server’s key',
  'team-gateway': 'the team’s gateway, which the person allows',
}

/** Of a person and a model: what was decided is kept for so many. */
const mostDecided = 5_000
/** Anybody can send a name of any length. */
const longestKept = 200

type AnyKey = PersonKey | OperatorKey

interface Facts {
  readonly person: Person
  readonly catalogue: Catalogue
  readonly uses?: Uses | undefined
}

export function createResolver(deps: ResolverDeps): Resolver {
  const { settings, database, secrets, providers, clock, restsUntil } = deps
  const operatorKeys = readOperatorKeys(settings.serverKeys, deps)
  const people = createPeople((userId) => loadPerson(database, deps, userId), deps)
  const catalogueNow = createCatalogueMemory(database, deps)
  const usesOf = createUses(database, clock)
  const opened = new OpenedKeys()
  for (const topic of ['facts', 'person']) deps.signals.onChanged(topic, () => opened.forget())

  const decided = new BoundedMap<{ person: Person; catalogue: Catalogue; resolved: Resolved }>(mostDecided)

  function factsOf(userId: string): Facts | Promise<Facts> {
    const [person, catalogue] = [people.find(userId), catalogueNow()]
    if (!(person instanceof Promise || catalogue instanceof Promise || person.hasLimits)) return { person, catalogue }
    return lookUp(person, catalogue)
  }

  async function explain(userId: string, wanted: Wanted, allowedModels?: readonly string[]): Promise<Resolved> {
    const facts = await factsOf(userId)
    const rests = (key: AnyKey, modelId: string) =>
      key.base && restsUntil?.({ source: key.source, provider: key.provider.id, keyId: key.id, modelId, origin: key.base.origin })
    return choose(facts, wanted, { now: clock(), allowedModels, restsUntil: (key, modelId) => rests(key as AnyKey, modelId) })
  }

  /** Where nothing else has a say: from the same facts and the same catalogue comes the same. */
  function chooseOnce(facts: Facts, wanted: Wanted, allowedModels: readonly string[] | undefined): Resolved {
    const now = clock()
    const { person, catalogue, uses } = facts
    const { model = '', protocol, suffix = '', provider, madeWith, needsOwnKey, isModelFree } = wanted
    const isRare = model.length + suffix.length > longestKept || provider !== undefined || madeWith || needsOwnKey || isModelFree
    if (isRare || uses || allowedModels) return choose(facts, wanted, { now, allowedModels })
    const name = `${person.userId} ${protocol} ${suffix} ${wanted.model}`
    const known = decided.get(name, now)
    if (known?.person === person && known.catalogue === catalogue) return known.resolved
    const resolved = choose(facts, wanted, { now })
    if (!resolved.refusal) decided.set(name, { person, catalogue, resolved }, Number.POSITIVE_INFINITY)
    return resolved
  }

  function choose(
    { person, catalogue, uses }: Facts,
    wanted: Wanted,
    { now, allowedModels, restsUntil }: Pick<Asked, 'now' | 'allowedModels'> & Pick<Surroundings, 'restsUntil'>,
  ): Resolved {
    const { model, protocol, suffix, ...restrictions } = wanted
    const facts = { ...person, keys: operatorKeys.length === 0 ? person.keys : [...person.keys, ...operatorKeys] }
    const around = { order: settings.order, providers, catalogue, ...(uses ? { uses } : {}), ...(restsUntil ? { restsUntil } : {}) }
    const resolution = decide<AnyKey>(facts, { ...restrictions, modelHint: model, protocol, now, allowedModels }, around)
    const candidates = resolution.decisions.map(({ key, modelId, modelReplaced }) => {
      const open = () => openHeaders(secrets, person.userId, key, protocol)
      const candidate: Candidate = {
        source: key.source,
        provider: key.provider.id,
        ...(key.id === undefined ? {} : { keyId: key.id }),
        modelId,
        modelReplaced,
        isCapped: isOfPerson(key.source) ? person.isCapped.own : person.isCapped.platform,
        destination: addressOf(key, protocol, suffix?.replace('{model}', encodeURIComponent(modelId))),
        authHeaders: () => opened.of(candidate, open),
        reason: reasons[key.source],
      }
      return candidate
    })
    const { passedOver } = resolution
    const base = { candidates, passedOver, trace: traceOf(resolution) }
    return candidates.length > 0 ? base : { ...base, refusal: refusalOf(person, passedOver, { now }) }
  }

  /** What fails here stops the resolution: only a key that is not there lets the next one come. */
  async function lookUp(finding: Person | Promise<Person>, reading: Catalogue | Promise<Catalogue>): Promise<Facts> {
    try {
      const [person, catalogue] = await Promise.all([finding, reading])
      const limited = person.hasLimits ? person.keys.filter((key) => key.isEnabled && isLimited(key)).map(({ id }) => id) : []
      const uses: Uses | undefined = limited.length > 0 ? await usesOf(person.userId, limited) : undefined
      return { person, catalogue, uses }
    } catch (cause) {
      if (cause instanceof AppError && cause.code === resolverErrors.lookup_failed.code) throw cause
      throw resolverErrors.lookup_failed({ cause, retryAfterSeconds: 2 })
    }
  }

  const count = createResolveMetrics(deps.metrics)
  const orRefuse = (resolved: Resolved) => {
    count(resolved)
    if (resolved.refusal) throw resolved.refusal
    return resolved
  }
  const fail = (error: unknown): never => {
    count(undefined)
    throw error
  }
  function resolve(principal: Principal, wanted: Wanted): Resolved | Promise<Resolved> {
    const choosing = (facts: Facts) => chooseOnce(facts, wanted, principal.models)
    const facts = factsOf(userIdOf(principal))
    return facts instanceof Promise ? facts.then(choosing).catch(fail).then(orRefuse) : orRefuse(choosing(facts))
  }
  const { traced } = deps
  const resolver = {
    explain,
    resolve: traced
      ? (principal: Principal, wanted: Wanted) =>
          traced('providers.resolve', { 'keyloft.user': '[redacted]' }, async (span) => {
            const resolved = await resolve(principal, wanted)
            span.set({ 'keyloft.path': resolved.candidates[0]?.source })
            return resolved
          })
      : resolve,
  }
  return { ...resolver, routes: resolverRoutes(resolver) }
}

/** How resolutions ended, and whose key came first. Undefined for one that failed. */
function createResolveMetrics(metrics: Pick<Metrics, 'counter'>): (resolved: Resolved | undefined) => void {
  const help = 'Resolutions, by how they ended and by the source of the key that was chosen.'
  const total = metrics.counter('providers_resolve_total', help, ['status', 'path'])
  const [refused, failed] = [total.of({ status: 'refused', path: 'none' }), total.of({ status: 'failed', path: 'none' })]
  const rows = Object.fromEntries(sources.map((path) => [path, total.of({ status: 'resolved', path })])) as Record<Source, Count>
  return (resolved) => {
    const first = resolved?.candidates[0]
    if (first) rows[first.source].add()
    else (resolved ? refused : failed).add()
  }
}

const isLimited = ({ dailyLimit, monthlyLimit }: Key) => dailyLimit !== null || monthlyLimit !== null

/** Kept beside the base: finding a path beneath it parses addresses. */
const addresses = new WeakMap<Destination, Map<Protocol, Destination>>()

function addressOf({ base, provider }: AnyKey, protocol: Protocol | undefined, suffix = ''): Destination {
  if (base === undefined) throw new Error('a key that goes nowhere was chosen')
  const path = protocol && provider.paths?.[protocol]
  if (protocol === undefined || path === undefined) return suffix === '' ? base : base.at(suffix)
  if (suffix !== '') return base.at(path + suffix)
  const known = addresses.get(base) ?? new Map<Protocol, Destination>()
  const address = known.get(protocol) ?? base.at(path)
  addresses.set(base, known.set(protocol, address))
  return address
}

function openHeaders(
  secrets: Secrets,
  userId: string,
  key: AnyKey,
  protocol: Protocol | undefined,
): Record<string, string> | Promise<Record<string, string>> {
  const auth = authFor(key.provider, protocol)
  if ('hidden' in key) return authHeader(auth, key.hidden.reveal())
  if (key.secret === undefined) throw new Error('a key without a secret was chosen')
  const opened = openKey(secrets, key.secret, { userId, provider: key.provider.id })
  return typeof opened === 'string' ? authHeader(auth, opened) : opened.then((text) => authHeader(auth, text))
}

function traceOf({ decisions, passedOver }: Resolution): TraceLine[] {
  const line = ({ source, provider, id }: Key) => ({ source, provider: provider.id, ...(id === undefined ? {} : { key: id }) })
  return [
    ...decisions.map(({ key, modelId }) => ({ ...line(key), model: modelId, verdict: 'candidate' as const })),
    ...passedOver.map(({ key, because }) => ({ ...line(key), verdict: because })),
  ]
}

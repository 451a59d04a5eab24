import { BoundedMap } from '../../base/bounded-map.ts'
import type { Clock } from '../../base/clock.ts'
import type { AppError } from '../../base/errors.ts'
import { gatewayErrors } from './errors.ts'
import type { Candidate } from './ports.ts'

export interface BreakerSettings {
  /** So many failures in a row, and a provider is left alone. */
  readonly failures: number
  readonly restMs: number
}

/** What an attempt showed of its provider and its key. */
export type Finding = { kind: 'works' } | { kind: 'fails' } | { kind: 'asks for a pause'; ms: number }

const mostWatched = 10_000
/** A provider may ask for hours; by then the limit may have been lifted. */
const longestPauseMs = 5 * 60_000

/**
 * Leaves alone what does not work: a provider that failed several times in a row, and a key that its provider told to
 * wait with this model. When the time is over it is tried again,
 * and the first failure begins another rest.
 */
export class Breaker {
  readonly #settings: BreakerSettings
  readonly #clock: Clock
  readonly #failures = new BoundedMap<number>(mostWatched)
  readonly #restsUntil = new BoundedMap<number>(mostWatched)

  constructor(settings: BreakerSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** For whoever wants to know beforehand. */
  restsUntil(way: Way): number | undefined {
    const now = this.#clock()
    return this.#restsUntil.get(keyOf(way), now) ?? this.#restsUntil.get(providerOf(way), now)
  }

  /** Why this candidate should not be tried now. */
  refusal(candidate: Candidate): AppError | undefined {
    if (this.#restsUntil.size === 0) return undefined
    const now = this.#clock()
    const way = wayOf(candidate)
    const pause = this.#restsUntil.get(keyOf(way), now)
    if (pause !== undefined) return gatewayErrors.resting({ retryAfterSeconds: secondsUntil(pause, now) })
    const rest = this.#restsUntil.get(providerOf(way), now)
    if (rest === undefined) return undefined
    return gatewayErrors.provider_down({ retryAfterSeconds: secondsUntil(rest, now) })
  }

  note(candidate: Candidate, finding: Finding) {
    if (finding.kind === 'works' && this.#failures.size === 0) return
    const now = this.#clock()
    const way = wayOf(candidate)
    const provider = providerOf(way)
    if (finding.kind === 'works') return this.#failures.delete(provider)
    if (finding.kind === 'asks for a pause') {
      const until = now + Math.min(finding.ms, longestPauseMs)
      return this.#restsUntil.set(keyOf(way), until, until)
    }
    const failures = (this.#failures.get(provider, now) ?? 0) + 1
    // Kept beyond the rest: the first failure after it begins another.
    this.#failures.set(provider, failures, now + 10 * this.#settings.restMs)
    if (failures >= this.#settings.failures) this.#restsUntil.set(provider, now + this.#settings.restMs, now + this.#settings.restMs)
  }
}

/** A key and a model, at a host. */
export interface Way extends Pick<Candidate, 'source' | 'provider' | 'keyId' | 'modelId'> {
  readonly origin: string
}

const wayOf = ({ source, provider, keyId, modelId, destination }: Candidate): Way => ({
  source,
  provider,
  keyId,
  modelId,
  origin: destination.origin,
})
const providerOf = ({ provider, origin }: Way) => `${provider} ${origin}`
/** A limit is of one key with one model; another person's key has its own. */
const keyOf = (way: Way) => `${providerOf(way)} ${way.keyId ?? way.source} ${way.modelId}`
const secondsUntil = (untilMs: number, nowMs: number) => Math.max(1, Math.ceil((untilMs - nowMs) / 1000))

import type { AppError, ErrorMaker } from '../../base/errors.ts'
import type { Facts, Hindrance, PassedOver } from './decide.ts'
import { resolverErrors } from './errors.ts'
import { isOfPerson } from './sources.ts'

/** What passes by itself goes before what somebody must change: it is why an otherwise good key does not serve. */
const telling: readonly [Hindrance, ErrorMaker][] = [
  ['resting', resolverErrors.resting],
  ['daily_limit', resolverErrors.key_limit_reached],
  ['monthly_limit', resolverErrors.key_limit_reached],
  ['model_not_allowed', resolverErrors.model_not_allowed],
  ['own_key_needed', resolverErrors.own_key_needed],
]

/** The one sentence for a call that nothing serves. */
export function refusalOf(
  { ownKeysOnly }: Pick<Facts, 'ownKeysOnly'>,
  passedOver: readonly PassedOver[],
  { now, restsUntilMs }: { now: number; restsUntilMs?: number | undefined },
): AppError {
  const because = new Set(passedOver.map((one) => one.because))
  for (const [hindrance, refuse] of telling) {
    if (!because.has(hindrance)) continue
    const seconds = secondsToWait(hindrance, now, restsUntilMs)
    return refuse(seconds === undefined ? {} : { retryAfterSeconds: seconds })
  }
  const ofPerson = passedOver.filter(({ key, because }) => isOfPerson(key.source) && because !== 'disabled')
  if (ownKeysOnly) return resolverErrors.own_keys_only()
  if (ofPerson.length === 0 && because.has('no_consent')) return resolverErrors.fallback_disabled()
  return passedOver.length === 0 ? resolverErrors.no_key() : resolverErrors.not_served()
}

function secondsToWait(hindrance: Hindrance, now: number, restsUntilMs = now + 2_000): number | undefined {
  const at = new Date(now)
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  const until = { resting: restsUntilMs, daily_limit: Date.UTC(year, month, day + 1), monthly_limit: Date.UTC(year, month + 1) } as Partial<
    Record<Hindrance, number>
  >
  const ms = until[hindrance]
  return ms === undefined ? undefined : Math.max(1, Math.ceil((ms - now) / 1_000))
}

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import { identityErrors } from './errors.ts'

/** Fetched again after this long, so that a withdrawn key stops counting. */
const freshMs = 10 * 60_000
/** A key id nobody knows makes us look, but no more often than this: strangers choose key ids. */
const pauseMs = 5_000
const mostKeys = 100

/** Public keys that lie elsewhere: kept, refreshed, and asked for at most once at a time. */
export function createKeySet(load: () => Promise<unknown>, clock: Clock): JWTVerifyGetKey {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined
  let loadedAtMs = Number.NEGATIVE_INFINITY
  let triedAtMs = Number.NEGATIVE_INFINITY
  let failure: unknown
  let loading: Promise<void> | undefined

  const refresh = () => {
    loading ??= load()
      .then((text) => {
        keys = createLocalJWKSet(publicKeysOf(text))
        loadedAtMs = clock()
        failure = undefined
      })
      .catch((error) => {
        failure = error // what is there already goes on counting: an issuer that is away for a while locks nobody out
      })
      .finally(() => {
        triedAtMs = clock()
        loading = undefined
      })
    return loading
  }

  const find = async (header: JWSHeaderParameters, token: Parameters<JWTVerifyGetKey>[1]) => {
    if (!keys) throw failure instanceof AppError ? failure : identityErrors.keys_unavailable({ cause: failure, retryAfterSeconds: 5 })
    return keys(header, token)
  }

  return async (header, token) => {
    const mayTry = () => clock() - triedAtMs >= pauseMs
    if (!keys || clock() - loadedAtMs >= freshMs) {
      if (loading || mayTry()) await refresh()
    }
    try {
      return await find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(loading || mayTry())) throw error
      await refresh()
      return find(header, token)
    }
  }
}

/** A shared secret has no place in a public list, and must not come to verify anything. */
function publicKeysOf(given: unknown): JSONWebKeySet {
  const { keys } = (given ?? {}) as Partial<JSONWebKeySet>
  if (!Array.isArray(keys)) throw new Error('this is no JSON Web Key Set')
  return { keys: keys.filter(({ kty }) => kty === 'RSA' || kty === 'EC' || kty === 'OKP').slice(0, mostKeys) }
}

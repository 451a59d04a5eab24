import { hash } from 'node:crypto'
import { BoundedMap } from '../../base/bounded-map.ts'
import type { Clock } from '../../base/clock.ts'
import type { Principal } from '../../base/principal.ts'
import type { Credential } from './carriers.ts'
import type { Verdict } from './verdict.ts'

const mostAccepted = 10_000
const mostRefused = 10_000
/** How long a credential that was taken back elsewhere goes on, where nobody can tell us. */
const unheardMs = 1_000

interface Accepted {
  verdict: Verdict
  atMs: number
}

export interface MemoryOptions {
  clock: Clock
  /** Whether this process hears of what others change. Where it does not, the accepted are asked about every second. */
  hearsChanges: () => boolean
}

/**
 * Keeps verdicts for as long as they allow, under the SHA-256 of the credential, and asks about each credential once
 * at a time. Refusals have a room of their own, so that a flood of bad credentials cannot push out the good ones.
 */
export function createMemory(judge: (credential: Credential) => Promise<Verdict>, { clock, hearsChanges }: MemoryOptions) {
  const accepted = new BoundedMap<Accepted>(mostAccepted)
  const refused = new BoundedMap<Verdict>(mostRefused)
  const underWay = new Map<string, Promise<Verdict>>()
  let changes = 0

  async function ask(credential: Credential, key: string): Promise<Verdict> {
    const [atMs, before] = [clock(), changes]
    try {
      const verdict = await judge(credential)
      if ('principal' in verdict) freeze(verdict.principal)
      if (verdict.untilMs <= clock()) return verdict
      if ('refused' in verdict) refused.set(key, verdict, verdict.untilMs)
      // What changed meanwhile may be what it was made from.
      else if (before === changes) accepted.set(key, { verdict, atMs }, verdict.untilMs)
      return verdict
    } finally {
      if (before === changes) underWay.delete(key)
    }
  }

  function recall(key: string, now: number): Verdict | undefined {
    const known = accepted.get(key, now)
    return known && (now - known.atMs < unheardMs || hearsChanges()) ? known.verdict : undefined
  }

  return {
    verdictOn(credential: Credential): Verdict | Promise<Verdict> {
      const key = keyOf(credential.text)
      const now = clock()
      const known = recall(key, now) ?? refused.get(key, now) ?? underWay.get(key)
      if (known) return known
      const asked = ask(credential, key)
      underWay.set(key, asked)
      return asked
    },
    forget: (text: string) => accepted.delete(keyOf(text)),
    /** Something changed: what of it is remembered or under way does not count any more. */
    forgetWhere(isConcerned: (principal: Principal) => boolean) {
      changes++
      underWay.clear()
      accepted.deleteWhere(({ verdict }) => 'principal' in verdict && isConcerned(verdict.principal))
    },
  }
}

/** The form needs no place in the key: a text has one form. */
function keyOf(text: string): string {
  return hash('sha256', text, 'base64')
}

/** Many requests share it. */
function freeze(principal: Principal) {
  Object.freeze(principal.claims)
  Object.freeze(principal.scopes)
  Object.freeze(principal.models)
  Object.freeze(principal)
}

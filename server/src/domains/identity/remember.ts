import { hash } from 'node:crypto'
import { BoundedMap } from '../../base/bounded-map.ts'
import type { Clock } from '../../base/clock.ts'
import type { Credential } from './carriers.ts'
import type { Verdict } from './verdict.ts'

const mostAccepted = 10_000
const mostRefused = 10_000

/**
 * Keeps verdicts for as long as they allow, under the SHA-256 of the credential, and asks about each credential once
 * at a time. Refusals have a room of their own, so that a flood of bad credentials cannot push out the good ones.
 */
export function createMemory(judge: (credential: Credential) => Promise<Verdict>, clock: Clock) {
  const accepted = new BoundedMap<Verdict>(mostAccepted)
  const refused = new BoundedMap<Verdict>(mostRefused)
  const underWay = new Map<string, Promise<Verdict>>()

  async function ask(credential: Credential, key: string): Promise<Verdict> {
    try {
      const verdict = await judge(credential)
      if (verdict.untilMs > clock()) ('refused' in verdict ? refused : accepted).set(key, verdict, verdict.untilMs)
      return verdict
    } finally {
      underWay.delete(key)
    }
  }

  return {
    verdictOn(credential: Credential): Verdict | Promise<Verdict> {
      const key = keyOf(credential.text)
      const now = clock()
      const known = accepted.get(key, now) ?? refused.get(key, now) ?? underWay.get(key)
      if (known) return known
      const asked = ask(credential, key)
      underWay.set(key, asked)
      return asked
    },
    forget: (text: string) => accepted.delete(keyOf(text)),
  }
}

/** The form needs no place in the key: a text has one form. */
function keyOf(text: string): string {
  return hash('sha256', text, 'base64')
}

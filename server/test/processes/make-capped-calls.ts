import { setTimeout as sleep } from 'node:timers/promises'
import type { AppError } from '../../src/base/errors.ts'
import { type Call, createLedger, type Outcome } from '../../src/domains/ledger/ledger.ts'
import { createDatabase } from '../../src/platform/database/database.ts'
import type { LoginUrls } from '../../src/platform/database/logins.ts'
import { ended, makeCall } from '../ledger.ts'
import { randomFrom } from '../random.ts'

/*
 * A process that makes many calls at once against hard limits, ends them in every way there is, and says on stdout, a line
 * each, when it asked and when it heard. It may be killed, and its database may go away.
 */
const { LOGIN_URLS = '{}', PEOPLE = '', CALLS = '0', SEED = '1', SPREAD_MS = '1000' } = process.env
const { below, one, chance } = randomFrom(Number(SEED))
const people = PEOPLE.split(',')
const ledger = createLedger({
  database: createDatabase(JSON.parse(LOGIN_URLS) as LoginUrls, { poolSize: 4, onError: () => {} }),
  clock: Date.now,
  settings: { leaseSeconds: 2, renewEveryMs: 500, waitMs: 20_000 },
})

const now = () => performance.timeOrigin + performance.now()
const say = (word: string, call: Call, more: object = {}) =>
  process.stdout.write(`${JSON.stringify({ word, id: call.id, at: now(), ...more })}\n`)

async function makeOne() {
  // Most are alike, so that places are reserved for them in advance. Those are of whole powers of two, and so exact.
  const [input, output] = chance(0.6) ? [512, 256] : [2 ** below(11), below(1_000)]
  const call = makeCall({
    userId: one(people),
    model: one(['capped', 'capped', 'other']),
    mostInputTokens: input,
    mostOutputTokens: output,
  })
  const end = drawEnd(input, output)
  const holdMs = chance(0.02) ? 2_500 : below(150)
  await sleep(below(Number(SPREAD_MS)))
  say('asks', call, { userId: call.userId, model: call.model, tokens: input + output, used: end?.used })
  const isReserved = await reserve(call)
  if (isReserved === undefined) return
  // As the gateway does it: what was reserved in advance is called at once, and its intent overlaps it, if it gets one at all.
  const opening = isReserved && chance(0.5) ? true : open(call)
  if (!isReserved && !(await opening)) return
  await sleep(holdMs)
  if ((await opening) && end) await settle(call, end.outcome)
}

/** Undefined: the database was away, and it is not made. */
async function reserve(call: Call): Promise<boolean | undefined> {
  try {
    const isReserved = await ledger.reserve(call)
    if (isReserved) say('reserved', call)
    return isReserved
  } catch (error) {
    const { code } = error as AppError
    if (code !== 'ledger.unavailable') say('failed', call, { code })
    say('settled', call, { basis: 'none' })
    return undefined
  }
}

/** @returns whether it may be made */
async function open(call: Call): Promise<boolean> {
  try {
    await ledger.open(call)
    say('opened', call)
    return true
  } catch (error) {
    const { code, members } = error as AppError
    if (code === 'ledger.quota_exceeded') say('refused', call, { quota: members?.quota })
    else if (code !== 'ledger.unavailable') say('failed', call, { code })
    // It may have been written: nobody was called for it, and it is not left open.
    else await settle(call, { outcome: 'failed', endedAtMs: Date.now(), usageBasis: 'none' })
    return false
  }
}

/** Undefined: its end is lost. */
function drawEnd(input: number, output: number): { outcome: Outcome; used: number | null } | undefined {
  const [inputTokens, outputTokens] = [below(input + 1), below(output + 1)]
  const kind = below(20)
  if (kind === 0) return undefined
  if (kind === 1) return { outcome: { outcome: 'aborted', endedAtMs: Date.now(), usageBasis: 'unknown' }, used: null }
  if (kind === 2) return { outcome: { outcome: 'failed', endedAtMs: Date.now(), usageBasis: 'none' }, used: 0 }
  const outcome = ended({ inputTokens, outputTokens }, kind === 3 ? { outcome: 'aborted', usageBasis: 'estimated' } : {})
  return { outcome, used: inputTokens + outputTokens }
}

async function settle(call: Call, outcome: Outcome) {
  for (;;) {
    try {
      await ledger.settle(call, outcome)
      return say('settled', call, { basis: outcome.usageBasis })
    } catch (error) {
      const { code } = error as AppError
      if (code !== 'ledger.unavailable') return say('failed', call, { code })
      await sleep(200)
    }
  }
}

setInterval(() => {}, 1_000) // nothing of the ledger's keeps a process alive, and its database may be away
await Promise.all(Array.from({ length: Number(CALLS) }, makeOne))
await ledger.stop()
process.exit(0)

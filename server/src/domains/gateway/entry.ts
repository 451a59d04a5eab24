import type { Clock } from '../../base/clock.ts'
import type { AppError } from '../../base/errors.ts'
import type { Call, Outcome } from '../ledger/call.ts'
import { gatewayErrors } from './errors.ts'
import type { Ledger } from './ports.ts'

const pauseMs = 250
/**
 * An answer that is whole within so long needs no intent: it is written once, as settled, before a byte of it leaves.
 * No model is as quick; a cache, a refusal or a test is. For all others the intent still overlaps the first token.
 */
const patienceMs = 5

/** The ledger, and what becomes of calls while it is away. */
export interface Book {
  /** @param isCapped a hard limit holds for it: its intent is committed before it is made, or it is not made */
  enter(call: Call, isCapped?: boolean): Entry
  /** The last intent was not committed: until one is, none is overlapped with its call. */
  readonly isDoubtful: boolean
}

export interface BookSettings {
  /** A settlement is tried again for so long. */
  readonly limitMs: number
  /** Calls are made even if they cannot be written down. The operator's choice. */
  readonly servesUnaccounted: boolean
}

/** A call in the ledger: its intent, and how it ended. */
export interface Entry {
  readonly call: Call
  /** The model was not known when the call began. */
  learn(model: string): void
  /** Whether a byte of the answer may leave. */
  readonly isOpen: boolean
  /** @throws gateway.ledger_away, or what the ledger refuses the call with */
  readonly opened: Promise<void>
  /** Sends the intent, if it is not on its way. It goes by itself soon; sooner where a byte of the answer waits for it. */
  begin(): Promise<void>
  /** Whether the last byte may leave. Tries for as long as there is time, and never throws. */
  settle(outcome: Outcome): Promise<boolean>
}

export function createBook(
  ledger: Ledger,
  { limitMs, servesUnaccounted }: BookSettings,
  clock: Clock,
  onProblem: (what: string, error: unknown) => void,
): Book {
  let isDoubtful = false

  function enter(given: Call, isCapped = false): Entry {
    let call = given
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => {}) // whoever needs it listens; an answer that ended before does not
    let isBegun = false
    let isSettling = false
    const waiting = setTimeout(() => entry.begin(), patienceMs)
    const entry: { -readonly [K in keyof Entry]: Entry[K] } = {
      call,
      learn(model) {
        call = { ...call, model }
      },
      isOpen: false,
      opened: promise,
      begin() {
        if (isBegun) return promise
        isBegun = true
        clearTimeout(waiting)
        attempt(() => ledger.open(call))
          .then(opened, failed)
          .then(resolve, reject)
        return promise
      },
      settle(outcome) {
        isBegun = isSettling = true // what ends before its intent is on its way is written once
        clearTimeout(waiting)
        return settle(call, outcome)
      },
    }
    const opened = () => {
      isDoubtful = false
      entry.isOpen = true
    }
    const goesOn = servesUnaccounted && !isCapped // what nobody can check keeps to no limit
    const failed = (error: AppError) => {
      // It may have been written all the same, and is then not left open.
      const mayBeWritten = !(isCapped && isRefusal(error))
      if (!isSettling && mayBeWritten && !goesOn)
        void settle(call, { outcome: 'failed', endedAtMs: clock(), usageBasis: isCapped ? 'none' : 'unknown' })
      if (isRefusal(error)) throw error
      isDoubtful = true
      onProblem('an intent was not committed', error)
      if (!goesOn) throw gatewayErrors.ledger_away({ cause: error, retryAfterSeconds: 2 })
      entry.isOpen = true
    }
    return entry
  }

  async function settle(call: Call, outcome: Outcome): Promise<boolean> {
    const deadline = performance.now() + limitMs
    for (;;) {
      try {
        await ledger.settle(call, outcome)
        return true
      } catch (error) {
        isDoubtful = true
        onProblem('a call was not written down', error)
        if (performance.now() + pauseMs > deadline) return servesUnaccounted
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  return {
    enter,
    get isDoubtful() {
      return isDoubtful
    },
  }
}

async function attempt(work: () => Promise<void>): Promise<void> {
  return work()
}

/** A no to this very call, such as a quota's, and not a failure. */
const isRefusal = (error: unknown) => ((error as AppError).status ?? 500) < 500

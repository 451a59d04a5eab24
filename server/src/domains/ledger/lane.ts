import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../base/errors.ts'
import { ledgerErrors } from './errors.ts'

/*
 * Group commit. Rows wait while a flush is on its way, and all that have gathered go with the next one; nothing waits
 * for a timer. So one caller alone pays one commit, and a thousand at once share a few.
 *
 * What the database could not take for want of itself (it is away, a deadlock, a full disk) is sent again until it
 * lands: every statement of the ledger bears repetition. What it refuses for a row's own sake is found by halves.
 */

export interface Entry<T> {
  readonly row: T
  /** Its flush has left: it may be written already. */
  isSent: boolean
  /** Nobody waits for it any more. */
  isOver: boolean
  readonly giveUpAtMs: number
  readonly resolve: (verdict: string) => void
  readonly reject: (error: unknown) => void
}

export interface LaneOptions<T> {
  /** @returns a verdict for each row, in their order */
  send: (rows: readonly T[]) => Promise<string[]>
  /** Flushes on their way at once, each over a connection of its own. */
  flights: number
  mostAtOnce: number
  /** Whether a row is worth sending after whoever waited for it has given up. */
  outlivesWait: boolean
}

export interface Lane<T> {
  add(entry: Entry<T>): void
  /** Takes one back that is still waiting. */
  remove(entry: Entry<T>): void
  /** Waiting and on their way. */
  readonly size: number
  giveUp(nowMs: number): void
  /** Resolves when nothing waits and nothing is on its way. */
  empty(): Promise<void>
  /** From here on what fails is not sent again. */
  abandon(): void
}

const firstPauseMs = 20
const longestPauseMs = 1_000

export function createLane<T>({ send, flights, mostAtOnce, outlivesWait }: LaneOptions<T>): Lane<T> {
  // Arrays, and no Sets: a Set that every call goes through keeps what has left it alive (gateway/watch.ts says how).
  let waiting: Entry<T>[] = []
  const underWay: (readonly Entry<T>[])[] = []
  /** How many of those under way are not written yet. */
  let under = 0
  let isDue = false
  let abandoned = false
  const whenEmpty: (() => void)[] = []
  /** Why the newest flush did not land; for the log. */
  let trouble: unknown

  /** At the end of the turn, so that what all sockets brought in it goes together: of the first alone a flush would keep the others waiting. */
  function schedule() {
    if (isDue || underWay.length >= flights || waiting.length === 0) return
    isDue = true
    setImmediate(() => {
      isDue = false
      while (underWay.length < flights && waiting.length > 0) void fly(take())
    })
  }

  function take(): Entry<T>[] {
    const batch = waiting.length > mostAtOnce ? waiting.slice(0, mostAtOnce) : waiting
    waiting = waiting.slice(batch.length)
    for (const entry of batch) entry.isSent = true
    under += batch.length
    return batch
  }

  async function fly(batch: Entry<T>[]) {
    underWay.push(batch)
    await land(batch)
    underWay.splice(underWay.indexOf(batch), 1)
    schedule()
    if (waiting.length === 0 && under === 0) for (const resolve of whenEmpty.splice(0)) resolve()
  }

  async function land(batch: Entry<T>[]): Promise<void> {
    let rest = batch
    for (let pauseMs = firstPauseMs; rest.length > 0; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        const verdicts = await send(rest.map(({ row }) => row))
        trouble = undefined
        for (const [index, entry] of rest.entries()) finish(entry, verdicts[index])
        return
      } catch (error) {
        trouble = error
        if (isOfARow(error)) return refuse(rest, error)
        if (abandoned) return rest.forEach((entry) => void fail(entry, ledgerErrors.unavailable({ cause: error })))
        await sleep(pauseMs, undefined, { ref: false })
        rest = rest.filter((entry) => {
          const goesOn = !entry.isOver || outlivesWait
          if (!goesOn) under--
          return goesOn
        })
      }
    }
  }

  /** One bad row fails no other. */
  async function refuse(batch: Entry<T>[], error: unknown): Promise<void> {
    const [only, another] = batch
    if (!only) return
    if (another) {
      const half = batch.length >> 1
      await land(batch.slice(0, half))
      return land(batch.slice(half))
    }
    return fail(only, ledgerErrors.invalid_call({ cause: error }))
  }

  function finish(entry: Entry<T>, verdict: string | undefined) {
    if (verdict === undefined || verdict === 'invalid') return fail(entry, ledgerErrors.invalid_call())
    under--
    entry.isOver = true
    entry.resolve(verdict)
  }

  function fail(entry: Entry<T>, error: unknown) {
    under--
    entry.isOver = true
    entry.reject(error)
  }

  return {
    add(entry) {
      waiting.push(entry)
      schedule()
    },
    remove(entry) {
      waiting = waiting.filter((other) => other !== entry)
    },
    get size() {
      return waiting.length + under
    },
    giveUp(nowMs) {
      for (const batch of [waiting, ...underWay]) {
        for (const entry of batch) {
          if (entry.isOver || entry.giveUpAtMs > nowMs) continue
          entry.isOver = true
          entry.reject(ledgerErrors.unavailable({ retryAfterSeconds: 2, cause: trouble }))
        }
      }
      if (!outlivesWait) waiting = waiting.filter(({ isOver }) => !isOver)
    },
    empty() {
      if (waiting.length === 0 && under === 0) return Promise.resolve()
      return new Promise((resolve) => whenEmpty.push(resolve))
    },
    abandon() {
      abandoned = true
    },
  }
}

/** PostgreSQL would not take a value (class 22 or 23), or it could not even be written as text. */
function isOfARow(error: unknown): boolean {
  return !(error instanceof AppError) || error.code === 'database.invalid' || error.code === 'database.conflict'
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { AppError } from '../../base/errors.ts'
import type { Database } from '../../platform/database/database.ts'
import { Advances, type Wish } from './advances.ts'
import { type Call, type Outcome, sanitise } from './call.ts'
import { ledgerErrors } from './errors.ts'
import { createLane, type Entry } from './lane.ts'
import { LiveCalls } from './live-calls.ts'
import { createPoster, type Posted } from './poster.ts'
import { limitOf, type Refusal, type RefusingQuota, refusalOf, refusingQuota, type ServiceRefusal } from './refusal.ts'
import { type Ended, mayReturn, noteEnds, openCalls, postEnds, renewLeases, returnPlaces } from './statements.ts'

export type { Call, Outcome, Usage } from './call.ts'

/**
 * No call is lost: no byte of an answer may reach the client before `open` has resolved, nor the last byte before
 * `settle` has. Whoever opened a call settles it, also where opening failed as unavailable: it may have been written.
 */
export interface Ledger {
  /**
   * Whether what a call may use was reserved in advance: limits hold for it, and its intent may be opened while it is
   * already made. If not, it must be open before. @throws ledger.unavailable
   */
  reserve(call: Call): boolean | Promise<boolean>
  /**
   * Resolves when the intent is durable, and what the call may use is reserved in every quota it belongs to.
   * @throws ledger.quota_exceeded, ledger.unbounded_call, and the two of the service's own limit: nothing was written; ledger.unavailable, ledger.invalid_call
   */
  open(call: Call): Promise<void>
  /**
   * Resolves when the end is durable: noted, and soon posted to the books with its cost. A call that was never opened, or
   * whose intent still waits, is written once. Rejected as unavailable, it is still tried until the process ends.
   */
  settle(call: Call, outcome: Outcome): Promise<unknown>
  /** Resolves when all that was settled before, by whatever process, stands in the books. */
  posted(): Promise<void>
  /** What waits to be written or is on its way. */
  readonly pending: number
  /** Who is told what it does; one at a time. */
  watch(observer: LedgerObserver): void
  /** Writes what waits, and gives up what is left then. */
  stop(options?: { timeoutMs?: number }): Promise<void>
}

interface LedgerObserver {
  flushed(lane: 'intents' | 'ends', calls: number, seconds: number): void
  posted(posted: Posted): void
  failedToPost(error: unknown): void
  reserved(): void
  refused(limit: Partial<Refusal> | ServiceRefusal): void
}

export interface LedgerSettings {
  /** How long a process may be silent about a call before it counts as gone. */
  leaseSeconds: number
  renewEveryMs: number
  /** How long somebody waits for the database before they are refused. */
  waitMs: number
  /** Beyond so many that wait, a new call is refused at once. */
  mostPending: number
  mostAtOnce: number
  /** Flushes on their way at once, of intents and of ends each. */
  flights: number
}

const defaults: LedgerSettings = {
  leaseSeconds: 60,
  renewEveryMs: 20_000,
  waitMs: 10_000,
  mostPending: 20_000,
  mostAtOnce: 500,
  flights: 1,
}
const giveUpEveryMs = 250
/** A refused call waits for what other processes may give back; they do within this time. */
const returnsWithinMs = 700
const askAgainEveryMs = 100
const stopTimeoutMs = 5_000

/** A call of this process that has been opened and not settled. */
interface Live {
  readonly call: Call
  readonly opening: Entry<Call | Wish>
  readonly opened: Promise<unknown>
  isEnding: boolean
}

export function createLedger(options: {
  database: Pick<Database, 'systemOnce'>
  clock: Clock
  settings?: Partial<LedgerSettings>
}): Ledger {
  const { database, clock } = options
  const { leaseSeconds, renewEveryMs, waitMs, mostPending, mostAtOnce, flights } = { ...defaults, ...options.settings }
  const live = new LiveCalls<Live>()
  /** By the limit that refused calls, which wait for what is reserved there in advance. */
  const freeing = new Map<string, Promise<void>>()
  let stopped = false
  /** An intent failed to land, and may be there all the same: from then on a hold is looked for also where none is known of. */
  let mayHaveOpened = false
  let observer: LedgerObserver | undefined

  const poster = createPoster(
    async (mostNotes, waits) => {
      const { taken, lowered, faulty } = await database.systemOnce('post ends', postEnds(mostNotes, waits))
      return { taken: Number(taken), lowered: Number(lowered), faulty: Number(faulty) }
    },
    {
      posted: (posted) => observer?.posted(posted),
      failed: (error) => observer?.failedToPost(error),
    },
  )
  poster.noted() // by a process that went away before it had posted all

  async function flush(lane: 'intents' | 'ends', rows: readonly unknown[], send: () => Promise<Record<string, unknown>>) {
    const begun = performance.now()
    const answer = await send()
    observer?.flushed(lane, rows.length, (performance.now() - begun) / 1_000)
    return answer
  }

  const intents = createLane<Call | Wish>({
    flights,
    mostAtOnce,
    outlivesWait: false,
    send: async (calls) =>
      verdictsOf(await flush('intents', calls, () => database.systemOnce('open calls', openCalls(calls, leaseSeconds)))),
  })
  const ends = createLane<Ended>({
    flights,
    mostAtOnce,
    outlivesWait: true,
    send: async (ended) => {
      await flush('ends', ended, () => database.systemOnce('note ends', noteEnds(ended)))
      poster.noted()
      return ended.map(() => 'noted')
    },
  })

  const advances = new Advances(
    {
      async open(wish) {
        const fault = lackOfRoom()
        if (fault) throw fault
        const { entry, landed } = entryOf<Call | Wish>(wish)
        intents.add(entry)
        const verdict = await landed.catch((error) => {
          const isAway = (error as AppError).code === 'ledger.unavailable'
          if (isAway && entry.isSent) advances.doubt(wish.id)
          if (isAway) throw error
          return 'invalid' // the call that wants it is told so when it is opened
        })
        return verdict.startsWith('advance ') ? Number(verdict.slice('advance '.length)) : 0
      },
      async giveBack(free) {
        await database.systemOnce('return places', returnPlaces(free))
      },
    },
    clock,
  )

  const renewing = setInterval(() => void renew(), renewEveryMs).unref()
  const givingUp = setInterval(() => {
    intents.giveUp(clock())
    ends.giveUp(clock())
    void advances.tidy()
  }, giveUpEveryMs).unref()

  async function renew() {
    const before = clock() - renewEveryMs / 2
    const calls = live.all().flatMap(({ call, opening }) => (opening.isOver && call.startedAtMs <= before ? [call] : []))
    // Where it fails, the next one is in time: a lease lasts for three of them.
    if (calls.length > 0) await database.systemOnce('renew leases', renewLeases(calls, leaseSeconds)).catch(() => {})
  }

  function entryOf<T>(row: T): { entry: Entry<T>; landed: Promise<string> } {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    return { entry: { row, isSent: false, isOver: false, giveUpAtMs: clock() + waitMs, resolve, reject }, landed: promise }
  }

  function lackOfRoom(): AppError | undefined {
    if (stopped) return ledgerErrors.unavailable({ internal: 'stopped' })
    if (intents.size + ends.size < mostPending) return undefined
    return ledgerErrors.unavailable({ retryAfterSeconds: 2, internal: 'too many wait' })
  }

  /** What others may use is still reserved for calls that have ended, until those are posted, and for some that do not come. */
  async function freeUp({ userId }: Call, refused: AppError, { quotaId, isOfEverybody }: RefusingQuota): Promise<void> {
    if (!freeing.has(quotaId))
      freeing.set(
        quotaId,
        awaitReturns(quotaId, (whose) => (isOfEverybody ? whose.isOfOperator : whose.userId === userId)),
      )
    await freeing.get(quotaId)
    await postInTime(refused)
  }

  /** One question for all who were refused by a limit: since the first of them, nothing is reserved there in advance. */
  async function awaitReturns(quotaId: string, isMeant: Parameters<typeof advances.giveBack>[0]): Promise<void> {
    await advances.giveBack(isMeant)
    for (const untilMs = performance.now() + returnsWithinMs; performance.now() < untilMs; await sleep(askAgainEveryMs)) {
      const { may_return } = await database.systemOnce('see what may return', mayReturn(quotaId)).catch(() => ({ may_return: false }))
      if (!may_return) break
    }
    freeing.delete(quotaId)
  }

  async function postInTime(refused: AppError): Promise<void> {
    for (const untilMs = clock() + waitMs; ; ) {
      try {
        return await poster.now()
      } catch (cause) {
        if ((cause as AppError).status !== 503) throw refused
        if (stopped || clock() > untilMs) throw ledgerErrors.unavailable({ retryAfterSeconds: 2, cause })
        await sleep(giveUpEveryMs)
      }
    }
  }

  function reserved(isReserved: boolean): boolean {
    if (isReserved) observer?.reserved()
    return isReserved
  }

  function begin(call: Call): Promise<string> {
    const { entry, landed } = entryOf<Call | Wish>(call)
    live.set(call.id, { call, opening: entry, opened: landed, isEnding: false })
    intents.add(entry)
    return landed
  }

  /** @param call may know more by now than the one that was opened */
  async function settleBegun(begun: Live, call: Call, outcome: Ended['outcome']): Promise<void> {
    const { opening, opened } = begun
    begun.isEnding = true
    const wasOpened = opening.isSent || opening.isOver
    const { entry, landed } = entryOf<Ended>({ call, outcome, wasOpened })
    if (!opening.isOver) {
      if (opening.isSent) await opened.catch(() => {})
      else {
        intents.remove(opening)
        opening.isOver = true
        landed.then(opening.resolve, opening.reject)
      }
    }
    ends.add(entry)
    try {
      await landed
    } finally {
      live.delete(call.id)
    }
  }

  return {
    async open(call) {
      const fault = lackOfRoom()
      if (fault) throw fault
      try {
        let verdict = await begin(call)
        let refused = refusalOf(verdict, clock())
        for (const asked = new Set<string>(); refused && refused.code !== 'ledger.unbounded_call'; ) {
          const quota = refusingQuota(verdict)
          if (!quota.mayFitLater || asked.has(quota.quotaId)) break
          asked.add(quota.quotaId)
          await freeUp(call, refused, quota)
          if (live.get(call.id)?.isEnding !== false) throw refused // whoever asked has given up meanwhile
          verdict = await begin(call)
          refused = refusalOf(verdict, clock())
        }
        if (refused) {
          observer?.refused(limitOf(refused) ?? {})
          throw refused
        }
        if (call.advanceId === undefined && (call.mostOutputTokens !== undefined || call.mostInputTokens !== undefined))
          observer?.reserved()
      } catch (error) {
        live.delete(call.id)
        if ((error as AppError).code === 'ledger.unavailable') mayHaveOpened = true
        throw error
      }
    },

    reserve(call) {
      const taken = advances.take(call)
      return taken instanceof Promise ? taken.then(reserved) : reserved(taken)
    },

    settle(call, outcome) {
      const begun = live.size === 0 ? undefined : live.get(call.id)
      const fault = begun ? undefined : lackOfRoom()
      if (fault) return Promise.reject(fault)
      const known = sanitise(outcome)
      if (begun) return settleBegun(begun, call, known)
      const { entry, landed } = entryOf<Ended>({ call, outcome: known, wasOpened: mayHaveOpened })
      ends.add(entry)
      return landed
    },

    posted: () => poster.now(),

    watch(it) {
      observer = it
    },

    get pending() {
      return intents.size + ends.size
    },

    async stop({ timeoutMs = stopTimeoutMs } = {}) {
      stopped = true
      clearInterval(renewing)
      let isLate = false
      const late = setTimeout(() => {
        isLate = true
        intents.abandon()
        ends.abandon()
      }, timeoutMs)
      const patience = sleep(timeoutMs + 500, undefined, { ref: false }) // a flush may hang where nobody answers
      poster.stop()
      const givenBack = intents.empty().then(async () => {
        while (!(await advances.giveBack()) && !isLate) await sleep(giveUpEveryMs)
      })
      const written = Promise.all([givenBack, ends.empty()]).then(() => poster.now())
      await Promise.race([written, patience]).catch((error) => observer?.failedToPost(error)) // whoever comes next posts it
      clearTimeout(late)
      clearInterval(givingUp)
      intents.giveUp(Number.POSITIVE_INFINITY)
      ends.giveUp(Number.POSITIVE_INFINITY)
    },
  }
}

const verdictsOf = ({ verdicts }: Record<string, unknown>) => (verdicts as string).split(',')

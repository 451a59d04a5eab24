import type { Clock } from '../../base/clock.ts'
import type { AppError } from '../../base/errors.ts'
import type { Call, Outcome } from '../ledger/call.ts'
import type { ObserveCall } from './call-metrics.ts'
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
  /**
   * Of a call for which a hard limit holds: whether it may be made before its intent is committed, for what it may use is
   * reserved already. @throws gateway.ledger_away
   */
  reserve(call: Call): boolean | Promise<boolean>
  /** @param reserves a hard limit holds for it, and nothing is reserved yet: its intent is committed before it is made, or it is not made */
  enter(call: Call, reserves: boolean): Entry
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
  /** The call is made when its intent is committed, and not before: a limit wants it, or the last intent was not committed. */
  readonly isAwaited: boolean
  /** The model was not known when the call began. */
  learn(model: string): void
  /** Whether a byte of the answer may leave. */
  readonly isOpen: boolean
  /** Sends the intent, if it is not on its way. It goes by itself soon; sooner where a byte of the answer waits for it. */
  begin(): void
  /** Who is told what becomes of the intent: whoever asked last. */
  tell(waiting: Waiting): void
  /**
   * Whether the last byte may leave. Tries for as long as there is time, and never throws.
   * @param streamed the answer came as a stream
   */
  settle(outcome: Outcome, streamed?: boolean): Promise<boolean>
}

export interface Waiting {
  opened(): void
  /** @param error gateway.ledger_away, or what the ledger refuses the call with */
  refused(error: AppError): void
}

/** For whoever goes on only when the intent has been committed. @throws what the intent was refused with */
export function opening(entry: Entry): Promise<void> {
  return new Promise((opened, refused) => {
    entry.tell({ opened, refused })
    entry.begin()
  })
}

export function createBook(
  ledger: Ledger,
  { limitMs, servesUnaccounted }: BookSettings,
  clock: Clock,
  observe: ObserveCall,
  onProblem: (what: string, error: unknown) => void,
): Book {
  const waitOutPatience = createPatience()
  const books: Books = { ledger, servesUnaccounted, clock, observe, onProblem, isDoubtful: false, settle }

  function settle(call: Call, outcome: Outcome): Promise<boolean> {
    const begunMs = performance.now()
    return ledger.settle(call, outcome).then(isTrue, (error) => settleAgain(call, outcome, error, begunMs + limitMs))
  }

  async function settleAgain(call: Call, outcome: Outcome, first: unknown, deadline: number): Promise<boolean> {
    for (let error = first; ; ) {
      books.isDoubtful = true
      onProblem('a call was not written down', error)
      if (performance.now() + pauseMs > deadline) return servesUnaccounted
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      try {
        await ledger.settle(call, outcome)
        return true
      } catch (another) {
        error = another
      }
    }
  }

  function fail(cause: unknown): never {
    books.isDoubtful = true
    onProblem('nothing was reserved', cause)
    throw gatewayErrors.ledger_away({ cause, retryAfterSeconds: 2 })
  }

  return {
    reserve(call) {
      const reserving = ledger.reserve(call)
      return reserving instanceof Promise ? reserving.catch(fail) : reserving
    },
    enter(call, reserves) {
      const entry = new Written(books, call, reserves)
      waitOutPatience(entry)
      return entry
    },
  }
}

const isTrue = () => true

interface Books extends Pick<BookSettings, 'servesUnaccounted'> {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly observe: ObserveCall
  readonly onProblem: (what: string, error: unknown) => void
  readonly settle: (call: Call, outcome: Outcome) => Promise<boolean>
  isDoubtful: boolean
}

/** A class and no promises: most calls end before anybody has to wait for their intent. */
class Written implements Entry {
  call: Call
  isOpen = false
  readonly isAwaited: boolean
  readonly #books: Books
  readonly #reserves: boolean
  #isBegun = false
  #isSettling = false
  #waiting: Waiting | undefined
  #refusal: AppError | undefined

  constructor(books: Books, call: Call, reserves: boolean) {
    this.#books = books
    this.call = call
    this.#reserves = reserves
    this.isAwaited = reserves || books.isDoubtful
  }

  learn(model: string) {
    this.call = { ...this.call, model }
  }

  begin() {
    if (this.#isBegun) return
    this.#isBegun = true
    this.#books.ledger.open(this.call).then(
      () => this.#open(),
      (error) => this.#refuse(error),
    )
  }

  tell(waiting: Waiting) {
    this.#waiting = waiting
    const refusal = this.#refusal
    if (refusal) queueMicrotask(() => waiting.refused(refusal))
  }

  settle(outcome: Outcome, streamed = false): Promise<boolean> {
    this.#books.observe(this.call, outcome, streamed)
    this.#isBegun = this.#isSettling = true // what ends before its intent is on its way is written once
    return this.#books.settle(this.call, outcome)
  }

  #open() {
    this.#books.isDoubtful = false
    this.isOpen = true
    this.#waiting?.opened()
  }

  #refuse(error: AppError) {
    const { clock, servesUnaccounted, settle, onProblem } = this.#books
    const goesOn = servesUnaccounted && !this.#reserves // what nobody can check keeps to no limit
    // It may have been written all the same, and is then not left open.
    const mayBeWritten = !(this.isAwaited && isRefusal(error))
    if (!this.#isSettling && mayBeWritten && !goesOn)
      void settle(this.call, { outcome: 'failed', endedAtMs: clock(), usageBasis: this.isAwaited ? 'none' : 'unknown' })
    if (isRefusal(error)) this.#refusal = error
    else {
      this.#books.isDoubtful = true
      onProblem('an intent was not committed', error)
      if (goesOn) {
        this.isOpen = true
        return this.#waiting?.opened()
      }
      this.#refusal = gatewayErrors.ledger_away({ cause: error, retryAfterSeconds: 2 })
    }
    this.#waiting?.refused(this.#refusal)
  }
}

/**
 * Begins intents whose patience has ended. All have the same, so they stand in line behind one timer: one of its own for
 * each call, set and taken back, costs more than the rest of its entry.
 */
function createPatience(): (entry: Entry) => void {
  const line: { readonly entry: Entry; readonly untilMs: number }[] = []

  function check() {
    const now = performance.now()
    const first = line.findIndex(({ untilMs }) => untilMs > now)
    const due = line.splice(0, first < 0 ? line.length : first)
    // What has come in the meantime is read first: in a busy process the answer itself may be among it.
    setImmediate(() => {
      for (const { entry } of due) entry.begin()
    })
    if (line[0]) setTimeout(check, Math.max(1, line[0].untilMs - now))
  }

  return (entry) => {
    line.push({ entry, untilMs: performance.now() + patienceMs })
    if (line.length === 1) setTimeout(check, patienceMs)
  }
}

/** A no to this very call, such as a quota's, and not a failure. */
const isRefusal = (error: unknown) => ((error as AppError).status ?? 500) < 500

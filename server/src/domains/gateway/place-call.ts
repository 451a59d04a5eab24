import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Clock } from '../../base/clock.ts'
import type { AppError } from '../../base/errors.ts'
import type { Principal } from '../../base/principal.ts'
import { uuidV7 } from '../../base/uuid.ts'
import type { Egress } from '../../platform/egress/egress.ts'
import { takenOver } from '../../platform/http/define-route.ts'
import type { Call } from '../ledger/call.ts'
import { limitOf } from '../ledger/refusal.ts'
import { Attempt, type Attempted } from './attempt.ts'
import { boundsOf, type CallBound } from './bounds.ts'
import type { Breaker } from './breaker.ts'
import type { CallRequest } from './call-request.ts'
import { type Book, type Entry, opening } from './entry.ts'
import { gatewayErrors } from './errors.ts'
import type { TokenCounter } from './estimate/token-counter.ts'
import type { Limits } from './limits.ts'
import type { Candidate, Habits, Objects, Resolved } from './ports.ts'
import type { CallShape } from './relay.ts'
import type { OnWatch, Watch } from './watch.ts'

export interface PlaceCallDeps {
  egress: Pick<Egress, 'dispatcherFor'>
  habitsOf: (provider: string) => Habits
  book: Book
  objects: Objects
  breaker: Breaker
  watch: Watch
  counter: TokenCounter
  limits: Limits
  /** What operators say of routes whose most nobody else can tell. */
  bounds: readonly CallBound[]
  clock: Clock
  onMistake: (error: unknown) => void
}

export interface Incoming {
  readonly principal: Principal
  readonly requestId: string
  /** The request's id is one that the caller gave: nothing is known of it. */
  readonly isIdGiven: boolean
  readonly operation: CallShape
  readonly method: Dispatcher.HttpMethod
  readonly headers: IncomingHttpHeaders
  readonly request: CallRequest
  readonly reply: FastifyReply
  /** The call has ended, and is written down. */
  readonly over?: (() => void) | undefined
}

/**
 * Makes a call with the first candidate that works. Nothing is tried again once an answer has begun.
 * Comes back when the answer has begun to leave. @throws an AppError while nothing has
 */
export class PlacedCall implements OnWatch {
  place = -1
  readonly #deps: PlaceCallDeps
  readonly #it: Incoming
  #attempt: Attempt | undefined
  #hasLeft = false
  #endPause: (() => void) | undefined
  #attempts = 0

  constructor(deps: PlaceCallDeps, incoming: Incoming) {
    this.#deps = deps
    this.#it = incoming
  }

  async make({ candidates, trace }: Resolved): Promise<never> {
    const { reply, request } = this.#it
    const { book, breaker, clock, limits, watch } = this.#deps
    const response = reply.raw
    if (response.destroyed) return this.#takeOver() // they left while the key was chosen, and nobody tells it again
    response.on('close', () => response.writableEnded || this.#clientLeft())
    watch.add(this)
    try {
      if (candidates.length === 0) throw new Error('no candidate, and no refusal either')
      const awake: number[] = []
      for (let index = 0; index < candidates.length; index++) if (!breaker.refusal(candidates[index] as Candidate)) awake.push(index)
      if (awake.length === 0) throw breaker.refusal(candidates[0] as Candidate) ?? gatewayErrors.unreachable()
      let failures = none
      for (let turn = 0; ; turn++) {
        this.#attempt = undefined // of the candidate before
        const index = awake[turn] as number
        const candidate = candidates[index] as Candidate
        const hasMore = turn + 1 < awake.length && !request.upload
        const call = this.#toCall(candidate, decisionsOf(trace, index, failures), awake.length === 1)
        const reserving = !candidate.isCapped || book.reserve(call)
        const isReserved = reserving instanceof Promise ? await reserving : reserving
        const entry = book.enter(call, !isReserved)
        const refusal = entry.isAwaited ? await refusalOf(entry) : undefined
        if (refusal) {
          // Of all limits, that of a key leaves the keys behind it free.
          if (!hasMore || limitOf(refusal)?.setBy !== 'key') throw refusal
          failures = new Map([...failures, [index, refusal.code]])
          continue
        }
        const opened = this.#openKey(candidate, entry)
        const auth = opened instanceof Promise ? await opened : opened // most often it is open already
        let result = await this.#ask(candidate, entry, auth, { isFirst: true, hasMore })
        while (result.kind === 'retry') {
          await this.#pause(result.afterMs)
          result = await this.#ask(candidate, entry, auth, { isFirst: false, hasMore })
        }
        if (result.kind === 'done') return takenOver
        void entry.settle({ outcome: 'failed', endedAtMs: clock(), status: result.status, usageBasis: 'none' })
        if (result.kind === 'give up' || !hasMore || this.#attempts >= limits.attempts) throw result.error
        failures = new Map([...failures, [index, result.error.code]])
      }
    } catch (error) {
      this.over()
      if (!this.#hasLeft) throw error
      return this.#takeOver()
    }
  }

  /** The call has ended, and is written down. */
  over() {
    this.#deps.watch.delete(this)
    this.#it.over?.()
  }

  checkTime(nowMs: number) {
    this.#attempt?.checkTime(nowMs)
  }

  stop() {
    this.#attempt?.stop()
  }

  #ask(
    candidate: Candidate,
    entry: Entry,
    auth: Readonly<Record<string, string>>,
    { isFirst, hasMore }: { isFirst: boolean; hasMore: boolean },
  ): Promise<Attempted> {
    if (this.#hasLeft) return this.#endUnheard(entry)
    const mayRetry = isFirst && ++this.#attempts < this.#deps.limits.attempts && !this.#it.request.upload
    const may = { mayRetry, mayMove: hasMore }
    this.#attempt = new Attempt(this.#deps, this.#it, { candidate, entry, auth, may, call: this })
    return this.#attempt.begin()
  }

  /** Nobody waits for an answer any more, and no request is on its way. */
  async #endUnheard(entry: Entry): Promise<Attempted> {
    void entry.settle({ outcome: 'aborted', endedAtMs: this.#deps.clock(), usageBasis: 'none' }).then(() => this.over())
    this.#it.reply.hijack()
    return { kind: 'done' }
  }

  #takeOver(): never {
    this.#it.reply.hijack()
    return takenOver
  }

  #openKey(candidate: Candidate, entry: Entry): ReturnType<Candidate['authHeaders']> {
    const fail = (error: unknown): never => {
      void entry.settle({ outcome: 'failed', endedAtMs: this.#deps.clock(), usageBasis: 'none' })
      throw error
    }
    try {
      const opened = candidate.authHeaders()
      return opened instanceof Promise ? opened.catch(fail) : opened
    } catch (error) {
      return fail(error)
    }
  }

  #toCall(candidate: Candidate, decisions: string, isOnly: boolean): Call {
    const { principal, requestId, isIdGiven, operation, request } = this.#it
    const startedAtMs = this.#deps.clock()
    return {
      // One id for both is found by the key of the books, and needs no place in the index of requests.
      id: isOnly && !isIdGiven ? requestId : uuidV7(startedAtMs),
      userId: principal.claims.sub ?? '',
      startedAtMs,
      requestId,
      operation: operation.name,
      provider: candidate.provider,
      model: candidate.modelId || operation.name, // by which an operator may price calls that name none
      credentialSource: candidate.source,
      keyId: candidate.keyId,
      tokenId: principal.tokenId,
      decisions,
      advanceId: undefined, // has its place in the shape of all calls
      ...(candidate.isCapped ? boundsOf(operation, request, candidate, this.#deps.bounds) : {}),
    }
  }

  #clientLeft() {
    this.#hasLeft = true
    this.#endPause?.()
    this.#attempt?.clientLeft()
  }

  #pause(ms: number): Promise<void> {
    this.#attempt = undefined // nothing is on its way meanwhile
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Of most calls. */
const none: ReadonlyMap<number, string> = new Map()

/** Why a call is not made, of one whose intent must be written before. */
const refusalOf = (entry: Entry) => opening(entry).catch((error: AppError) => error) as Promise<AppError | undefined>

const written = new WeakMap<readonly object[], string[]>()

/** The resolver's lines, with what became of the candidates so far. They are the first lines, in their order. */
function decisionsOf(trace: readonly object[], chosen: number, failures: ReadonlyMap<number, string>): string {
  if (failures.size > 0) return writeDecisions(trace, chosen, failures)
  // The resolver gives the same lines again as long as nothing changes.
  const texts = written.get(trace) ?? []
  written.set(trace, texts)
  texts[chosen] ??= writeDecisions(trace, chosen, failures)
  return texts[chosen]
}

function writeDecisions(trace: readonly object[], chosen: number, failures: ReadonlyMap<number, string>): string {
  const lines = trace.map((line, index) => {
    const verdict = index === chosen ? 'chosen' : failures.get(index)
    return verdict === undefined ? line : { ...line, verdict }
  })
  return JSON.stringify(lines)
}

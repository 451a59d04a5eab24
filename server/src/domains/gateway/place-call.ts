import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock } from '../../base/clock.ts'
import type { AppError } from '../../base/errors.ts'
import type { Principal } from '../../base/principal.ts'
import { uuidV7 } from '../../base/uuid.ts'
import type { Egress } from '../../platform/egress/egress.ts'
import type { Call } from '../ledger/call.ts'
import { limitOf } from '../ledger/refusal.ts'
import { boundsOf, type CallBound } from './bounds.ts'
import type { Breaker } from './breaker.ts'
import type { CallRequest } from './call-request.ts'
import type { Book, Entry } from './entry.ts'
import { gatewayErrors } from './errors.ts'
import { Exchange, type Receiver } from './exchange.ts'
import { credentialTrace, isOwnKey, passOn, requestHeaders, secretsIn } from './headers.ts'
import type { Limits } from './limits.ts'
import type { Candidate, Habits, Objects, Resolved } from './ports.ts'
import { type CallShape, type Client, Relay } from './relay.ts'
import { type Judgement, judgeAnswer, judgeFailure, type May } from './try-again.ts'
import { createUsageReader } from './usage/usage-readers.ts'
import type { Watch, Watched } from './watch.ts'

export interface PlaceCallDeps {
  egress: Pick<Egress, 'dispatcherFor'>
  habitsOf: (provider: string) => Habits
  book: Book
  objects: Objects
  breaker: Breaker
  watch: Watch
  limits: Limits
  /** What operators say of routes whose most nobody else can tell. */
  bounds: readonly CallBound[]
  clock: Clock
  onMistake: (error: unknown) => void
}

export interface Incoming {
  readonly principal: Principal
  readonly requestId: string
  readonly operation: CallShape
  readonly method: Dispatcher.HttpMethod
  readonly headers: IncomingHttpHeaders
  readonly request: CallRequest
  readonly response: ServerResponse
  /** Of the reply, as the server set them before: names and values in turn. */
  readonly ownHeaders: readonly string[]
  /** From here on the response is ours alone. */
  takeOver(): void
}

/** What one attempt came to: an answer that is on its way (or a client that has left), or a reason to try again. */
type Attempted = { kind: 'done' } | (Judgement & { error: AppError })

/**
 * Makes a call with the first candidate that works. Nothing is tried again once an answer has begun.
 * Comes back when the answer has begun to leave. @throws an AppError while nothing has
 */
export class PlacedCall implements Watched {
  readonly #deps: PlaceCallDeps
  readonly #it: Incoming
  #exchange: Exchange | undefined
  #relay: Relay | undefined
  #hasLeft = false
  #onLeft: (() => void) | undefined
  #attempts = 0

  constructor(deps: PlaceCallDeps, incoming: Incoming) {
    this.#deps = deps
    this.#it = incoming
  }

  async place(resolved: Resolved): Promise<void> {
    const { response } = this.#it
    if (response.destroyed) return this.#it.takeOver() // they left while the key was chosen, and nobody tells it again
    response.once('close', () => response.writableEnded || this.#clientLeft())
    this.#deps.watch.add(this)
    try {
      await this.#tryAll(resolved)
    } catch (error) {
      this.#over()
      if (!this.#hasLeft) throw error
      this.#it.takeOver()
    }
  }

  checkTime(nowMs: number) {
    if (this.#relay) this.#relay.checkTime(nowMs)
    else this.#exchange?.checkTime(nowMs)
  }

  async #tryAll({ candidates, trace }: Resolved): Promise<void> {
    const { breaker, book, clock, limits } = this.#deps
    if (candidates.length === 0) throw new Error('no candidate, and no refusal either')
    const awake = candidates.flatMap((candidate, index) => (breaker.refusal(candidate) ? [] : [index]))
    if (awake.length === 0) throw breaker.refusal(candidates[0] as Candidate) ?? gatewayErrors.unreachable()
    const failures = new Map<number, string>()
    for (const [turn, index] of awake.entries()) {
      const candidate = candidates[index] as Candidate
      const hasMore = turn + 1 < awake.length && !this.#it.request.upload
      const entry = book.enter(this.#toCall(candidate, decisionsOf(trace, index, failures)), candidate.isCapped)
      try {
        if (book.isDoubtful || candidate.isCapped) await entry.begin()
      } catch (error) {
        // Of all limits, that of a key leaves the keys behind it free.
        if (!hasMore || limitOf(error)?.setBy !== 'key') throw error
        failures.set(index, (error as AppError).code)
        continue
      }
      const result = await this.#tryOne(candidate, entry, hasMore)
      if (result.kind === 'done') return
      void entry.settle({ outcome: 'failed', endedAtMs: clock(), status: result.status, usageBasis: 'none' })
      if (result.kind === 'give up' || !hasMore || this.#attempts >= limits.attempts) throw result.error
      failures.set(index, result.error.code)
    }
  }

  async #tryOne(candidate: Candidate, entry: Entry, hasMore: boolean): Promise<Attempted> {
    this.#onLeft = undefined // of the candidate before
    const auth = await this.#openKey(candidate, entry)
    if (this.#hasLeft) return this.#endUnheard(entry)
    for (let isFirst = true; ; isFirst = false) {
      const mayRetry = isFirst && ++this.#attempts < this.#deps.limits.attempts && !this.#it.request.upload
      const result = await this.#attempt(candidate, entry, auth, { mayRetry, mayMove: hasMore })
      if (result.kind !== 'retry') return result
      await this.#pause(result.afterMs)
      if (this.#hasLeft) return this.#endUnheard(entry)
    }
  }

  /** Nobody waits for an answer any more, and no request is on its way. */
  #endUnheard(entry: Entry): Attempted {
    void entry.settle({ outcome: 'aborted', endedAtMs: this.#deps.clock(), usageBasis: 'none' }).then(() => this.#over())
    this.#it.takeOver()
    return { kind: 'done' }
  }

  async #openKey(candidate: Candidate, entry: Entry) {
    try {
      return await candidate.authHeaders()
    } catch (error) {
      void entry.settle({ outcome: 'failed', endedAtMs: this.#deps.clock(), usageBasis: 'none' })
      throw error
    }
  }

  /** One request. Its promise is settled when the answer begins to leave, or is not to be passed on. */
  #attempt(candidate: Candidate, entry: Entry, auth: Readonly<Record<string, string>>, may: May): Promise<Attempted> {
    const { egress, breaker, limits, clock } = this.#deps
    const { operation, method, request, headers, response } = this.#it
    const { upload } = request
    const habits = this.#deps.habitsOf(candidate.provider)
    const takesOutUsage = request.lacksUsageWish && habits.takesUsageWish !== false
    const secrets = secretsIn(auth)
    return new Promise((resolve, reject) => {
      const fail = (error: AppError) => {
        const fault = request.upload?.fault
        if (fault) return resolve({ kind: 'give up', error: fault })
        breaker.note(candidate, { kind: 'fails' })
        resolve({ ...judgeFailure(error, may, limits), error })
      }
      const mistake = (error: unknown) => {
        this.#deps.onMistake(error)
        exchange.cancel()
        void entry.settle({ outcome: 'failed', endedAtMs: clock(), usageBasis: 'unknown' })
        this.#over()
        response.destroy()
        reject(error)
      }
      const client: Client = {
        response,
        takeOver: () => {
          this.#it.takeOver()
          resolve({ kind: 'done' })
        },
        refuse: reject,
        over: () => this.#over(),
        onMistake: mistake,
      }
      const answer = (status: number, given: IncomingHttpHeaders): Receiver => {
        const { finding, judgement } = judgeAnswer(status, given, may, limits, clock)
        breaker.note(candidate, finding)
        if (judgement !== 'pass on') {
          resolve({ ...judgement, error: gatewayErrors.unreachable({ internal: `status ${status}` }) })
          return discard(exchange)
        }
        this.#relay = new Relay(
          {
            client,
            operation,
            request,
            reader: createUsageReader(operation.name, candidate.provider),
            entry,
            exchange,
            limits,
            remember: (objectId) => this.#remember(objectId, candidate),
            drains: habits.whenClientLeaves === 'drain',
            isOwnKey: isOwnKey(candidate),
            headers: this.#headersFor(candidate, passOn(given, candidate, secrets)),
            secrets,
            takesOutUsage,
          },
          status,
          given,
        )
        return this.#relay
      }
      const exchange = new Exchange({ onHead: answer, onFailure: fail, onMistake: mistake }, limits.firstByteMs, upload)
      this.#exchange = exchange
      this.#onLeft = () => {
        if (this.#relay) return this.#relay.clientLeft()
        exchange.cancel()
        void entry.settle({ outcome: 'aborted', endedAtMs: clock(), usageBasis: 'unknown' }).then(() => this.#over())
        this.#it.takeOver()
        resolve({ kind: 'done' })
      }
      entry.opened
        .then(
          () => this.#relay?.opened(),
          (error) => {
            if (this.#relay) return this.#relay.refuse(error)
            exchange.cancel()
            reject(error)
          },
        )
        .catch(mistake)
      const { destination } = candidate
      const body = request.rewritten({ model: candidate.modelId, askForUsage: takesOutUsage })
      const lengthBytes = upload?.lengthBytes === undefined ? undefined : upload.lengthBytes + upload.growsBy
      egress.dispatcherFor(destination).dispatch(
        {
          origin: destination.origin,
          path: destination.path,
          method,
          headers: requestHeaders(
            headers,
            operation.headers,
            { contentType: request.contentType, lengthBytes },
            candidate,
            habits.headers,
            auth,
          ),
          body,
          headersTimeout: 0, // the watch sees to both
          bodyTimeout: 0,
        },
        exchange,
      )
    })
  }

  #toCall(candidate: Candidate, decisions: string): Call {
    const { principal, requestId, operation, request } = this.#it
    const startedAtMs = this.#deps.clock()
    return {
      id: uuidV7(startedAtMs),
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
      ...(candidate.isCapped ? boundsOf(operation, request, candidate, this.#deps.bounds) : {}),
    }
  }

  #headersFor(candidate: Candidate, passed: string[]): string[] {
    const { ownHeaders, request } = this.#it
    for (let at = 0; at < ownHeaders.length; at += 2) {
      const name = ownHeaders[at] as string
      if (!passed.includes(name)) passed.push(name, ownHeaders[at + 1] as string)
    }
    passed.push('x-keyloft-credential', credentialTrace(candidate))
    if (request.model !== undefined && candidate.modelId !== request.model) passed.push('x-keyloft-model', encodeURI(candidate.modelId))
    return passed
  }

  /** Later it is found with the key that made it. Where that cannot be written down, the call has been made all the same. */
  async #remember(objectId: string, { provider, source, keyId }: Candidate): Promise<void> {
    const userId = this.#it.principal.claims.sub ?? ''
    await this.#deps.objects.remember(userId, objectId, { provider, source, keyId }).catch(this.#deps.onMistake)
  }

  #clientLeft() {
    this.#hasLeft = true
    this.#onLeft?.()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#onLeft = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #over() {
    this.#deps.watch.delete(this)
  }
}

/** The resolver's lines, with what became of the candidates so far. They are the first lines, in their order. */
function decisionsOf(trace: readonly object[], chosen: number, failures: ReadonlyMap<number, string>): string {
  const lines = trace.map((line, index) => {
    const verdict = index === chosen ? 'chosen' : failures.get(index)
    return verdict === undefined ? line : { ...line, verdict }
  })
  return JSON.stringify(lines)
}

const mostDiscardedBytes = 64 * 1024

/** Reads an answer that nobody gets to its end, so that its connection can be used again; a long one is cut. */
function discard(exchange: Exchange): Receiver {
  let bytes = 0
  return {
    data(piece) {
      bytes += piece.length
      if (bytes > mostDiscardedBytes) exchange.cancel()
    },
    end() {},
    fail() {},
    checkTime() {},
  }
}

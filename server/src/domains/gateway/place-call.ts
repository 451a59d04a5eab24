import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import type { AppError } from '../../base/errors.ts'
import type { Principal } from '../../base/principal.ts'
import { uuidV7 } from '../../base/uuid.ts'
import type { Egress } from '../../platform/egress/egress.ts'
import type { Call } from '../ledger/call.ts'
import type { Breaker } from './breaker.ts'
import type { ChatRequest } from './chat-request.ts'
import type { Book, Entry } from './entry.ts'
import { gatewayErrors } from './errors.ts'
import { Exchange, type Receiver } from './exchange.ts'
import { credentialTrace, passOn, requestHeaders, secretsIn } from './headers.ts'
import type { Limits } from './limits.ts'
import type { Candidate } from './ports.ts'
import { Relay } from './relay.ts'
import { type Judgement, judgeAnswer, judgeFailure } from './try-again.ts'
import type { Watch, Watched } from './watch.ts'

export interface PlaceCallDeps {
  egress: Pick<Egress, 'dispatcherFor'>
  book: Book
  breaker: Breaker
  watch: Watch
  limits: Limits
  clock: Clock
  onMistake: (error: unknown) => void
}

export interface Incoming {
  readonly principal: Principal
  readonly requestId: string
  readonly operation: string
  readonly headers: IncomingHttpHeaders
  readonly chat: ChatRequest
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

  async place(candidates: readonly Candidate[]): Promise<void> {
    const { response } = this.#it
    response.once('close', () => response.writableEnded || this.#clientLeft())
    this.#deps.watch.add(this)
    try {
      await this.#tryAll(this.#awake(candidates))
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

  #awake(candidates: readonly Candidate[]): readonly Candidate[] {
    const { breaker } = this.#deps
    const awake = candidates.filter((candidate) => !breaker.refusal(candidate))
    const [first] = candidates
    if (!first) throw gatewayErrors.nobody_serves()
    if (awake.length === 0) throw breaker.refusal(first) ?? gatewayErrors.unreachable()
    return awake
  }

  async #tryAll(candidates: readonly Candidate[]): Promise<void> {
    const failed: string[] = []
    for (const [index, candidate] of candidates.entries()) {
      const entry = this.#deps.book.open(this.#toCall(candidate, failed))
      if (this.#deps.book.isDoubtful) await entry.opened
      const result = await this.#tryOne(candidate, entry, index + 1 < candidates.length)
      if (result.kind === 'done') return
      void entry.settle({ outcome: 'failed', endedAtMs: this.#deps.clock(), status: result.status, usageBasis: 'none' })
      if (result.kind === 'give up' || index + 1 === candidates.length || this.#attempts >= this.#deps.limits.attempts) throw result.error
      failed.push(result.error.code)
    }
  }

  async #tryOne(candidate: Candidate, entry: Entry, hasMore: boolean): Promise<Attempted> {
    for (let isFirst = true; ; isFirst = false) {
      const mayRetry = isFirst && ++this.#attempts < this.#deps.limits.attempts
      const result = await this.#attempt(candidate, entry, { mayRetry, mayMove: hasMore })
      if (result.kind !== 'retry') return result
      await this.#pause(result.afterMs)
      if (this.#hasLeft) throw gatewayErrors.unreachable({ internal: 'the client has left' })
    }
  }

  /** One request. Its promise is settled when the answer begins to leave, or is not to be passed on. */
  #attempt(candidate: Candidate, entry: Entry, may: { mayRetry: boolean; mayMove: boolean }): Promise<Attempted> {
    const { egress, breaker, limits, clock } = this.#deps
    const { chat, headers } = this.#it
    const takesOutUsage = chat.streams && !chat.asksForUsage && candidate.tellsUsageWhenAsked !== false
    return new Promise((resolve, reject) => {
      const fail = (error: AppError) => {
        const judgement = judgeFailure(error, may, limits)
        if (!this.#hasLeft) breaker.note(candidate, { kind: 'fails' })
        resolve({ ...judgement, error })
      }
      const sent = requestHeaders(headers, candidate)
      const answer = (status: number, given: IncomingHttpHeaders): Receiver => {
        const { finding, judgement } = judgeAnswer(status, given, may, limits, clock)
        breaker.note(candidate, finding)
        if (judgement !== 'pass on') {
          resolve({ ...judgement, error: gatewayErrors.unreachable({ internal: `status ${status}` }) })
          return discard(exchange)
        }
        const secrets = secretsIn(candidate.headers())
        this.#relay = new Relay(
          {
            client: {
              response: this.#it.response,
              takeOver: () => {
                this.#it.takeOver()
                resolve({ kind: 'done' })
              },
              refuse: reject,
              over: () => this.#over(),
            },
            chat,
            candidate,
            entry,
            exchange,
            limits,
            headers: this.#headersFor(candidate, passOn(given, candidate, secrets)),
            secrets,
            startedAtMs: entry.call.startedAtMs,
            takesOutUsage,
          },
          status,
          given,
        )
        return this.#relay
      }
      const mistake = (error: unknown) => {
        this.#deps.onMistake(error)
        void entry.settle({ outcome: 'failed', endedAtMs: clock(), usageBasis: 'unknown' }).then(() => this.#over())
        this.#it.response.destroy()
        reject(error)
      }
      const exchange = new Exchange({ onHead: answer, onFailure: fail, onMistake: mistake }, performance.now() + limits.firstByteMs)
      this.#exchange = exchange
      this.#onLeft = () => {
        if (this.#relay) return this.#relay.clientLeft()
        exchange.cancel()
        void entry.settle({ outcome: 'aborted', endedAtMs: clock(), usageBasis: 'unknown' }).then(() => this.#over())
        this.#it.takeOver()
        resolve({ kind: 'done' })
      }
      if (this.#hasLeft) return this.#onLeft()
      entry.opened.then(
        () => this.#relay?.opened(),
        (error) => {
          if (this.#relay) return this.#relay.refuse(error)
          exchange.cancel()
          reject(error)
        },
      )
      const { destination } = candidate
      egress.dispatcherFor(destination).dispatch(
        {
          origin: destination.origin,
          path: destination.path,
          method: 'POST',
          headers: sent,
          body: chat.rewritten({ model: candidate.modelId, askForUsage: takesOutUsage }),
          headersTimeout: 0, // the watch sees to both
          bodyTimeout: 0,
        },
        exchange,
      )
    })
  }

  #toCall(candidate: Candidate, failed: readonly string[]): Call {
    const { principal, requestId, operation } = this.#it
    const startedAtMs = this.#deps.clock()
    return {
      id: uuidV7(startedAtMs),
      userId: principal.claims.sub ?? '',
      startedAtMs,
      requestId,
      operation,
      provider: candidate.providerId,
      model: candidate.modelId,
      credentialSource: candidate.source,
      keyId: candidate.keyId,
      tokenId: principal.tokenId,
      decisions: JSON.stringify([
        ...failed.map((code) => ({ verdict: 'failed', reason: code })),
        { source: candidate.source, provider: candidate.providerId, verdict: 'chosen', reason: candidate.reason },
      ]),
    }
  }

  #headersFor(candidate: Candidate, passed: string[]): string[] {
    const { ownHeaders, chat } = this.#it
    for (let at = 0; at < ownHeaders.length; at += 2) {
      const name = ownHeaders[at] as string
      if (!passed.includes(name)) passed.push(name, ownHeaders[at + 1] as string)
    }
    passed.push('x-keyloft-credential', credentialTrace(candidate))
    if (candidate.modelId !== chat.model) passed.push('x-keyloft-model', encodeURI(candidate.modelId))
    return passed
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

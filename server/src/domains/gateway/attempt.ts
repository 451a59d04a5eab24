import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AppError } from '../../base/errors.ts'
import type { Entry, Waiting } from './entry.ts'
import { gatewayErrors } from './errors.ts'
import { thinksUnseen } from './estimate/encodings.ts'
import { type Estimate, estimateUsage } from './estimate/estimate-usage.ts'
import { Exchange, type ExchangeListener, type Receiver } from './exchange.ts'
import { credentialTrace, isOwnKey, passOn, requestHeaders, secretsIn } from './headers.ts'
import type { Incoming, PlaceCallDeps } from './place-call.ts'
import type { Candidate, Habits, WhenClientLeaves } from './ports.ts'
import { type Client, Relay } from './relay.ts'
import { type Judgement, judgeAnswer, judgeFailure, type May } from './try-again.ts'
import { createUsageReader } from './usage/usage-readers.ts'
import type { Watched } from './watch.ts'

/** What one attempt came to: an answer that is on its way (or a client that has left), or a reason to try again. */
export type Attempted = { kind: 'done' } | (Judgement & { error: AppError })

const done: Attempted = Object.freeze({ kind: 'done' })

export interface AttemptOptions {
  readonly candidate: Candidate
  readonly entry: Entry
  /** The opened credential. */
  readonly auth: Readonly<Record<string, string>>
  readonly may: May
  readonly call: {
    /** Nothing more will come of it, and it is written down. */
    over(): void
  }
}

/**
 * One request to a provider: to undici its listener, to the relay the client, to the entry who waits for the intent. It
 * is one object for all three, because each closure that they would share else is paid for by every call.
 */
export class Attempt implements ExchangeListener, Client, Waiting, Watched {
  readonly response: ServerResponse
  readonly #deps: PlaceCallDeps
  readonly #it: Incoming
  readonly #of: AttemptOptions
  readonly #habits: Habits
  readonly #exchange: Exchange
  readonly #takesOutUsage: boolean
  #relay: Relay | undefined
  #isLeft = false
  #isEnded = false
  #resolve: (attempted: Attempted) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(deps: PlaceCallDeps, it: Incoming, of: AttemptOptions) {
    this.#deps = deps
    this.#it = it
    this.#of = of
    this.response = it.reply.raw
    this.#habits = deps.habitsOf(of.candidate.provider)
    this.#takesOutUsage = it.request.lacksUsageWish && this.#habits.takesUsageWish !== false
    this.#exchange = new Exchange(this, deps.limits.firstByteMs, it.request.upload)
  }

  /** Comes back when the answer begins to leave, or is not to be passed on. */
  begin(): Promise<Attempted> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#of.entry.tell(this)
      this.#dispatch()
    })
  }

  #dispatch() {
    const { candidate, auth } = this.#of
    const { operation, method, request, headers } = this.#it
    const { destination } = candidate
    const { upload } = request
    // First: another name of a model makes a form longer.
    const body = request.rewritten({ model: candidate.modelId, askForUsage: this.#takesOutUsage })
    const lengthBytes = upload?.lengthBytes === undefined ? undefined : upload.lengthBytes + upload.growsBy
    this.#deps.egress.dispatcherFor(destination).dispatch(
      {
        origin: destination.origin,
        path: destination.path,
        method,
        headers: requestHeaders(
          headers,
          operation.headers,
          { contentType: request.contentType, lengthBytes },
          candidate,
          this.#habits.headers,
          auth,
        ),
        body,
        headersTimeout: 0, // the watch sees to both
        bodyTimeout: 0,
      },
      this.#exchange,
    )
  }

  checkTime(nowMs: number) {
    if (this.#relay) this.#relay.checkTime(nowMs)
    else this.#exchange.checkTime(nowMs)
  }

  clientLeft() {
    this.#isLeft = true
    if (this.#relay) return this.#relay.clientLeft()
    if (!this.#isMadeAnyway()) this.#endUnheard()
  }

  /** The process ends: of a call without a client, what is known by now is written down. */
  stop() {
    if (!this.#isLeft) return
    if (this.#relay) this.#relay.stop()
    else this.#endUnheard()
  }

  #endUnheard() {
    if (this.#isEnded) return
    this.#isEnded = true
    const { entry, call } = this.#of
    this.#exchange.cancel()
    void this.#estimateUnheard()
      .then((usage) => entry.settle({ outcome: 'aborted', endedAtMs: this.#deps.clock(), ...usage }))
      .then(() => call.over())
    this.takeOver()
  }

  /** Under a hard limit of what the operator pays, thoughts that nobody sees must be counted too: they are told at the end. */
  get #whenClientLeaves(): WhenClientLeaves {
    const { whenClientLeaves = 'estimate' } = this.#habits
    const { candidate } = this.#of
    const mustBeKnown = candidate.isCapped && !isOwnKey(candidate) && thinksUnseen(candidate.modelId)
    return mustBeKnown ? 'drain' : whenClientLeaves
  }

  /** The provider is at it, and would charge for all of it whether or not anybody listens: its usage is waited for. */
  #isMadeAnyway(): boolean {
    const { operation, request } = this.#it
    if (operation.isFree || request.upload) return false
    return this.#whenClientLeaves === 'drain' || (this.#whenClientLeaves === 'estimate' && !request.streams)
  }

  /** Of a stream that was left before it began: its input has been read. */
  async #estimateUnheard(): Promise<Estimate> {
    const { operation, request } = this.#it
    if (operation.isFree || this.#whenClientLeaves === 'void') return { usageBasis: 'none' }
    if (!request.streams) return { usageBasis: 'unknown' }
    const { provider, modelId: model } = this.#of.candidate
    return estimateUsage(this.#deps.counter, {
      provider,
      model,
      request: request.text,
      delivered: { texts: {}, times: 1 },
      told: undefined,
    })
  }

  onHead(status: number, given: IncomingHttpHeaders): Receiver {
    const { breaker, limits, clock } = this.#deps
    const { candidate, entry, auth, may } = this.#of
    const { operation, request } = this.#it
    const { finding, judgement } = judgeAnswer(status, given, may, limits, clock)
    breaker.note(candidate, finding)
    if (judgement !== 'pass on') {
      this.#resolve({ ...judgement, error: gatewayErrors.unreachable({ internal: `status ${status}` }) })
      return discard(this.#exchange)
    }
    const secrets = secretsIn(auth)
    this.#relay = new Relay(
      {
        client: this,
        operation,
        request,
        reader: createUsageReader(operation.name, candidate.provider),
        entry,
        exchange: this.#exchange,
        limits,
        counter: this.#deps.counter,
        whenClientLeaves: this.#whenClientLeaves,
        isOwnKey: isOwnKey(candidate),
        headers: this.#headersFor(passOn(given, candidate, secrets)),
        secrets,
        takesOutUsage: this.#takesOutUsage,
      },
      status,
      given,
    )
    if (this.#isLeft) this.#relay.clientLeft()
    return this.#relay
  }

  onFailure(error: AppError) {
    const { candidate, may } = this.#of
    const fault = this.#it.request.upload?.fault
    if (fault) return this.#resolve({ kind: 'give up', error: fault })
    this.#deps.breaker.note(candidate, { kind: 'fails' })
    this.#resolve({ ...judgeFailure(error, may, this.#deps.limits), error })
  }

  onMistake(error: unknown) {
    const { entry, call } = this.#of
    this.#deps.onMistake(error)
    this.#exchange.cancel()
    void entry.settle({ outcome: 'failed', endedAtMs: this.#deps.clock(), usageBasis: 'unknown' })
    call.over()
    this.response.destroy()
    this.#reject(error)
  }

  opened() {
    this.#guard(() => this.#relay?.opened())
  }

  refused(error: AppError) {
    this.#guard(() => {
      if (this.#relay) return this.#relay.refuse(error)
      this.#exchange.cancel()
      this.#reject(error)
    })
  }

  takeOver() {
    this.#it.reply.hijack()
    this.#resolve(done)
  }

  refuse(error: AppError) {
    this.#reject(error)
  }

  over() {
    this.#of.call.over()
  }

  /** Later it is found with the key that made it. Where that cannot be written down, the call has been made all the same. */
  async remember(objectId: string): Promise<void> {
    const { provider, source, keyId } = this.#of.candidate
    const userId = this.#it.principal.claims.sub ?? ''
    await this.#deps.objects.remember(userId, objectId, { provider, source, keyId }).catch(this.#deps.onMistake)
  }

  /** What the server sets for every reply comes last: a provider has a request id of its own, and its clients look for that. */
  #headersFor(passed: string[]): string[] {
    const { method, reply, request, requestId } = this.#it
    const { candidate } = this.#of
    passed.push('x-keyloft-request-id', requestId, 'x-content-type-options', 'nosniff', 'x-keyloft-credential', credentialTrace(candidate))
    // Somebody may open it in a browser that is signed in here: it is a stranger's page, not one of ours.
    if (method === 'GET') passed.push('content-security-policy', "sandbox; default-src 'none'")
    const set = reply.getHeaders()
    for (const name in set) if (!passed.includes(name)) passed.push(name, String(set[name]))
    if (request.model !== undefined && candidate.modelId !== request.model) passed.push('x-keyloft-model', encodeURI(candidate.modelId))
    return passed
  }

  #guard(step: () => void) {
    try {
      step()
    } catch (error) {
      this.onMistake(error)
    }
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

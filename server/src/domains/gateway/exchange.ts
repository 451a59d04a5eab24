import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { AppError } from '../../base/errors.ts'
import { toEgressError } from '../../platform/egress/errors.ts'
import { gatewayErrors } from './errors.ts'
import type { Watched } from './watch.ts'

/** What takes in an answer, after its head. */
export interface Receiver extends Watched {
  /** @param isLast nothing comes behind it: the end came with it */
  data(piece: Buffer, isLast: boolean): void
  end(): void
  /** It broke off. */
  fail(error: AppError): void
}

export interface ExchangeListener {
  onHead(status: number, headers: IncomingHttpHeaders): Receiver
  /** There is no head, and there will be none. */
  onFailure(error: AppError): void
  /** A mistake of ours, on the way of an answer. */
  onMistake(error: unknown): void
}

/**
 * One request to a provider, as undici's dispatch wants it handled. Whatever is thrown on the way ends the exchange and
 * reaches whoever waits for it: nobody hangs because of a mistake of ours.
 */
export class Exchange implements Dispatcher.DispatchHandler, Watched {
  readonly #listener: ExchangeListener
  readonly #firstByteMs: number
  readonly #begunMs = performance.now()
  readonly #upload: { readonly lastPieceMs: number } | undefined
  #controller: Dispatcher.DispatchController | undefined
  #receiver: Receiver | undefined
  #reason: AppError | undefined
  #isOver = false
  /** What came of the answer in this turn: undici shows each chunk alone, and small events come many at a time. */
  #pieces: Buffer[] = []

  /** @param upload while it goes on, nobody waits for an answer */
  constructor(listener: ExchangeListener, firstByteMs: number, upload?: { readonly lastPieceMs: number }) {
    this.#listener = listener
    this.#firstByteMs = firstByteMs
    this.#upload = upload
  }

  onRequestStart(controller: Dispatcher.DispatchController) {
    this.#controller = controller
    if (this.#reason) controller.abort(this.#reason)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders) {
    if (status < 200 || this.#isOver) return
    this.#guard(() => {
      this.#receiver = this.#listener.onHead(status, headers)
    })
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer) {
    if (this.#isOver) return
    if (this.#pieces.push(piece) === 1) queueMicrotask(() => this.#handOver(false))
  }

  onResponseEnd() {
    this.#handOver(true)
    if (this.#isOver) return
    this.#isOver = true
    this.#guard(() => this.#receiver?.end())
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error) {
    this.#handOver(false)
    if (this.#isOver) return
    this.#isOver = true
    const known = this.#reason ?? toGatewayError(error)
    this.#guard(() => (this.#receiver ? this.#receiver.fail(known) : this.#listener.onFailure(known)))
  }

  /** Ends it, without another word to whoever listens. */
  cancel() {
    this.#isOver = true
    this.#stop(gatewayErrors.unreachable({ internal: 'cancelled' }))
  }

  /** Ends it, and says why. */
  abort(reason: AppError) {
    if (this.#isOver) return
    if (!this.#controller) {
      this.onResponseError(undefined as never, reason)
      this.#reason = reason // it may only wait for a connection
      return
    }
    this.#stop(reason)
  }

  pause() {
    this.#controller?.pause()
  }

  resume() {
    this.#controller?.resume()
  }

  checkTime(nowMs: number) {
    if (this.#receiver) this.#receiver.checkTime(nowMs)
    else if (nowMs - (this.#upload?.lastPieceMs ?? this.#begunMs) > this.#firstByteMs)
      this.abort(gatewayErrors.too_slow({ internal: 'no head in time' }))
  }

  #handOver(isLast: boolean) {
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    if (this.#isOver) return
    try {
      this.#receiver?.data(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces), isLast)
    } catch (error) {
      this.#break(error)
    }
  }

  #stop(reason: AppError) {
    this.#reason = reason
    this.#controller?.abort(reason)
  }

  #guard(step: () => void) {
    try {
      step()
    } catch (error) {
      this.#break(error)
    }
  }

  #break(error: unknown) {
    this.cancel()
    this.#listener.onMistake(error)
  }
}

/** In words for the caller: where a provider is called is not theirs to know. */
function toGatewayError(cause: unknown): AppError {
  const error = toEgressError(cause)
  const detail = { cause, internal: `${error.code}: ${error.internal ?? error.message}` }
  if (error.code.startsWith('gateway.')) return error
  if (error.code === 'egress.timeout') return gatewayErrors.too_slow(detail)
  if (error.code === 'egress.bad_response' || error.code === 'egress.too_large') return gatewayErrors.bad_answer(detail)
  return gatewayErrors.unreachable(detail)
}

import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AppError } from '../../base/errors.ts'
import type { Outcome } from '../ledger/call.ts'
import type { CallRequest } from './call-request.ts'
import type { Entry } from './entry.ts'
import { gatewayErrors } from './errors.ts'
import { DeliveredText } from './estimate/delivered-text.ts'
import { type Estimate, estimateUsage } from './estimate/estimate-usage.ts'
import type { TokenCounter } from './estimate/token-counter.ts'
import { EventStream } from './event-stream.ts'
import type { Exchange, Receiver } from './exchange.ts'
import { KeptObjects } from './kept-objects.ts'
import type { Limits } from './limits.ts'
import type { Operation } from './operations/operation.ts'
import { notePassed } from './passed-bytes.ts'
import type { WhenClientLeaves } from './ports.ts'
import type { UsageReader, UsageReading } from './usage/usage-readers.ts'

/** Where an answer goes. */
export interface Client {
  readonly response: ServerResponse
  /** From here on the reply is the relay's alone. */
  takeOver(): void
  /** Instead of an answer, while nothing has left. */
  refuse(error: AppError): void
  /** Nothing more will come, and it is written down. */
  over(): void
  /** Ends it all: a mistake of ours. */
  onMistake(error: unknown): void
  /** Something that the provider keeps. */
  remember(objectId: string): Promise<void>
}

export interface RelayOptions {
  client: Client
  operation: CallShape
  request: CallRequest
  reader: UsageReader
  entry: Entry
  exchange: Exchange
  limits: Limits
  counter: TokenCounter
  whenClientLeaves: WhenClientLeaves
  /** Whether the key is the caller's own, so that what the provider says of it is theirs to know. */
  isOwnKey: boolean
  /** Names and values in turn. */
  headers: string[]
  /** What the answer must not repeat. */
  secrets: readonly string[]
  takesOutUsage: boolean
}

/** What of an operation decides how its answer is carried. */
export interface CallShape extends Pick<Operation, 'name' | 'stream' | 'isFree' | 'keeps'> {
  /** Of the client's, those that mean something to a provider. */
  readonly headers: readonly string[]
}

type Part = string | Buffer

/** Kept while the intent is on its way to the disk; beyond it the provider waits. */
const mostHeldBytes = 64 * 1024
/** Of an answer that is no stream: so much is kept to read the usage at its end. */
const mostReadBytes = 16 * 1024 * 1024
const mostRefusalBytes = 256 * 1024
/** To turn four times as much into text costs what it saves, and more costs more. */
const mostTextBytes = 1024

/**
 * Carries one answer from its head to the client. Nothing leaves before the intent has been committed; the last byte
 * (and from `data: [DONE]` on everything) leaves when the outcome has been. What cannot be brought to its end is cut,
 * so that nobody takes a part for the whole. A client that leaves is accounted like one that stays.
 */
export class Relay implements Receiver {
  readonly #it: RelayOptions
  readonly #status: number
  readonly #stream: EventStream | undefined
  readonly #lengthBytes: number | undefined
  readonly #kept: KeptObjects | undefined
  readonly #keepsBody: boolean
  readonly #delivered: DeliveredText | undefined
  #receivedBytes = 0
  /** Of an answer that is no stream: as it came, for the usage. */
  #body: Buffer[] = []
  #held: Part[] = []
  #heldBytes = 0
  #hasBegun = false
  #isEnding = false
  #isGone = false
  #waitsForClient = false
  #progressMs: number
  #firstByteMs: number | undefined
  #endsByMs: number

  constructor(it: RelayOptions, status: number, headers: IncomingHttpHeaders) {
    this.#it = it
    this.#status = status
    this.#progressMs = performance.now()
    this.#endsByMs = this.#progressMs + it.limits.totalMs
    const isPlain = (headers['content-encoding'] ?? 'identity') === 'identity'
    const isStream = isPlain && status < 300 && (headers['content-type'] ?? '').startsWith('text/event-stream')
    const { stream, keeps, isFree } = it.operation
    if (keeps) this.#kept = new KeptObjects(keeps, it.reader)
    if (isStream && stream?.says) this.#delivered = new DeliveredText(stream.says)
    if (isStream) {
      const { takesOutUsage } = it
      this.#stream = new EventStream({ ...stream, reader: this.#kept ?? it.reader, takesOutUsage, delivered: this.#delivered })
    }
    const length = headers['content-length']
    this.#lengthBytes = length === undefined || isStream ? undefined : Number(length)
    const saysSomething = isPlain && /json|^$/.test(headers['content-type'] ?? '') && (keeps !== undefined || !isFree)
    this.#keepsBody = status < 300 && saysSomething && (this.#lengthBytes ?? 0) <= mostReadBytes
    // Most often the first event comes with the head, and of a short answer the end: then it needs no intent of its own.
    whenTurnEnds(this)
  }

  turnEnded() {
    this.#guard(() => this.#flushHead())
  }

  data(piece: Buffer, isLast: boolean) {
    this.#progressMs = performance.now()
    this.#firstByteMs ??= Date.now() - this.#it.entry.call.startedAtMs
    this.#receivedBytes += piece.length
    notePassed(piece.length)
    if (this.#status >= 300) return this.#keep(piece, mostRefusalBytes)
    if (this.#stream) {
      const part = this.#stream.push(piece)
      if (this.#stream.isDone && this.#stream.keptBack > mostHeldBytes) return this.#breakOff(gatewayErrors.bad_answer())
      if (this.#isGone) return
      // What comes with the end leaves with it: it is written down in a moment, and in one piece costs half.
      return isLast ? this.#hold(part) : this.#write(part)
    }
    if (this.#keepsBody && this.#receivedBytes <= mostReadBytes) this.#body.push(piece)
    else if (this.#body.length > 0) this.#body = []
    if (this.#isGone) return
    if (isLast || this.#receivedBytes === this.#lengthBytes) this.#hold(piece)
    else this.#write(piece)
  }

  end() {
    if (this.#isEnding) return
    if (this.#status >= 300) return this.#endRefusal()
    const last = this.#stream?.end() ?? ''
    this.#finish(this.#isGone ? 'aborted' : 'completed', (isWritten) => {
      if (this.#isGone) return this.#it.client.over()
      if (!isWritten) return this.#cut()
      this.#leave(last)
    })
  }

  fail(error: AppError) {
    if (this.#isEnding) return
    const rest = this.#isGone ? '' : (this.#stream?.end() ?? '')
    this.#finish(this.#isGone ? 'aborted' : 'failed', () => {
      if (this.#isGone) return this.#it.client.over()
      if (!this.#hasBegun) {
        this.#it.client.refuse(error)
        return this.#it.client.over()
      }
      // What came before it broke is the client's, but it must not look complete.
      if (rest === '' || !this.#it.entry.isOpen) return this.#cut()
      this.#it.client.response.write(rest, 'latin1', () => this.#cut())
    })
  }

  /** The intent has been committed: what was held may leave. */
  opened() {
    if (this.#isEnding || this.#isGone || this.#heldBytes === 0) return this.#flushHead()
    if (this.#isComplete()) return this.#it.exchange.resume() // of what was paused, the end is still to come
    const held = this.#takeHeld()
    const { response } = this.#it.client
    this.#begin()
    response.cork()
    for (const part of held) this.#write(part)
    response.uncork()
    if (!this.#waitsForClient) this.#it.exchange.resume()
  }

  /** There will be no intent. */
  refuse(error: AppError) {
    if (this.#isEnding) return // its outcome may yet be written, and decides
    this.#isEnding = true
    this.#it.exchange.cancel()
    this.#it.client.refuse(error)
    this.#it.client.over()
  }

  clientLeft() {
    if (this.#isEnding || this.#isGone) return
    this.#isGone = true
    this.#takeHeld()
    const { client, exchange, limits } = this.#it
    if (!this.#hasBegun) client.takeOver()
    if (this.#isWorthReading()) {
      this.#endsByMs = performance.now() + limits.drainMs
      return exchange.resume()
    }
    exchange.cancel()
    this.#finish('aborted', () => client.over())
  }

  /** Reads no further for a client that has left. */
  stop() {
    if (this.#isEnding) return
    this.#it.exchange.cancel()
    this.#finish('aborted', () => this.#it.client.over())
  }

  /** What is no stream has been made when its head comes, is charged whole, and says so at its end. */
  #isWorthReading(): boolean {
    const { whenClientLeaves } = this.#it
    return whenClientLeaves === 'drain' || (whenClientLeaves === 'estimate' && this.#keepsBody && !this.#stream)
  }

  checkTime(nowMs: number) {
    const { limits } = this.#it
    if (this.#isEnding) {
      if (nowMs - this.#progressMs > limits.settleMs && !this.#isGone) this.#cut()
      return
    }
    const isStalled = nowMs - this.#progressMs > limits.idleMs
    if (isStalled && this.#waitsForClient) return void this.#it.client.response.destroy()
    if (isStalled || nowMs > this.#endsByMs) this.#it.exchange.abort(gatewayErrors.too_slow({ internal: 'in the middle of an answer' }))
  }

  #keep(piece: Buffer, mostBytes: number) {
    if (this.#receivedBytes > mostBytes) return this.#breakOff(gatewayErrors.bad_answer({ internal: 'a refusal of many bytes' }))
    this.#body.push(piece)
  }

  #breakOff(error: AppError) {
    this.#it.exchange.cancel()
    this.fail(error)
  }

  /** The provider's no, in its own words, unless those hold what is secret or none of the caller's business. */
  #endRefusal() {
    const { client, isOwnKey, secrets } = this.#it
    const body = Buffer.concat(this.#body)
    const isTold = secrets.some((secret) => body.includes(secret))
    const isOfOurKey = (this.#status === 401 || this.#status === 403) && !isOwnKey
    this.#finish('failed', (isWritten) => {
      if (this.#isGone) return client.over()
      if (!isWritten) return this.#cut()
      if (this.#status < 400 || isTold || isOfOurKey) {
        client.refuse(isOfOurKey ? gatewayErrors.key_refused() : gatewayErrors.bad_answer({ internal: `status ${this.#status}` }))
        return client.over()
      }
      this.#held = [body]
      this.#heldBytes = body.length
      this.#leave('')
    })
  }

  /** Everything there is, whole, in one piece where nothing has left yet. */
  #leave(last: string) {
    const { client } = this.#it
    const held = this.#takeHeld()
    if (last !== '') held.push(last)
    const whole = inOne(held)
    if (!this.#hasBegun && this.#status !== 204) this.#it.headers.push('content-length', String(whole.length))
    this.#begin()
    client.response.end(whole, 'latin1')
    client.over()
  }

  #begin() {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#it.client.takeOver()
    this.#it.client.response.writeHead(this.#status, this.#it.headers)
  }

  #flushHead() {
    if (this.#hasBegun || this.#isGone || this.#isEnding) return
    if (!this.#it.entry.isOpen) return void this.#it.entry.begin()
    if (!this.#stream || this.#heldBytes > 0) return
    this.#begin()
    this.#it.client.response.flushHeaders()
  }

  #hold(part: Part) {
    this.#held.push(part)
    this.#heldBytes += part.length
  }

  #write(part: Part) {
    if (part.length === 0) return
    if (!this.#it.entry.isOpen) {
      this.#hold(part)
      if (this.#heldBytes > mostHeldBytes) this.#it.exchange.pause()
      return
    }
    const { response } = this.#it.client
    if (!this.#hasBegun) {
      if (this.#lengthBytes !== undefined) this.#it.headers.push('content-length', String(this.#lengthBytes))
      this.#begin()
    }
    const hasRoom = typeof part === 'string' ? response.write(part, 'latin1') : response.write(part)
    if (hasRoom || this.#waitsForClient) return
    this.#waitsForClient = true
    this.#it.exchange.pause()
    response.once('drain', () => {
      this.#waitsForClient = false
      this.#progressMs = performance.now()
      this.#it.exchange.resume()
    })
  }

  #isComplete(): boolean {
    return this.#lengthBytes !== undefined && this.#receivedBytes >= this.#lengthBytes
  }

  #takeHeld(): Part[] {
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    return held
  }

  #cut() {
    this.#isEnding = true
    this.#isGone = true
    const { client } = this.#it
    if (!this.#hasBegun) client.takeOver()
    client.response.destroy()
    client.over()
  }

  #finish(outcome: Outcome['outcome'], then: (isWritten: boolean) => void) {
    this.#isEnding = true
    this.#progressMs = performance.now()
    const { client, entry, request } = this.#it
    const body = this.#bodyText()
    if (body !== '') this.#it.reader.body(body)
    if (body !== '') this.#kept?.body(body)
    const model = request.lateModel?.()
    if (model) entry.learn(model)
    const kept = this.#kept && this.#kept.ids.size > 0 ? Promise.all([...this.#kept.ids].map((id) => client.remember(id))) : undefined
    const endedAtMs = Date.now()
    const usage = this.#readUsage(outcome)
    const settled =
      usage instanceof Promise
        ? usage.then((estimate) => this.#settle(outcome, endedAtMs, estimate))
        : this.#settle(outcome, endedAtMs, usage)
    const written = kept ? settled.then((isWritten) => kept.then(() => isWritten)) : settled
    written.then(
      (isWritten) => this.#guard(() => then(isWritten)),
      (error) => client.onMistake(error),
    )
  }

  /** Each member by its name: what is copied from object to object costs more than the rest of it. */
  #settle(
    outcome: Outcome['outcome'],
    endedAtMs: number,
    { usageBasis, usage, providerUsage, providerCostUsd }: Estimate,
  ): Promise<boolean> {
    const status = this.#status
    const firstByteMs = this.#firstByteMs
    const whole = { outcome, endedAtMs, status, firstByteMs, usageBasis, usage, providerUsage, providerCostUsd }
    return this.#it.entry.settle(whole, this.#stream !== undefined)
  }

  #guard(step: () => void) {
    try {
      step()
    } catch (error) {
      this.#it.client.onMistake(error)
    }
  }

  #readUsage(outcome: Outcome['outcome']): Estimate | Promise<Estimate> {
    const { operation, reader, request, counter, whenClientLeaves, entry } = this.#it
    if (this.#status >= 300 || operation.isFree) return { usageBasis: 'none' }
    const told = reader.result()
    if (told?.isWhole) return reported(told)
    if (outcome === 'aborted' && whenClientLeaves === 'void') return { usageBasis: 'none' }
    if (!this.#delivered) return { usageBasis: 'unknown' }
    const { provider, model } = entry.call
    return estimateUsage(counter, { provider, model, request: request.text, delivered: this.#delivered.take(), told })
  }

  #bodyText(): string {
    if (!this.#keepsBody || this.#body.length === 0) return ''
    const [first] = this.#body
    return first && this.#body.length === 1 ? first.toString('latin1') : Buffer.concat(this.#body).toString('latin1')
  }
}

const begun: Relay[] = []

/** One for all that began in this turn: each of its own would cost more than what it does. */
function whenTurnEnds(relay: Relay) {
  if (begun.push(relay) > 1) return
  setImmediate(() => {
    for (const one of begun.splice(0)) one.turnEnded()
  })
}

const reported = ({ usage, providerUsage, providerCostUsd }: UsageReading): Estimate => ({
  usageBasis: 'reported',
  usage,
  providerUsage,
  providerCostUsd,
})

/** A short one as text: with its head it is one string, which is sooner written than a head and a buffer. */
function inOne(parts: readonly Part[]): Part {
  const [first] = parts
  const isShort = parts.reduce((bytes, { length }) => bytes + length, 0) <= mostTextBytes
  if (isShort || parts.every((part) => typeof part === 'string')) return parts.map(toText).join('')
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts.map(toBytes))
}

const toText = (part: Part) => (typeof part === 'string' ? part : part.toString('latin1'))
const toBytes = (part: Part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)

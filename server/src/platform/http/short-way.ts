import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyBaseLogger } from 'fastify'
import type { Principal } from '../../base/principal.ts'
import type { Answer, Metrics } from '../telemetry/metrics.ts'
import type { Authenticate, CarriedReply, Route } from './define-route.ts'
import { authorise } from './policy.ts'

/*
 * The short way of what is only carried. A call needs no router, parser, validator or serialiser; to pass them cost a
 * seventh of what it costs altogether. So a request that is in no way unusual (a route's path to the letter, a credential
 * that is remembered, JSON of a told length) is read here, checked by the same functions in the same order, and given to
 * the route's `carry`. Whatever is unusual goes the usual way, through Fastify, and nothing is refused but there: of what
 * this way finds against a request, Fastify makes the answer.
 */

/** Answered with this error, under the id that it has. */
export interface RefusedOnTheWay {
  readonly id: string
  readonly begunMs: number
  readonly error: Error
}

export interface ShortWayOptions {
  routes: readonly Route[]
  authenticate: Authenticate
  metrics: Pick<Metrics, 'watchRoute'>
  entered: { readonly isStopping: boolean; readonly refused: WeakMap<IncomingMessage, RefusedOnTheWay> }
  mayEnter: (headers: IncomingMessage['headers']) => boolean
  idOf: (request: IncomingMessage) => string
  bodyLimitBytes: number
  log: Pick<FastifyBaseLogger, 'error'>
}

interface Way extends Pick<Route, 'policy' | 'path'> {
  readonly carry: NonNullable<Route['carry']>
  readonly bodyLimitBytes: number
  readonly told: (answer: Answer) => void
}

export function takeShortWay(usual: RequestListener, options: ShortWayOptions): RequestListener {
  const { authenticate, entered, mayEnter, idOf, log } = options
  const ways = waysOf(options)

  /** Nobody, where Fastify is to find out what is to be said. */
  function admit({ path, policy }: Way, { headers }: IncomingMessage): Principal | undefined {
    try {
      const found = authenticate(headers, path)
      if (found instanceof Promise) return void found.catch(() => {}) // asked once: Fastify waits for the same answer
      authorise(policy, found, () => false)
      return found
    } catch {
      return undefined
    }
  }

  return (request, response) => {
    const way = request.method === 'POST' ? ways.get(request.url ?? '') : undefined
    if (!way || entered.isStopping || !isUsual(request, way) || !mayEnter(request.headers)) return usual(request, response)
    const principal = admit(way, request)
    if (!principal) return usual(request, response)
    const begunMs = performance.now()
    const id = idOf(request)
    const reply = new Reply(response, id, begunMs, way.told)
    const refuse = (error: Error) => {
      if (reply.isTaken) return log.error({ err: error, reqId: id }, 'refused after its answer had begun')
      entered.refused.set(request, { id, begunMs, error })
      usual(request, response)
    }
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { headers } = request
      try {
        // Copied: a piece is a part of what the socket reads into, and would keep all of it.
        way.carry({ principal, bytes: Buffer.concat(pieces), request: { id, headers, raw: request }, reply }).catch(refuse)
      } catch (error) {
        refuse(error as Error)
      }
    })
  }
}

/** Counting and keeping replies is Fastify's, and so is finding a path that holds a name. */
function waysOf({ routes, metrics, bodyLimitBytes: usualLimitBytes }: ShortWayOptions): ReadonlyMap<string, Way> {
  const ways = new Map<string, Way>()
  for (const { method, path, policy, carry, rateLimit, idempotent, bodyLimitBytes = usualLimitBytes } of routes) {
    if (!carry || method !== 'POST' || rateLimit || idempotent || /[:*]/.test(path)) continue
    ways.set(path, { path, policy, carry, bodyLimitBytes, told: metrics.watchRoute(method, path) })
  }
  return ways
}

/** No browser at another origin, and a body that is neither too long nor of another form. */
function isUsual({ headers }: IncomingMessage, { bodyLimitBytes }: Way): boolean {
  const { origin, 'content-type': contentType, 'content-length': length } = headers
  const lengthBytes = Number(length)
  return contentType === 'application/json' && lengthBytes > 0 && lengthBytes <= bodyLimitBytes && origin === undefined
}

/** What of Fastify's reply whoever carries makes use of. */
class Reply implements CarriedReply {
  readonly raw: ServerResponse
  isTaken = false
  readonly #id: string
  readonly #begunMs: number
  readonly #told: (answer: Answer) => void

  constructor(raw: ServerResponse, id: string, begunMs: number, told: (answer: Answer) => void) {
    this.raw = raw
    this.#id = id
    this.#begunMs = begunMs
    this.#told = told
  }

  getHeaders() {
    return { 'x-request-id': this.#id }
  }

  hijack() {
    if (this.isTaken) return
    this.isTaken = true
    const { raw } = this
    const end = () => {
      raw.off('finish', end).off('error', end)
      const seconds = (performance.now() - this.#begunMs) / 1000
      this.#told({ status: raw.statusCode, seconds, code: undefined, requestId: this.#id })
    }
    raw.on('finish', end).on('error', end)
  }
}

import type { Socket } from 'node:net'
import { type Dispatcher, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { type Allowances, checkTarget, type Destination, makeDestination, readUrl, rulesFrom } from './destination.ts'
import { createDispatchers, OriginDispatcher } from './dispatchers.ts'
import { openSocket } from './known-sockets.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { type EgressResponse, type RequestOptions, request } from './request.ts'
import { askNameServers, type Resolve } from './resolve-host.ts'

export type { Destination, Limits, RequestOptions }

/**
 * The one door out. Whoever wants to call somebody first says who named the host, and gets a destination, or an
 * `egress.*` error; there is no way to dial without one.
 */
export interface Egress {
  /** A host that a user named: https on the public internet alone, but for what the operator allows. */
  namedByUser(url: string): Destination
  /** A host from the operator's configuration: trusted as it stands, private addresses and http included. */
  namedByOperator(url: string): Destination
  /** For small exchanges. An address given as text counts as a user's. */
  request(to: Destination | string, options?: RequestOptions): Promise<EgressResponse>
  /**
   * For streams: undici's own `dispatch`, on kept connections, for requests whose `origin` is the destination's.
   * It fails with what `toEgressError` translates. Never pass on a Host header.
   */
  dispatcherFor(to: Destination): Dispatcher
  /** For drivers that dial by themselves to where the operator says, such as pg's `stream`. */
  socket(): Socket
  /** From now on the global fetch, and what libraries call with it, reaches only what a user may name. Returns the undoing. */
  installGlobally(): () => void
  /** Cuts what still runs. Call it when everything is drained. */
  close(): Promise<void>
}

export interface EgressOptions {
  /** What users may name beyond https on port 443 of the public internet. */
  allow?: Partial<Allowances>
  limits?: Partial<Limits>
  resolve?: Resolve
  /** PEM. Trusted beside the system's, for a private authority of the operator's. */
  certificateAuthorities?: string
}

export function createEgress(options: EgressOptions = {}): Egress {
  const { allow, resolve = askNameServers, certificateAuthorities } = options
  const rules = rulesFrom(allow)
  const limits = { ...defaultLimits, ...options.limits }
  const dispatchers = createDispatchers({ rules, limits, resolve, certificateAuthorities })
  // A destination that is not in here was not made here, and counts for nothing.
  const dispatcherOf = new WeakMap<Destination, Dispatcher>()

  const namedByUser = (url: string) => {
    const target = readUrl(url)
    checkTarget(target, rules)
    return makeDestination('user', target, (made) => dispatcherOf.set(made, new OriginDispatcher(made.origin, dispatchers.users)))
  }
  const namedByOperator = (url: string) =>
    makeDestination('operator', readUrl(url), (made) =>
      dispatcherOf.set(made, new OriginDispatcher(made.origin, dispatchers.operators(made.origin))),
    )

  const dispatcherFor = (to: Destination) => {
    const dispatcher = dispatcherOf.get(to)
    if (!dispatcher) throw new TypeError('this destination was not made by this door')
    return dispatcher
  }
  const door = {
    dispatcherFor,
    redirect: (from: Destination, to: URL) =>
      from.namedBy === 'operator' && from.origin === to.origin ? namedByOperator(to.href) : namedByUser(to.href),
  }

  return {
    namedByUser,
    namedByOperator,
    dispatcherFor,
    async request(to, settings) {
      const destination = typeof to === 'string' ? namedByUser(to) : to
      dispatcherFor(destination) // a forged one is a mistake of ours, not an answer of the host's
      return request(door, destination, limits, settings)
    },
    socket: openSocket,
    installGlobally() {
      const before = getGlobalDispatcher()
      setGlobalDispatcher(dispatchers.users)
      return () => setGlobalDispatcher(before)
    },
    close: () => dispatchers.destroy(),
  }
}

import { getCACertificates } from 'node:tls'
import { Agent, Dispatcher, Pool } from 'undici'
import { createConnector } from './connector.ts'
import { checkTarget, type Rules } from './destination.ts'
import { egressErrors } from './errors.ts'
import type { Limits } from './limits.ts'
import { pinAddresses, type Resolve } from './resolve-host.ts'

export interface Dispatchers {
  /** For every host that a user names. Checks by itself, so it may also stand behind the global fetch. */
  readonly users: Agent
  /** One per configured origin, which cannot leave it. */
  operators(origin: string): Dispatcher
  destroy(): Promise<void>
}

/** Connections to users' hosts and to the operator's never mix: they live in different pools, whatever the origin. */
export function createDispatchers(options: {
  rules: Rules
  limits: Limits
  resolve: Resolve
  certificateAuthorities: string | undefined
}): Dispatchers {
  const { rules, limits, resolve, certificateAuthorities } = options
  const timeoutMs = limits.connectTimeoutMs
  const ca = certificateAuthorities ? [...getCACertificates('default'), certificateAuthorities] : undefined
  // HTTP/1.1 alone: its parser counts header bytes, and one answer cannot starve another on the same connection.
  const shared = {
    allowH2: false,
    connections: limits.connectionsPerOrigin,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.streamHeadersTimeoutMs,
    bodyTimeout: limits.streamIdleTimeoutMs,
    maxResponseSize: limits.streamBytes,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
  }

  const users = new Agent({
    ...shared,
    maxOrigins: limits.userOrigins,
    connect: createConnector({
      timeoutMs,
      ca,
      pin: async (to) => {
        const address = checkTarget(to, rules)
        if (!address) return pinAddresses(to.hostname, resolve, rules)
        return [{ address: address.toString(), family: address.kind() === 'ipv4' ? 4 : 6 }]
      },
    }),
  })

  const pools = new Map<string, Pool>()
  const trusted = createConnector({ timeoutMs, ca, pin: async () => undefined })
  return {
    users,
    operators(origin) {
      const pool = pools.get(origin) ?? new Pool(origin, { ...shared, connect: trusted })
      pools.set(origin, pool)
      return pool
    },
    async destroy() {
      await Promise.all([users.destroy(), ...[...pools.values()].map((pool) => pool.destroy())])
    },
  }
}

/**
 * A dispatcher for one origin. A request that names another is refused, so that a secret meant for this host cannot
 * go to one that merely also passes the checks. Costs one comparison of strings.
 */
export class OriginDispatcher extends Dispatcher {
  readonly #origin: string
  readonly #inner: Dispatcher

  constructor(origin: string, inner: Dispatcher) {
    super()
    this.#origin = origin
    this.#inner = inner
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (options.origin !== this.#origin)
      throw egressErrors.host_refused({ internal: `${options.origin} over a dispatcher for ${this.#origin}` })
    return this.#inner.dispatch(options, handler)
  }
}

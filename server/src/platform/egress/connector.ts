import type { Socket } from 'node:net'
import { buildConnector } from 'undici'
import { parseAddress } from './addresses.ts'
import { egressErrors, toEgressError } from './errors.ts'
import { openSocket } from './known-sockets.ts'
import type { Pinned } from './resolve-host.ts'

interface Dial {
  protocol: string
  hostname: string
  port: string
}

export interface ConnectorOptions {
  /** The addresses to dial, checked; or undefined to leave it to the system. Throws to refuse. */
  pin: (to: Dial) => Promise<readonly Pinned[] | undefined>
  /** For resolving, TCP and TLS together. */
  timeoutMs: number
  /** Trusted certificate authorities, where not the system's. */
  ca: string[] | undefined
}

/**
 * How undici's clients dial here: resolve and check, dial one of the checked addresses, see who is at the other end,
 * and only then begin TLS, under the host's name.
 */
export function createConnector({ pin, timeoutMs, ca }: ConnectorOptions): buildConnector.connector {
  const secure = buildConnector({ allowH2: false, timeout: 0, rejectUnauthorized: true, ...(ca ? { ca } : {}) })

  return ({ protocol, host, hostname, port }, callback) => {
    const giveUp = new AbortController()
    const place = `${protocol}//${host ?? hostname}`
    const timer = setTimeout(() => giveUp.abort(egressErrors.timeout({ internal: `connecting to ${place}` })), timeoutMs)
    timer.unref() // a server that stops does not wait for it

    const connect = async (): Promise<Socket> => {
      const pinned = await pin({ protocol, hostname, port })
      const socket = await dial({ hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)), pinned }, giveUp.signal)
      if (protocol !== 'https:') return socket
      return new Promise((resolve, reject) => {
        // No servername from the request: undici takes it from a Host header, and the certificate must be this host's.
        secure({ protocol, hostname, port, ...(host ? { host } : {}), httpSocket: socket }, (error, secured) => {
          if (!error) return resolve(secured)
          socket.destroy()
          reject(
            giveUp.signal.aborted
              ? giveUp.signal.reason
              : egressErrors.tls_failed({ cause: error, internal: `${place}: ${error.message}` }),
          )
        })
      })
    }

    const refused = new Promise<never>((_, reject) => giveUp.signal.addEventListener('abort', () => reject(giveUp.signal.reason)))
    Promise.race([connect(), refused])
      .finally(() => clearTimeout(timer))
      .then(
        (socket) => callback(null, socket),
        (error) => callback(toEgressError(error), null),
      )
  }
}

function dial(to: { hostname: string; port: number; pinned: readonly Pinned[] | undefined }, signal: AbortSignal): Promise<Socket> {
  const { hostname, port, pinned } = to
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const socket = openSocket()
    signal.addEventListener('abort', () => socket.destroy(signal.reason), { once: true })
    socket.on('error', reject) // stays: whatever breaks later is told by the closing of the socket
    socket.once('connect', () => {
      if (pinned && !isOneOf(pinned, socket.remoteAddress)) {
        return void socket.destroy(egressErrors.host_refused({ internal: `${hostname} led to ${socket.remoteAddress}` }))
      }
      resolve(socket)
    })
    socket.setNoDelay(true).setKeepAlive(true, keepAliveDelayMs)
    socket.connect({
      host: hostname,
      port,
      autoSelectFamily: true,
      ...(pinned ? { lookup: (_name, _options, answer) => answer(null, [...pinned]) } : {}),
    })
  })
}

const keepAliveDelayMs = 60_000

const isOneOf = (pinned: readonly Pinned[], remote: string | undefined) => {
  const reached = parseAddress(remote ?? '')?.toString()
  return pinned.some(({ address }) => address === reached)
}

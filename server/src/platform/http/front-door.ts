import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { httpErrors } from './errors.ts'

const KILOBYTE = 1024
const SECOND = 1000
const limits = {
  headerBytes: 16 * KILOBYTE,
  headersMs: 15 * SECOND,
  requestMs: 300 * SECOND, // a large file on an ordinary line takes minutes
  keepAliveMs: 72 * SECOND, // longer than the 60 s of usual load balancers, so that they never send into a closing socket
}
const retryAfterSeconds = 2
const idleCheckMs = 20

/** The listening socket. It is there before anything is built and until everything has finished. */
export interface FrontDoor {
  readonly server: Server
  readonly url: string
  /** From now on requests go here; before, all but /health are told to come back. */
  serve(handler: RequestListener): void
  /** Takes no more connections, and lets what is in flight finish for as long as there is time. */
  close(drainMs: number): Promise<void>
}

/** Claims the port first of all: a second start must find out before it has made or touched anything. */
export async function openFrontDoor({ host, port }: { host: string; port: number }): Promise<FrontDoor> {
  let handler: RequestListener = answerWhileStarting
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
  }
  const server = createServer(options, (request, response) => handler(request, response))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port }, resolve))
  return {
    server,
    url: urlOf(host, server.address() as AddressInfo),
    serve: (next) => {
      handler = next
    },
    close: (drainMs) =>
      new Promise((resolve) => {
        const late = setTimeout(() => server.closeAllConnections(), drainMs)
        // A kept connection becomes idle when its last reply has gone out, and would then wait for another request.
        const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs)
        server.close(() => {
          clearTimeout(late)
          clearInterval(idle)
          resolve()
        })
      }),
  }
}

/** An address that can be opened: what listens on every address is reached by this machine's own. */
function urlOf(host: string, { port }: AddressInfo): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.replace(/^\[|\]$/g, '')
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

const answerWhileStarting: RequestListener = ({ url }, response) => {
  if (url === '/health') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}')
  const { code, message, status } = httpErrors.starting()
  const headers = { 'content-type': 'application/problem+json', 'retry-after': String(retryAfterSeconds) }
  response.writeHead(status, headers).end(JSON.stringify({ type: 'about:blank', title: message, status, code }))
}

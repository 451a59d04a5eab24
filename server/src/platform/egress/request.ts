import type { Dispatcher } from 'undici'
import type { Destination } from './destination.ts'
import { egressErrors, toEgressError } from './errors.ts'
import type { Limits } from './limits.ts'

export interface RequestOptions {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  /** How many to follow, at most 5. None by default: the 3xx is the answer. */
  redirects?: number
  signal?: AbortSignal
  totalTimeoutMs?: number
  headersTimeoutMs?: number
  idleTimeoutMs?: number
  bodyBytes?: number
}

export interface EgressResponse {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** As sent: identity encoding is asked for, and nothing is unpacked. */
  body: Buffer
  /** Who answered in the end. */
  from: Destination
}

/** What following a redirect needs of the door. */
export interface Door {
  dispatcherFor(destination: Destination): Dispatcher
  /** Keeps an operator's trust on the same origin; anywhere else the address counts as a user's. */
  redirect(from: Destination, to: URL): Destination
}

const mostRedirects = 5
const redirected = [301, 302, 303, 307, 308]
/** What may go to another origin. Everything else may be a credential, under whatever name. */
const harmless = ['accept', 'accept-encoding', 'accept-language', 'user-agent']

/** For small exchanges: verifying a key, a JWKS, a webhook. The answer is held in memory, up to a limit. */
export async function request(door: Door, destination: Destination, limits: Limits, options: RequestOptions = {}): Promise<EgressResponse> {
  const { redirects = 0, signal, totalTimeoutMs = limits.totalTimeoutMs } = options
  const deadline = AbortSignal.timeout(totalTimeoutMs)
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline
  try {
    let step: Step = { to: destination, method: options.method ?? 'GET', headers: readHeaders(options.headers), body: options.body ?? null }
    for (let followed = 0; ; followed++) {
      const response = await exchange(door, step, { ...limits, ...definedOf(options) }, either, redirects > 0)
      if (redirects === 0 || !redirected.includes(response.status) || response.headers.location === undefined) return response
      if (followed >= Math.min(redirects, mostRedirects)) throw egressErrors.too_many_redirects()
      step = nextStep(door, step, response)
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (deadline.aborted) throw egressErrors.timeout({ cause: error, internal: `${destination.origin}: over ${totalTimeoutMs} ms in all` })
    throw toEgressError(error)
  }
}

interface Step {
  to: Destination
  method: NonNullable<RequestOptions['method']>
  headers: Record<string, string>
  body: string | Uint8Array | null
}

function definedOf({ headersTimeoutMs, idleTimeoutMs, bodyBytes }: RequestOptions): Partial<Limits> {
  const given = Object.entries({ headersTimeoutMs, idleTimeoutMs, bodyBytes }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given)
}

function readHeaders(given: RequestOptions['headers'] = {}): Record<string, string> {
  const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
  // The host asked for is the host dialled: a second name would be read by whatever stands in front of it.
  if ('host' in headers) throw egressErrors.request_invalid({ internal: 'a Host header' })
  return { 'user-agent': 'keyloft', 'accept-encoding': 'identity', ...headers }
}

async function exchange(door: Door, step: Step, limits: Limits, signal: AbortSignal, followsRedirects: boolean): Promise<EgressResponse> {
  const { to, method, headers, body } = step
  const answer = await door.dispatcherFor(to).request({
    origin: to.origin,
    path: to.path,
    method,
    headers,
    body,
    signal,
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.idleTimeoutMs,
  })
  const response = { status: answer.statusCode, headers: answer.headers, from: to }
  const announced = method === 'HEAD' ? 0 : Number(answer.headers['content-length'] ?? 0)
  const passing = followsRedirects && redirected.includes(response.status)
  if (!passing && announced <= limits.bodyBytes) {
    const held = await readUpTo(limits.bodyBytes, answer.body)
    if (held) return { ...response, body: held }
  }
  answer.body.on('error', () => {}).destroy()
  if (passing) return { ...response, body: Buffer.alloc(0) }
  throw egressErrors.too_large({ internal: `${to.origin}: over ${limits.bodyBytes} bytes` })
}

async function readUpTo(limitBytes: number, body: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function nextStep(door: Door, { to, method, headers, body }: Step, { status, headers: { location } }: EgressResponse): Step {
  const url = typeof location === 'string' ? URL.parse(location, to.origin + to.path) : null
  if (!url) throw egressErrors.redirect_refused({ internal: 'no single location' })
  // 303 asks for a GET; 301 and 302 after a POST have come to mean it (RFC 9110, 15.4).
  const asGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST'
  const stays = url.origin === to.origin
  if (!stays && !asGet && body !== null) throw egressErrors.redirect_refused({ internal: 'a body to another origin' })
  return {
    to: door.redirect(to, url),
    method: asGet ? 'GET' : method,
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => (stays ? !(asGet && name === 'content-type') : harmless.includes(name))),
    ),
    body: asGet ? null : body,
  }
}

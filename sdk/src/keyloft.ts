import type { Operations } from './generated/operations.ts'
import { KeyloftError } from './keyloft-error.ts'
import type { Client } from './operation.ts'

export interface KeyloftOptions {
  /** Where the server is reached, such as `http://127.0.0.1:8787`. A path in it is kept. */
  url: string
  /** A session token, a JWT or an API token; or what gives the present one, asked before every request. */
  token?: string | undefined | (() => string | undefined | Promise<string | undefined>)
  /** Sends the requests; the platform’s own unless given. */
  fetch?: typeof fetch | undefined
}

/**
 * A client of one server. Each method takes a path of that method and answers with the body of the reply.
 * A refusal is thrown as a `KeyloftError`; what `fetch` itself throws, such as an `AbortError`, is passed on as it is.
 *
 * ```ts
 * const keyloft = createKeyloft({ url: 'http://127.0.0.1:8787' })
 * const { status } = await keyloft.get('/ready')
 * ```
 */
export interface Keyloft extends Client<Operations> {}

/** What is sent, as far as this file must know it. operation.ts has what each route takes. */
interface Request {
  params?: Record<string, string | number>
  query?: Record<string, unknown>
  body?: unknown
  idempotencyKey?: string
  signal?: AbortSignal
}

/** @throws TypeError when the URL is not one of HTTP */
export function createKeyloft(options: KeyloftOptions): Keyloft {
  const base = readBase(options.url)
  const { token, fetch = globalThis.fetch } = options

  const sender =
    (method: string) =>
    async (path: string, { params = {}, query = {}, body, idempotencyKey, signal }: Request = {}): Promise<unknown> => {
      const address = base + fillPath(path, params) + printQuery(query)
      const credential = typeof token === 'function' ? await token() : token
      const response = await fetch(address, {
        method,
        headers: {
          accept: 'application/json',
          ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
        // The server sends nobody elsewhere, so whoever does gets no credential.
        redirect: 'error',
      })
      return readReply(response)
    }

  const client = { get: sender('GET'), post: sender('POST'), put: sender('PUT'), patch: sender('PATCH'), delete: sender('DELETE') }
  return client as unknown as Keyloft
}

function readBase(url: string): string {
  const { protocol, origin, pathname } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${url} is not an address of HTTP`)
  return origin + pathname.replace(/\/+$/, '')
}

function fillPath(path: string, params: NonNullable<Request['params']>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(params[name] ?? '')
    // No encoding keeps these in their place: the URL would lead to another route.
    if (value === '' || value === '.' || value === '..') throw new TypeError(`${name} of ${path} cannot be '${value}'`)
    return encodeURIComponent(value)
  })
}

/** A list is repeated under its name; what is undefined is left out. */
function printQuery(query: NonNullable<Request['query']>): string {
  const pairs = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) pairs.append(name, String(one))
  const text = pairs.toString()
  return text === '' ? '' : `?${text}`
}

async function readReply(response: Response): Promise<unknown> {
  const text = await response.text()
  if (!response.ok) throw new KeyloftError(response, text)
  const type = response.headers.get('content-type')
  if (type === null && text === '') return undefined
  if (type?.startsWith('text/plain') || type?.startsWith('text/csv')) return text
  try {
    if (type?.startsWith('application/json')) return JSON.parse(text)
  } catch {}
  throw new KeyloftError(response, text)
}

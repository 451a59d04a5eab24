import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Dispatcher, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { afterAll } from 'vitest'
import { createEgress } from '../src/platform/egress/egress.ts'

/** Whoever is signed in at GitHub, Google and Vercel in a test. */
export interface Visitor {
  id: number
  email: string
  verified: boolean
}

/**
 * GitHub, Google and Vercel as better-auth asks them. Their addresses are fixed in it, so the dispatcher behind the global
 * fetch, which is the door's where a server runs, leads them here.
 */
export async function startWellKnown(): Promise<{ visitor: Visitor }> {
  const state = { visitor: { id: 1, email: '', verified: true } as Visitor }
  const server = createServer((request, reply) => answer(state.visitor, request, reply))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const egress = createEgress()
  const here = egress.namedByOperator(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const before = getGlobalDispatcher()
  setGlobalDispatcher(new Leading(egress.dispatcherFor(here), here.origin, before))
  afterAll(async () => {
    setGlobalDispatcher(before)
    await egress.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return state
}

class Leading extends Dispatcher {
  readonly #inner: Dispatcher
  readonly #origin: string

  readonly #others: Dispatcher

  constructor(inner: Dispatcher, origin: string, others: Dispatcher) {
    super()
    this.#others = others
    this.#inner = inner
    this.#origin = origin
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { host, hostname } = new URL(String(options.origin))
    if (hostname === '127.0.0.1') return this.#others.dispatch(options, handler) // a test's own client
    return this.#inner.dispatch({ ...options, origin: this.#origin, path: `/${host}${options.path}` }, handler)
  }
}

function answer({ id, email, verified }: Visitor, request: IncomingMessage, reply: ServerResponse) {
  const claims = { sub: `sub-${id}`, email, email_verified: verified, name: 'A person' }
  const tokens = { access_token: `access-${id}-${'x'.repeat(30)}`, token_type: 'bearer', scope: 'email' }
  const bodies: Record<string, unknown> = {
    '/github.com/login/oauth/access_token': tokens,
    '/api.github.com/user': { id, login: 'person', name: 'A person', email: null, avatar_url: 'https://example.com/a.png' },
    '/api.github.com/user/emails': [
      { email: `other-${email}`, primary: false, verified: true },
      { email, primary: true, verified },
    ],
    '/oauth2.googleapis.com/token': {
      ...tokens,
      id_token: ['{}', JSON.stringify(claims), ''].map((part) => Buffer.from(part).toString('base64url')).join('.'),
    },
    '/api.vercel.com/login/oauth/token': tokens,
    '/api.vercel.com/login/oauth/userinfo': claims,
  }
  const body = bodies[request.url ?? '']
  request.resume()
  reply.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}))
}

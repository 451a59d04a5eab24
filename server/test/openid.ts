import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { afterAll } from 'vitest'

export const client = { clientId: 'keyloft', clientSecret: 'a client secret of the tests alone' }

interface Person {
  email?: string
  email_verified?: boolean
  name?: string
}

export interface OpenId {
  issuer: string
  /** Who is found signed in there, under which subject. */
  people: Map<string, Person>
  /** Whose browser comes next. */
  visitor: string
  /** What was asked of its token endpoint and what it answered. */
  exchanges: { body: string; status: number; answer: string }[]
  /** Stands between it and whoever asks: returns a changed answer. */
  tamper: ((path: string, answer: string) => string) | undefined
  /** As a browser, from the address that Keyloft sends it to, up to the address it is sent back to. */
  visit(url: string): Promise<URL>
}

/** A real OpenID provider on 127.0.0.1: the package oidc-provider, whose consent page agrees by itself. */
export async function startOpenId(redirectUri: string): Promise<OpenId> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const openId: OpenId = { issuer, people: new Map(), visitor: '', exchanges: [], tamper: undefined, visit: (url) => visit(issuer, url) }
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    pkce: { required: () => true },
    issueRefreshToken: () => true,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub, ...openId.people.get(sub) }) }),
    interactions: { url: () => '/agree' },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 60, Session: 60, Grant: 60, IdToken: 60, Interaction: 60, AuthorizationCode: 60, RefreshToken: 60 },
    cookies: { keys: ['of the tests alone'] },
    jwks: undefined,
  })
  const answer = provider.callback()
  server.on('request', (request: IncomingMessage, reply: ServerResponse) => {
    if (request.url?.startsWith('/agree')) void agree(provider, openId, request, reply)
    else {
      record(openId, request, reply)
      answer(request, reply)
    }
  })
  afterAll(() => close(server))
  return openId
}

async function agree(provider: Provider, openId: OpenId, request: IncomingMessage, reply: ServerResponse) {
  const { params } = await provider.interactionDetails(request, reply)
  const grant = new provider.Grant({ accountId: openId.visitor, clientId: client.clientId })
  grant.addOIDCScope(String(params.scope))
  const result = { login: { accountId: openId.visitor }, consent: { grantId: await grant.save() } }
  await provider.interactionFinished(request, reply, result)
}

/** Keeps what its token endpoint answers, and lets the test change what anything answers. */
function record(openId: OpenId, request: IncomingMessage, reply: ServerResponse) {
  const path = request.url?.split('?')[0] ?? ''
  const asked: Buffer[] = []
  if (path === '/token') request.on('data', (chunk) => asked.push(chunk))
  const end = reply.end.bind(reply)
  reply.end = ((body?: string | Buffer) => {
    const given = body === undefined ? '' : body.toString()
    const answer = openId.tamper ? openId.tamper(path, given) : given
    if (path === '/token') openId.exchanges.push({ body: Buffer.concat(asked).toString(), status: reply.statusCode, answer })
    if (answer !== given) reply.setHeader('content-length', Buffer.byteLength(answer))
    return body === undefined ? end() : end(answer)
  }) as typeof reply.end
}

async function visit(issuer: string, url: string): Promise<URL> {
  const jar = new Map<string, string>()
  let next = new URL(url)
  for (let step = 0; step < 10; step++) {
    if (next.origin !== issuer) return next
    const reply = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), connection: 'close' },
    })
    for (const set of reply.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split(/=(.*)/)
      jar.set(name, value)
    }
    const location = reply.headers.get('location')
    if (!location) throw new Error(`${next.pathname}: ${reply.status} ${await reply.text()}`)
    next = new URL(location, next)
  }
  throw new Error('sent around for ever')
}

const close = (server: Server) =>
  new Promise((resolve) => {
    server.closeAllConnections()
    server.close(resolve)
  })

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Listener, listenHttp } from '../../../test/loopback.ts'
import { createEgress } from './egress.ts'

interface Seen {
  host: string | undefined
  method: string | undefined
  url: string | undefined
  headers: IncomingHttpHeaders
  body: string
}

/** A host that a user may name here, which sends everybody to where `targetOf` says. */
async function redirecting(statusOf: number, targetOf: (url: string, port: number) => string | string[] | undefined) {
  const seen: Seen[] = []
  const answer: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      seen.push({ host: headers.host, method, url, headers, body: Buffer.concat(chunks).toString() })
      const location = targetOf(url ?? '', server.port)
      if (location === undefined) return void response.end('arrived')
      response.statusCode = statusOf
      response.setHeader('location', location).end('moved')
    })
  }
  const server: Listener = await listenHttp(answer)
  const asked: string[] = []
  const egress = createEgress({
    allow: { plainHttp: true, ports: [server.port], networks: ['127.0.0.1/32'] },
    resolve: async (name) => {
      asked.push(name)
      return name.endsWith('.inward.dev') ? ['10.0.0.1'] : ['127.0.0.1']
    },
  })
  onTestFinished(() => egress.close())
  return { egress, seen, asked, server, port: server.port, start: `http://start.example.com:${server.port}/a` }
}

const secrets = {
  authorization: 'Bearer sk-1',
  cookie: 'a=1',
  'x-api-key': 'sk-1',
  'x-made-up-secret': 'sk-1',
  accept: 'application/json',
  'content-type': 'text/plain',
}

describe('a redirect', () => {
  it('is the answer itself unless following was asked for', async () => {
    const { egress, start, seen } = await redirecting(302, () => '/b')
    const { status, headers, body } = await egress.request(start)
    expect({ status, location: headers.location, body: body.toString() }).toEqual({ status: 302, location: '/b', body: 'moved' })
    expect(seen).toHaveLength(1)
  })

  it('is followed on the same host with everything the request had', async () => {
    const { egress, start, seen, port } = await redirecting(302, (url) => (url === '/a' ? '/b?c=1' : undefined))
    const { body, from } = await egress.request(start, { redirects: 1, headers: secrets })
    expect(body.toString()).toBe('arrived')
    expect(from).toMatchObject({ namedBy: 'user', origin: `http://start.example.com:${port}`, path: '/b?c=1' })
    expect(seen[1]?.headers).toMatchObject(secrets)
  })

  it('to another host takes no credential along, under whatever name', async () => {
    const { egress, start, seen, asked } = await redirecting(302, (url, port) =>
      url === '/a' ? `http://next.example.com:${port}/b` : undefined,
    )
    await egress.request(start, { redirects: 1, headers: secrets })
    const { host, connection, ...rest } = seen[1]?.headers ?? {}
    expect(rest).toEqual({ accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'keyloft' })
    expect(asked).toEqual(['start.example.com', 'next.example.com'])
  })

  it('to another port or scheme is one to another host', async () => {
    const other = await redirecting(302, () => undefined)
    const { egress, start } = await redirecting(302, () => `http://start.example.com:${other.port}/b`)
    await expect(egress.request(start, { redirects: 1 })).rejects.toMatchObject({ code: 'egress.port_refused' })
    expect(other.seen).toEqual([])
  })

  it.each<[string, (port: number) => string | string[], string]>([
    ['to loopback', () => 'http://127.0.0.2/', 'egress.port_refused'],
    ['to loopback on an allowed port', (port) => `http://127.0.0.2:${port}/`, 'egress.host_refused'],
    ['to metadata', (port) => `http://169.254.169.254:${port}/latest/meta-data`, 'egress.host_refused'],
    ['to metadata, mapped', (port) => `http://[::ffff:a9fe:a9fe]:${port}/`, 'egress.host_refused'],
    ['to metadata, in decimal', (port) => `http://2852039166:${port}/`, 'egress.host_refused'],
    ['to a name of the network', (port) => `http://db.internal:${port}/`, 'egress.host_refused'],
    ['to a name that leads inwards', (port) => `http://next.inward.dev:${port}/`, 'egress.host_refused'],
    ['without a scheme, to loopback', (port) => `//127.0.0.2:${port}/`, 'egress.host_refused'],
    ['with backslashes, to loopback', (port) => `\\\\127.0.0.2:${port}\\`, 'egress.host_refused'],
    ['to a file', () => 'file:///etc/passwd', 'egress.scheme_refused'],
    ['to another protocol', () => 'gopher://start.example.com/', 'egress.scheme_refused'],
    ['with a password in it', (port) => `http://a:b@start.example.com:${port}/`, 'egress.credentials_refused'],
    ['to no address at all', () => 'http://', 'egress.redirect_refused'],
    ['to two places at once', () => ['/b', '/c'], 'egress.redirect_refused'],
  ])('%s is refused', async (_, target, code) => {
    const { egress, start, seen, server, port } = await redirecting(302, (url, at) => (url === '/a' ? target(at) : undefined))
    const dialled: unknown[] = []
    const note = (message: unknown) => dialled.push(message)
    subscribe('net.client.socket', note)
    onTestFinished(() => void unsubscribe('net.client.socket', note))
    await expect(egress.request(`http://start.example.com:${port}/ok`)).resolves.toMatchObject({ status: 200 })
    await expect(egress.request(start, { redirects: 5 })).rejects.toMatchObject({ code })
    expect({ seen: seen.length, dialled: dialled.length }).toEqual({ seen: 2, dialled: server.connections })
  })

  it('from https to http is refused', async () => {
    const { start, seen } = await redirecting(302, () => undefined)
    const strict = createEgress({ resolve: async () => ['127.0.0.1'] })
    await expect(strict.request(start)).rejects.toMatchObject({ code: 'egress.scheme_refused' })
    expect(seen).toEqual([])
  })

  it.each([
    ['a limit that was asked for', 2, 3],
    ['a limit of five, whatever was asked for', 100, 6],
  ])('chain ends at %s', async (_, redirects, requests) => {
    const { egress, start, seen } = await redirecting(302, (url) => `${url}a`)
    await expect(egress.request(start, { redirects })).rejects.toMatchObject({ code: 'egress.too_many_redirects' })
    expect(seen).toHaveLength(requests)
  })

  it('in a circle over two hosts ends too', async () => {
    const { egress, start, seen } = await redirecting(307, (url, port) =>
      url === '/a' ? `http://next.example.com:${port}/b` : `http://start.example.com:${port}/a`,
    )
    await expect(egress.request(start, { redirects: 4 })).rejects.toMatchObject({ code: 'egress.too_many_redirects' })
    expect(seen).toHaveLength(5)
  })

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [302, 'PUT', 'PUT', 'sent'],
    [307, 'POST', 'POST', 'sent'],
    [308, 'POST', 'POST', 'sent'],
  ] as const)('with %i turns a %s into a %s', async (status, method, then, body) => {
    const { egress, start, seen } = await redirecting(status, (url) => (url === '/a' ? '/b' : undefined))
    await egress.request(start, { method, body: 'sent', headers: secrets, redirects: 1 })
    expect(seen[1]).toMatchObject({ method: then, body })
    expect(seen[1]?.headers['content-type']).toBe(body ? 'text/plain' : undefined)
  })

  it.each([307, 308])('with %i carries no body to another host', async (status) => {
    const { egress, start, seen } = await redirecting(status, (url, port) =>
      url === '/a' ? `http://next.example.com:${port}/b` : undefined,
    )
    await expect(egress.request(start, { method: 'POST', body: 'sent', redirects: 1 })).rejects.toMatchObject({
      code: 'egress.redirect_refused',
    })
    expect(seen).toHaveLength(1)
  })

  it('of an operator’s host keeps the trust on that origin, and nowhere else', async () => {
    const inner = await redirecting(302, () => undefined)
    const { egress, seen, port } = await redirecting(302, (url) =>
      url === '/a' ? '/b' : url === '/out' ? `http://127.0.0.1:${inner.port}/` : undefined,
    )
    const strict = createEgress({})
    onTestFinished(() => Promise.all([egress.close(), strict.close()]).then(() => {}))
    const operators = strict.namedByOperator(`http://127.0.0.1:${port}`)
    expect((await strict.request(operators.at('/a'), { redirects: 1 })).from).toMatchObject({ namedBy: 'operator', path: '/b' })
    await expect(strict.request(operators.at('/out'), { redirects: 1 })).rejects.toMatchObject({ code: 'egress.scheme_refused' })
    expect({ seen: seen.length, inner: inner.seen.length }).toEqual({ seen: 3, inner: 0 })
  })
})

import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { listenHttps, listenTcp } from '../../../test/loopback.ts'
import { makeCertificate } from '../../../test/self-signed.ts'
import { createEgress, type EgressOptions } from './egress.ts'

const certificate = makeCertificate('gateway.example.com', 'other.example.com', '127.0.0.1')
/** What this test's users may reach, so that loopback can stand for the internet. */
const loopback = '127.0.0.1/32'

function open(options: EgressOptions) {
  const egress = createEgress({ certificateAuthorities: certificate.cert, ...options })
  onTestFinished(() => egress.close())
  return egress
}

/** Gives one answer after the other, the last one for ever. */
function rebinding(...answers: string[][]) {
  const asked: string[] = []
  return {
    asked,
    resolve: async (name: string) => {
      asked.push(name)
      return answers[Math.min(asked.length, answers.length) - 1] ?? []
    },
  }
}

const serveNames = () => {
  const names: unknown[] = []
  return {
    names,
    answer: (request: { socket: unknown }, response: { end(text: string): void; setHeader(name: string, value: string): void }) => {
      names.push((request.socket as TLSSocket & { servername: string | false }).servername)
      response.end('hello')
    },
  }
}

describe('a connection to a host that a user named', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is made under the host’s name, to the address that was checked, with one question to the resolver', async () => {
    const { names, answer } = serveNames()
    const server = await listenHttps(certificate, answer)
    const { asked, resolve } = rebinding(['127.0.0.1'], ['169.254.169.254'])
    const egress = open({ allow: { ports: [server.port], networks: [loopback] }, resolve })
    const url = `https://gateway.example.com:${server.port}/v1`
    expect((await egress.request(url)).body.toString()).toBe('hello')
    expect({ asked, names, connections: server.connections }).toEqual({
      asked: ['gateway.example.com'],
      names: ['gateway.example.com'],
      connections: 1,
    })
  })

  it('is kept for the next request, which then needs no resolver', async () => {
    const { answer } = serveNames()
    const server = await listenHttps(certificate, answer)
    const { asked, resolve } = rebinding(['127.0.0.1'], ['169.254.169.254'])
    const egress = open({ allow: { ports: [server.port], networks: [loopback] }, resolve })
    for (let i = 0; i < 3; i++) {
      await egress.request(`https://gateway.example.com:${server.port}/v1`)
      await sleep(20) // a connection is free again one turn after its answer
    }
    expect({ asked: asked.length, connections: server.connections }).toEqual({ asked: 1, connections: 1 })
  })

  it('is refused when the name leads inwards by the second time', async () => {
    const server = await listenHttps(certificate, (_request, response) => response.setHeader('connection', 'close').end('hello'))
    const { resolve } = rebinding(['127.0.0.1'], ['10.0.0.1'], ['127.0.0.1', '10.0.0.1'])
    const egress = open({ allow: { ports: [server.port], networks: [loopback] }, resolve })
    const url = `https://gateway.example.com:${server.port}/v1`
    expect((await egress.request(url)).status).toBe(200)
    for (let i = 0; i < 2; i++)
      await expect(egress.request(url)).rejects.toMatchObject({ code: 'egress.host_refused', message: 'This host is not called.' })
    expect(server.connections).toBe(1)
  })

  it('does not follow a resolver that answers otherwise between check and dial', async () => {
    const { asked, resolve } = rebinding(['93.184.216.34'], ['127.0.0.1'])
    const dialled: unknown[] = []
    vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
      const { lookup } = args[0] as { lookup: (name: string, options: object, done: (...all: unknown[]) => void) => void }
      // Node asks when it dials, and may ask again for another attempt.
      for (let i = 0; i < 2; i++) lookup('gateway.example.com', { all: true }, (_error, addresses) => dialled.push(addresses))
      queueMicrotask(() => this.destroy(new Error('not sent')))
      return this
    })
    await expect(open({ resolve }).request('https://gateway.example.com/')).rejects.toMatchObject({ code: 'egress.unreachable' })
    const checked = [{ address: '93.184.216.34', family: 4 }]
    expect(dialled).toEqual([checked, checked])
    expect(asked).toHaveLength(1)
  })

  it('is cut before its first byte when another address than the checked one answers', async () => {
    let receivedBytes = 0
    const server = await listenTcp((socket) => socket.on('data', (chunk) => (receivedBytes += chunk.length)))
    const connect = Socket.prototype.connect
    vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
      return Reflect.apply(connect, this, [{ host: '127.0.0.1', port: server.port }])
    })
    const refusal = await open({ resolve: async () => ['93.184.216.34'] })
      .request('https://gateway.example.com/')
      .catch((error) => error)
    expect(refusal).toMatchObject({ code: 'egress.host_refused', internal: 'gateway.example.com led to 127.0.0.1' })
    expect(refusal.message + refusal.hint).not.toContain('127.0.0.1')
    await vi.waitFor(() => expect(server.connections).toBe(1))
    expect(receivedBytes).toBe(0)
  })

  it('tries the next checked address where one does not answer', async () => {
    const { answer } = serveNames()
    const server = await listenHttps(certificate, answer)
    const egress = open({
      allow: { ports: [server.port], networks: ['127.0.0.0/8', '::1/128'] },
      resolve: async () => ['::1', '127.0.0.1'],
    })
    expect((await egress.request(`https://gateway.example.com:${server.port}/`)).status).toBe(200)
  })

  it.each([
    ['a certificate of another name', makeCertificate('elsewhere.example.com'), true],
    ['a certificate nobody vouches for', makeCertificate('gateway.example.com'), false],
  ])('is refused with %s', async (_, theirs, trusted) => {
    const server = await listenHttps(theirs, (_request, response) => response.end('hello'))
    const egress = open({
      allow: { ports: [server.port], networks: [loopback] },
      resolve: async () => ['127.0.0.1'],
      certificateAuthorities: trusted ? theirs.cert : certificate.cert,
    })
    await expect(egress.request(`https://gateway.example.com:${server.port}/`)).rejects.toMatchObject({ code: 'egress.tls_failed' })
  })

  it('takes the name for TLS from the host dialled, not from a Host header that slipped in', async () => {
    const { names, answer } = serveNames()
    const server = await listenHttps(certificate, answer)
    const egress = open({ allow: { ports: [server.port], networks: [loopback] }, resolve: async () => ['127.0.0.1'] })
    const to = egress.namedByUser(`https://gateway.example.com:${server.port}/`)
    const answered = await egress
      .dispatcherFor(to)
      .request({ origin: to.origin, path: '/', method: 'GET', headers: { host: 'other.example.com' } })
    await answered.body.dump()
    expect(names).toEqual(['gateway.example.com'])
    await expect(egress.request(to, { headers: { Host: 'other.example.com' } })).rejects.toMatchObject({ code: 'egress.request_invalid' })
  })

  it('may go to an address without a name, where the certificate says so', async () => {
    const { names, answer } = serveNames()
    const server = await listenHttps(certificate, answer)
    const egress = open({ allow: { ports: [server.port], networks: [loopback] } })
    expect((await egress.request(`https://127.0.0.1:${server.port}/`)).status).toBe(200)
    expect(names).toEqual([false])
  })
})

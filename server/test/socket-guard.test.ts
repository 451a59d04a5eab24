import { get } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createEgress } from '../src/platform/egress/egress.ts'
import { openSocket } from '../src/platform/egress/known-sockets.ts'
import { listenHttp } from './loopback.ts'
import { asTestClient, takeFaults } from './socket-guard.ts'

/** Files of the folder `planted` count as the product's own. */
const planted: Record<string, () => Promise<{ dial: (port: number) => Promise<unknown> }>> = {
  'fetch by its name': () => import('./planted/named-fetch.ts'),
  'fetch taken out of globalThis': () => import('./planted/destructured-fetch.ts'),
  'fetch by a computed name': () => import('./planted/computed-fetch.ts'),
  'a dynamic import of node:http': () => import('./planted/dynamic-http.ts'),
  'node:net': () => import('./planted/net-connect.ts'),
  'process.getBuiltinModule': () => import('./planted/builtin-module.ts'),
  'node:tls': () => import('./planted/tls-connect.ts'),
  'node:http2': () => import('./planted/http2-connect.ts'),
  'node:dgram': () => import('./planted/datagram.ts'),
  WebSocket: () => import('./planted/web-socket.ts'),
  'a client of its own': () => import('./planted/own-client.ts'),
  'a timer that leaves no trace of its caller': () => import('./planted/behind-a-timer.ts'),
}

describe('the socket guard', () => {
  it.each(Object.entries(planted))('catches a file of the product that dials by %s', async (_, load) => {
    const server = await listenHttp((_request, response) => response.end('hello'))
    const { dial } = await load()
    await dial(server.port)
    const faults = takeFaults()
    expect(faults).not.toEqual([])
    expect(faults[0]?.what).toMatch(/was (called|opened)$/)
  })

  it('catches a planted fetch that may ride on a connection of the test', async () => {
    const server = await listenHttp((_request, response) => response.end('hello'))
    await (await fetch(`http://127.0.0.1:${server.port}/`)).text()
    expect(takeFaults()).toEqual([])
    const { dial } = await import('./planted/named-fetch.ts')
    await dial(server.port)
    expect(takeFaults()[0]).toMatchObject({ what: 'fetch was called' })
  })

  it('catches a planted fetch even where the door stands behind it', async () => {
    const egress = createEgress()
    const uninstall = egress.installGlobally()
    try {
      const { dial } = await import('./planted/named-fetch.ts')
      await expect(dial(9)).rejects.toThrow()
      expect(takeFaults()).toMatchObject([{ what: 'fetch was called' }])
    } finally {
      uninstall()
      await egress.close()
    }
  })

  it('lets a test’s own clients dial', async () => {
    const server = await listenHttp((_request, response) => response.end('hello'))
    await (await fetch(`http://127.0.0.1:${server.port}/`)).text()
    await new Promise((resolve) => get({ port: server.port, host: '127.0.0.1' }, (answer) => answer.resume().on('end', resolve)))
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end(resolve))
    })
    expect(takeFaults()).toEqual([])
    expect(server.connections).toBe(3)
  })

  it('takes a test’s word for a client whose caller cannot be seen', async () => {
    const server = await listenHttp((_request, response) => response.end('hello'))
    const dialUnseen = () =>
      new Promise((resolve) => setTimeout(get as (...args: unknown[]) => void, 1, { port: server.port, host: '127.0.0.1' }, resolve))
    await dialUnseen()
    expect(takeFaults()).toHaveLength(1)
    await asTestClient(dialUnseen)
    expect(takeFaults()).toEqual([])
  })

  it('lets through what the door opens', async () => {
    const server = await listenHttp((_request, response) => response.end('hello'))
    const egress = createEgress()
    expect((await egress.request(egress.namedByOperator(`http://127.0.0.1:${server.port}/`))).status).toBe(200)
    await new Promise<void>((resolve) => {
      const socket = openSocket().connect(server.port, '127.0.0.1', () => socket.end(resolve))
    })
    expect(takeFaults()).toEqual([])
    await egress.close()
  })
})

import type { RequestListener } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Certificate } from './self-signed.ts'

/** A listener on 127.0.0.1 that counts who came, gone with the test. */
export interface Listener {
  port: number
  connections: number
}

export const listenHttp = (answer: RequestListener) => listen(createHttpServer(answer))
export const listenHttps = ({ key, cert }: Certificate, answer: RequestListener) => listen(createHttpsServer({ key, cert }, answer))
export const listenTcp = (onConnection: (socket: Socket) => void = () => {}) => listen(createTcpServer(onConnection))

async function listen(server: Server): Promise<Listener> {
  const open = new Set<Socket>()
  const listener = { port: 0, connections: 0 }
  server.on('connection', (socket) => {
    listener.connections++
    open.add(socket.on('error', () => {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  listener.port = (server.address() as AddressInfo).port
  onTestFinished(async () => {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return listener
}

import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

/** A provider that says, byte for byte, what a test wants, and as badly as it wants. */
export interface RawProvider {
  url: string
  /** Of each request, whole. */
  seen: string[]
  /** Resolves when the other side has hung up on the n-th request, from 0. */
  hungUp(index: number): Promise<void>
}

/** What a provider does with the n-th request it gets, from 0. */
export type Script = (socket: Socket, index: number) => unknown

export async function startRaw(script: Script): Promise<RawProvider> {
  const seen: string[] = []
  const ends: PromiseWithResolvers<void>[] = []
  const endOf = (index: number) => (ends[index] ??= Promise.withResolvers())
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    let text = ''
    const ofThisSocket: number[] = []
    socket.once('close', () => {
      for (const index of ofThisSocket) endOf(index).resolve()
    })
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      const [, head] = /^([\s\S]*?\r\n\r\n)/.exec(text) ?? []
      if (head === undefined || !isWhole(head, text.slice(head.length))) return
      const index = seen.push(text) - 1
      text = ''
      ofThisSocket.push(index)
      void script(socket, index)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, hungUp: (index) => endOf(index).promise }
}

function isWhole(head: string, body: string): boolean {
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return body.endsWith('0\r\n\r\n')
  return body.length >= Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0)
}

export const eventStreamHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

export function jsonAnswer(status: number, body: object, headers: Record<string, string> = {}): string {
  const text = JSON.stringify(body)
  const lines = Object.entries({ 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)), ...headers })
  return `HTTP/1.1 ${status} Said\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`
}

/** A piece in chunked transfer encoding; none is the end. */
export const chunked = (piece: string | Buffer = '') =>
  Buffer.concat([Buffer.from(`${Buffer.byteLength(piece).toString(16)}\r\n`), Buffer.from(piece), Buffer.from('\r\n')])

/** An event of a completion that says this. */
export const saying = (content: string, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more })}\n\n`

/** Bytes one after another, with a moment between them. */
export async function dribble(socket: Socket, bytes: Buffer, everyMs = 1) {
  for (const byte of bytes) {
    if (socket.destroyed) return
    socket.write(Buffer.of(byte))
    await sleep(everyMs)
  }
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

/** What somebody does about a call, and says when it is done. */
export interface Books {
  /** Before the call is made. */
  open?: (id: string, opened: () => void) => void
  /** Before its answer leaves. */
  end: (id: string, ended: () => void) => void
}

/** The bare proxy, but for what `books` hold back. It answers when it listens with its port, and ends with its caller. */
export async function serveHolding(provider: string, nextId: () => string, { open, end }: Books, use: (port: number) => Promise<void>) {
  const pool = new Pool(provider, { connections: 512 })
  const server = createServer((request, response) => {
    const id = nextId()
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => (open ? open(id, call) : call()))

    function call() {
      let status = 0
      let type = ''
      const answer: Buffer[] = []
      pool.dispatch(
        {
          path: '/v1/chat/completions',
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'Bearer sk-mock' },
          body: inOne(pieces),
        },
        {
          onRequestStart() {},
          onResponseStart(_controller, given, headers) {
            status = given
            type = String(headers['content-type'])
          },
          onResponseData: (_controller, piece) => void answer.push(piece),
          onResponseEnd: () =>
            end(id, () => {
              const bytes = inOne(answer)
              response.writeHead(status, { 'content-type': type, 'content-length': bytes.length }).end(bytes)
            }),
          onResponseError: () => void response.destroy(),
        },
      )
    }
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await use((server.address() as AddressInfo).port)
  server.closeAllConnections()
  server.close()
  await pool.close()
}

function inOne(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
}

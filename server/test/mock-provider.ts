import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

/** What stands in for every provider: it takes one key, and answers otherwise where a test says so. */
export interface MockProvider {
  url: string
  host: string
  goodKey: string
  /** Method, path and headers of every request, in order. */
  seen: { method: string; path: string; headers: IncomingMessage['headers'] }[]
  /** Until it is undone. */
  answer: RequestListener
  /** Lets everything hang that comes; returns what ends it. */
  hang(): () => void
}

export async function createMockProvider(goodKey = 'sk-good-key-of-the-mock-0000'): Promise<MockProvider> {
  const byKey = ({ headers }: IncomingMessage, response: ServerResponse) => {
    const given = headers.authorization?.replace('Bearer ', '') ?? headers['x-api-key'] ?? headers['x-goog-api-key']
    response.writeHead(given === mock.goodKey ? 200 : 401, { 'content-type': 'application/json' })
    // A provider's words may quote the key; ours must not.
    response.end(JSON.stringify(given === mock.goodKey ? { data: [] } : { error: { message: `Incorrect API key provided: ${given}` } }))
  }
  const mock: MockProvider = {
    url: '',
    host: '',
    goodKey,
    seen: [],
    answer: byKey,
    hang() {
      const waiting: ServerResponse[] = []
      mock.answer = (_request, response) => void waiting.push(response)
      return () => {
        mock.answer = byKey
        for (const response of waiting) response.destroy()
      }
    },
  }
  const server = createServer((request, response) => {
    mock.seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers })
    mock.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  mock.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  mock.url = `http://${mock.host}`
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return mock
}

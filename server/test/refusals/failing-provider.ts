import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

/**
 * A provider that works once for each key, so that nobody takes it for one that is down, and then fails as the key says:
 * `sk-429-…` is told to wait at once, `sk-502-…` is hung up on, `sk-504-…` hears nothing.
 */
export async function startFailingProvider(): Promise<string> {
  const known = new Set<string>()
  const server = createServer((request, response) => {
    const { authorization, 'x-api-key': xApiKey, 'x-goog-api-key': xGoogApiKey } = request.headers
    const key = String(authorization ?? xApiKey ?? xGoogApiKey)
    const failure = /sk-(\d+)-/.exec(key)?.[1]
    request.resume()
    if (failure === '429') return response.writeHead(429, { 'retry-after': '30', 'content-type': 'application/json' }).end('{}')
    if (!known.has(key)) return known.add(key) && response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    if (failure === '502') request.socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import { mockChat } from '../../src/domains/mock-provider/mock-chat.ts'

/** The mock provider on its own, which refuses, or never ends, where the model's name says so. */
export interface Provider {
  url: string
  /** How many answers without an end were given up by the other side. */
  left: number
}

const refusal = (message: string, type: string, code: string) => JSON.stringify({ error: { message, type, param: null, code } })
const refusals: Record<string, { status: number; headers: Record<string, string>; body: string }> = {
  'mock-busy': { status: 429, headers: { 'retry-after': '30' }, body: refusal('Slow down, please.', 'requests', 'rate_limit_exceeded') },
  'mock-strict': { status: 400, headers: {}, body: refusal('Too long a text.', 'invalid_request_error', 'context_length_exceeded') },
}

export async function startProvider(): Promise<Provider> {
  const provider = { url: '', left: 0 }
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces)
    const [, model = ''] = /"model":"([^"]*)"/.exec(body.toString()) ?? []
    const refused = refusals[model]
    if (refused) return response.writeHead(refused.status, { 'content-type': 'application/json', ...refused.headers }).end(refused.body)
    const answer = mockChat(body)
    response.writeHead(answer.status, answer.headers)
    if (model !== 'mock-endless') {
      for (const piece of answer.pieces) response.write(piece)
      return response.end()
    }
    response.on('close', () => provider.left++)
    for (let at = 0; !response.destroyed; at = (at + 1) % 3) {
      response.write(answer.pieces[at] ?? '')
      await sleep(10)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return provider
}

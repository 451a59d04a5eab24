import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { onTestFinished } from 'vitest'
import { mockChat } from '../../src/domains/mock-provider/mock-chat.ts'

export interface Counts {
  input: number
  output: number
  /** What its whole answer has by the public tokenizer, by which we estimate. */
  publicOutput: number
}

export interface PacedProvider {
  url: string
  /** What it counted for a call, by the first word that was said to it. */
  counts: Map<string, Counts>
}

/** The mock provider, at the pace of a model: a moment before each piece. One in three begins at once. */
export async function startPaced(mostPauseMs: number): Promise<PacedProvider> {
  const counts = new Map<string, Counts>()
  const server = createServer(async (request, response) => {
    response.on('error', () => {})
    const received: Buffer[] = []
    for await (const piece of request) received.push(piece as Buffer)
    const { status, headers, pieces } = mockChat(Buffer.concat(received))
    const [, said = ''] = /"content":"([^" ]+)/.exec(Buffer.concat(received).toString()) ?? []
    const [, input, output] = /"usage":{"prompt_tokens":(\d+),"completion_tokens":(\d+)/.exec(pieces.join('')) ?? []
    const text = [...pieces.join('').matchAll(/"content":"([^"]*)"/g)].map(([, words]) => words).join('')
    counts.set(said, { input: Number(input), output: Number(output), publicOutput: countTokens(text) })
    if (counts.size % 3 > 0) await sleep(Math.random() * mostPauseMs * 4)
    response.writeHead(status, headers)
    for (const piece of pieces) {
      if (response.destroyed) return
      response.write(piece)
      await sleep(Math.random() * mostPauseMs)
    }
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, counts }
}

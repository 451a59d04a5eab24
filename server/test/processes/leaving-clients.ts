import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { abortCorpus, type CorpusEntry, promptTokensOf, requestOf, speak } from '../abort-corpus.ts'

/** What a provider counted of a call. */
export interface Said {
  prompt: number
  /** Of what it had said when the other side hung up, if it did. */
  sent: number
  whole: number
}

export interface SpeakingProvider {
  url: string
  said: Map<string, Said>
}

const spoken = abortCorpus.map((entry) => speak(entry))
const prompts = abortCorpus.map(promptTokensOf)

/** Says the answers of the corpus, a few tokens at a time, and knows how many. Calls are known by their `user`. */
export async function startSpeaking(): Promise<SpeakingProvider> {
  const said = new Map<string, Said>()
  const server = createServer(async (request, response) => {
    response.on('error', () => {})
    const received: Buffer[] = []
    for await (const piece of request) received.push(piece as Buffer)
    const { user, metadata } = JSON.parse(Buffer.concat(received).toString()) as { user: string; metadata: { entry: number } }
    const pieces = spoken[metadata.entry] ?? []
    const whole = pieces.reduce((sum, { tokens }) => sum + tokens, 0)
    const call: Said = { prompt: prompts[metadata.entry] ?? 0, sent: 0, whole }
    said.set(user, call)
    const chunk = (more: object) => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...more })}\n\n`
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let at = 0; at < pieces.length; ) {
      if (response.destroyed) return
      const next = at + 1 + Math.floor(Math.random() * 12)
      const some = pieces.slice(at, next)
      response.write(some.map(({ delta }) => chunk({ choices: [{ index: 0, delta, finish_reason: null }] })).join(''))
      call.sent += some.reduce((sum, { tokens }) => sum + tokens, 0)
      at = next
      await sleep(Math.random() * 4)
    }
    const usage = { prompt_tokens: call.prompt, completion_tokens: whole, total_tokens: call.prompt + whole }
    response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
    response.end(`${chunk({ choices: [], usage })}data: [DONE]\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, said }
}

/** A call as its client saw it. */
export interface Left {
  id: string
  model: string
  isAnswer: boolean
  isWhole: boolean
  /** Tokens that had come when it left. */
  received: number
}

/** Calls, of which one in five hears the answer to its end. */
export async function callAndLeave(base: string, token: string, number: number, model: string): Promise<Left> {
  const id = `leaver-${String(number).padStart(6, '0')}`
  const entry = number % abortCorpus.length
  const pieces = spoken[entry] ?? []
  const leavesAt = number % 5 === 0 ? undefined : Math.floor(Math.random() * (pieces.length + 4)) - 2
  const body = JSON.stringify({ ...requestOf(abortCorpus[entry] as CorpusEntry, model), user: id, metadata: { entry } })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-request-id': id }
  const left: Left = { id, model, isAnswer: false, isWhole: false, received: 0 }
  let deltas = 0
  let hasLeft = false
  return new Promise((resolve) => {
    const leave = () => {
      hasLeft = true
      sent.destroy()
    }
    const sent = httpRequest(`${base}/v1/chat/completions`, { method: 'POST', agent: false, headers }, (response) => {
      left.isAnswer = response.headers['x-keyloft-credential'] !== undefined
      if (leavesAt !== undefined && leavesAt <= 0) leave()
      response.setEncoding('latin1')
      response.on('error', () => {})
      response.on('data', (text: string) => {
        if (hasLeft) return
        deltas += text.split('"delta"').length - 1
        if (leavesAt !== undefined && deltas >= leavesAt) leave()
      })
      response.on('close', () => {
        left.isWhole = response.complete && !hasLeft
        left.received = pieces.slice(0, deltas).reduce((sum, { tokens }) => sum + tokens, 0)
        resolve(left)
      })
    })
    sent.on('error', () => resolve(left))
    sent.end(body)
    if (leavesAt !== undefined && leavesAt < 0) setTimeout(leave, Math.random() * 30)
  })
}

import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { mockChat } from '../../src/domains/mock-provider/mock-chat.ts'

/** A call as its client saw it. */
export interface Seen {
  /** Our request id, and the first word that is said to the provider. */
  id: string
  status: number
  /** Whether it was the provider's answer, of which at least the head came. */
  isAnswer: boolean
  isWhole: boolean
  /** Whether what came is what the provider says without us in between, or its beginning. */
  isFaithful: boolean
  leftEarly: boolean
}

export interface Load {
  /** Where to call just now. */
  base: () => string
  tokens: readonly string[]
  /** So many answers, or beginnings of one. */
  answers: number
  clients: number
  onAnswer(count: number): void
}

const callsBeforeOneLeaves = 9

/** Clients that call one after another, JSON and streams in turn. Some leave in the middle. Where nobody answers they come again. */
export async function makeCalls({ base, tokens, answers, clients, onAnswer }: Load): Promise<Seen[]> {
  const seen: Seen[] = []
  let answered = 0
  let number = 0
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      while (answered < answers) {
        const call = await makeCall(base(), tokens[client % tokens.length] as string, number++)
        seen.push(call)
        if (call.isAnswer) onAnswer(++answered)
        else await sleep(50)
      }
    }),
  )
  return seen
}

function makeCall(base: string, token: string, number: number): Promise<Seen> {
  const id = `call-${String(number).padStart(6, '0')}`
  const content = `${id}${' word'.repeat(number % 23)}`
  const streams = number % 2 === 1
  const usage = streams && number % 4 === 1 ? { stream_options: { include_usage: true } } : {}
  const body = JSON.stringify({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content }],
    ...(streams ? { stream: true } : {}),
    ...usage,
  })
  const expected = mockChat(Buffer.from(body)).pieces.join('')
  const leavesAfterMs = number % callsBeforeOneLeaves === 0 ? Math.random() * 80 : undefined
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-request-id': id }

  return new Promise((resolve) => {
    const seen: Seen = { id, status: 0, isAnswer: false, isWhole: false, isFaithful: true, leftEarly: false }
    let text = ''
    const over = () => {
      clearTimeout(leaving)
      seen.isFaithful = !seen.isAnswer || (seen.isWhole ? text === expected : expected.startsWith(text))
      resolve(seen)
    }
    const sent = httpRequest(`${base}/v1/chat/completions`, { method: 'POST', agent: false, headers }, (response) => {
      seen.status = response.statusCode ?? 0
      seen.isAnswer = response.headers['x-keyloft-credential'] !== undefined
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('error', () => {}) // cut: `close` tells
      response.on('close', () => {
        seen.isWhole = response.complete && !seen.leftEarly
        over()
      })
    })
    sent.on('error', over)
    sent.end(body)
    const leave = () => {
      seen.leftEarly = true
      sent.destroy()
    }
    const leaving = leavesAfterMs === undefined ? undefined : setTimeout(leave, leavesAfterMs)
  })
}

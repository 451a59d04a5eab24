import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { announce } from './announce.ts'

/* A provider that costs as little as Node's own server allows: always the same answer, as OpenAI forms it. */

const content = 'The same answer to every question, about as long as one sentence of a chat is.'
const usage = '{"prompt_tokens":120,"completion_tokens":16,"total_tokens":136,"prompt_tokens_details":{"cached_tokens":64}}'
const base = '"id":"chatcmpl-0123456789abcdef01234567","created":1795219200,"model":"gpt-4o-mini","service_tier":"default"'
const json = Buffer.from(
  `{${base},"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"${content}","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":${usage}}`,
)
const events = (isAsked: boolean) => {
  const none = isAsked ? ',"usage":null' : ''
  const chunk = (delta: string, finish: string) =>
    `data: {${base},"object":"chat.completion.chunk","choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]${none}}\n\n`
  return [
    ...(content.match(/\s*\S+/g)?.map((word) => chunk(`{"content":"${word}"}`, 'null')) ?? []),
    chunk('{}', '"stop"'),
    ...(isAsked ? [`data: {${base},"object":"chat.completion.chunk","choices":[],"usage":${usage}}\n\n`] : []),
    'data: [DONE]\n\n',
  ].map((text) => Buffer.from(text))
}
const [plain, withUsage] = [events(false), events(true)]

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const body = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
    if (!body.includes('"stream":true')) {
      return void response.writeHead(200, { 'content-type': 'application/json', 'content-length': json.length }).end(json)
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    const all = body.includes('"include_usage":true') ? withUsage : plain
    if (body.includes('"paced":true')) return void pace(response, all)
    for (const event of all) response.write(event)
    response.end()
  })
})

const beforeFirstMs = 100
const betweenMs = 20

/** As a model speaks: silence, then a word at a time. */
function pace(response: ServerResponse, events: readonly Buffer[]) {
  let next = 0
  const say = () => {
    const event = events[next++]
    if (!event) return void response.end()
    response.write(event)
    setTimeout(say, betweenMs)
  }
  response.flushHeaders()
  setTimeout(say, beforeFirstMs)
}
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))

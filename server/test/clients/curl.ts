import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { OfficialClient, Target, Turn } from './target.ts'

/** The key in the configuration on stdin: an argument would show it to everybody on the machine. */
function runCurl({ baseURL, apiKey }: Target, turn: Turn) {
  const args = ['-sS', '-N', '-K', '-', '-w', '%{stderr}%{http_code}', `${baseURL}/chat/completions`, '-d', JSON.stringify(toBody(turn))]
  const child = spawn('curl', args, { stdio: 'pipe' })
  child.stdin.end(`header = "Authorization: Bearer ${apiKey}"\nheader = "content-type: application/json"\n`)
  return child
}

function toBody({ model, text, stream, wantsUsage, tool, schema, image }: Turn): object {
  const content = image
    ? [
        { type: 'text', text },
        { type: 'image_url', image_url: { url: image } },
      ]
    : text
  return {
    model,
    messages: [{ role: 'user', content }],
    ...(stream ? { stream } : {}),
    ...(wantsUsage ? { stream_options: { include_usage: true } } : {}),
    ...(tool ? { tools: [{ type: 'function', function: tool }] } : {}),
    ...(schema ? { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } } : {}),
  }
}

class Refused extends Error {
  readonly status: number
  constructor(status: number, body: string) {
    super(body)
    this.status = status
  }
}

export const curl: OfficialClient = {
  name: 'curl',
  maker: 'openai',
  base: '/v1',
  operation: 'chat.completions',
  async take(target, turn) {
    const child = runCurl(target, turn)
    let [bytes, status] = ['', '']
    child.stdout.setEncoding('latin1').on('data', (piece: string) => {
      bytes += piece
    })
    child.stderr.setEncoding('latin1').on('data', (piece: string) => {
      status += piece
    })
    await once(child, 'close')
    if (status !== '200') throw new Refused(Number(status), bytes)
    return { result: bytes, bytes }
  },
  async leave(target, turn) {
    const child = runCurl(target, turn)
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    await once(child, 'close')
  },
  statusOf: (error) => (error instanceof Refused ? error.status : undefined),
}

import { describe, expect, it } from 'vitest'
import { createLog, redact } from './log.ts'

describe('redact', () => {
  it.each([
    ['an OpenAI key', 'sk-proj-abcdefghijklmnop1234567890'],
    ['an Anthropic key', 'sk-ant-api03-abcdefghijklmnop-1234567890'],
    ['an OpenRouter key', 'sk-or-v1-0123456789abcdef0123456789abcdef'],
    ['an xAI key', 'xai-abcdefghijklmnopqrstuvwx'],
    ['a Google key', 'AIzaSyA-abcdefghijklmnopqrstuvwxyz01234'],
    ['one of our tokens', 'klt_abcdefghijklmnopqrstuvwx'],
    ['a sealed value', 'kl1.0198f0c2.1.abcdefghijklmnop'],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
  ])('takes %s out of a text', (_name, secret) => {
    const line = redact(`{"msg":"refused ${secret} at once","n":1}`)
    expect(line).toBe('{"msg":"refused [redacted] at once","n":1}')
  })

  it('takes the password out of an address', () => {
    expect(redact('postgresql://ada:hunter2@db.example.com/app')).toBe('postgresql://ada:[redacted]@db.example.com/app')
  })

  it('does not take what lies between two fields for a password', () => {
    const line = '{"url":"https://db.example.com","user":"ada@example.com"}'
    expect(redact(line)).toBe(line)
    expect(redact('{"url":"postgresql://ada:hunt\\"er2@db.example.com/app"}')).toBe(
      '{"url":"postgresql://ada:[redacted]@db.example.com/app"}',
    )
  })

  it('leaves ordinary lines as they are', () => {
    const line = '{"level":30,"time":"2026-11-20T10:00:00.000Z","reqId":"0198f0c2-1111-7000-8000-000000000000","msg":"request completed"}'
    expect(redact(line)).toBe(line)
  })
})

describe('the log', () => {
  it('takes the words of an error and of its cause, and nothing that is attached to it', () => {
    const lines: string[] = []
    const log = createLog('trace', { write: (line) => lines.push(line) })
    const cause = new Error('the cause')
    const attached = {
      code: 'E_PARSE',
      rawPacket: Buffer.from('authorization: bearer hunter2'),
      request: { headers: { other: 'hunter2' } },
    }
    log.trace({ err: Object.assign(new Error('not HTTP', { cause }), attached) }, 'client error')
    expect(JSON.parse(lines.join())).toMatchObject({ err: { type: 'Error', message: 'not HTTP: the cause', code: 'E_PARSE' } })
    expect(lines.join()).not.toMatch(/hunter2|rawPacket|Buffer/)
  })
})

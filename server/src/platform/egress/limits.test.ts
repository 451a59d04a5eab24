import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listenTcp } from '../../../test/loopback.ts'
import { createEgress, type Limits, type RequestOptions } from './egress.ts'

const KIB = 1_024
const short: Partial<Limits> = {
  connectTimeoutMs: 300,
  totalTimeoutMs: 450,
  headersTimeoutMs: 300,
  idleTimeoutMs: 300,
  bodyBytes: 64 * KIB,
  headerBytes: 8 * KIB,
}
const head = 'HTTP/1.1 200 OK\r\n'

/** A host that does its worst with the socket once a request has come. */
async function hostile(answer: (socket: Socket) => void) {
  const server = await listenTcp((socket) => socket.once('data', () => answer(socket)))
  const egress = createEgress({ limits: short })
  onTestFinished(() => egress.close())
  const to = egress.namedByOperator(`http://127.0.0.1:${server.port}/`)
  return { egress, to, request: (options?: RequestOptions) => egress.request(to, options) }
}

/** Writes for ever, as fast as the other side takes it, or one piece every so often. */
function flood(socket: Socket, beginning: string, piece: string, everyMs = 0) {
  socket.write(beginning)
  const write = () => {
    if (socket.destroyed) return clearInterval(timer)
    while (socket.write(piece) && everyMs === 0 && socket.writableLength < 256 * KIB);
  }
  const timer = setInterval(write, everyMs || 1)
}

const answers: [string, string, (socket: Socket) => void][] = [
  ['never answers', 'egress.timeout', () => {}],
  ['stops in the middle of its headers', 'egress.timeout', (socket) => socket.write(`${head}content-len`)],
  ['sends its headers byte by byte', 'egress.timeout', (socket) => flood(socket, head, 'x', 50)],
  ['stops in the middle of its body', 'egress.timeout', (socket) => socket.write(`${head}content-length: 10\r\n\r\nabc`)],
  ['sends its body byte by byte, for ever', 'egress.timeout', (socket) => flood(socket, `${head}content-length: 9999\r\n\r\n`, 'x', 50)],
  ['says "continue" for ever', 'egress.timeout', (socket) => flood(socket, '', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 50)],
  ['announces more than is allowed', 'egress.too_large', (socket) => socket.write(`${head}content-length: ${64 * KIB + 1}\r\n\r\n`)],
  ['sends a body without end', 'egress.too_large', (socket) => flood(socket, `${head}\r\n`, 'x'.repeat(KIB))],
  [
    'sends chunks without end',
    'egress.too_large',
    (socket) => flood(socket, `${head}transfer-encoding: chunked\r\n\r\n`, `400\r\n${'x'.repeat(KIB)}\r\n`),
  ],
  ['sends one header without end', 'egress.too_large', (socket) => flood(socket, `${head}a: `, 'x'.repeat(KIB))],
  ['sends headers without end', 'egress.too_large', (socket) => flood(socket, head, 'a: b\r\n'.repeat(100))],
  ['sends something that is not HTTP', 'egress.bad_response', (socket) => socket.end('-ERR unknown command\r\n')],
  ['sends two lengths', 'egress.bad_response', (socket) => socket.end(`${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`)],
  [
    'sends length and chunks',
    'egress.bad_response',
    (socket) => socket.end(`${head}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
  ],
  ['sends a chunk of no size', 'egress.bad_response', (socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n`)],
  ['hangs up', 'egress.unreachable', (socket) => socket.destroy()],
  ['hangs up in the middle of its body', 'egress.unreachable', (socket) => socket.end(`${head}content-length: 10\r\n\r\nabc`)],
  ['resets the connection', 'egress.unreachable', (socket) => socket.resetAndDestroy()],
]

describe('a host that', () => {
  it.each(answers)('%s ends in %s', async (_, code, answer) => {
    const { request } = await hostile(answer)
    const started = performance.now()
    await expect(request()).rejects.toMatchObject({ code })
    expect(performance.now() - started).toBeLessThan(2_500)
  })

  it.each([
    ['its headers', 'UND_ERR_HEADERS_TIMEOUT', ''],
    ['the next byte', 'UND_ERR_BODY_TIMEOUT', `${head}content-length: 10\r\n\r\nabc`],
  ])('lets us wait for %s ends before the whole time is over', async (_, code, beginning) => {
    const { request } = await hostile((socket) => socket.write(beginning))
    await expect(request({ totalTimeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'egress.timeout',
      internal: expect.stringContaining(code),
    })
  })

  it('takes the connection and never speaks TLS ends in egress.timeout', async () => {
    const server = await listenTcp()
    const egress = createEgress({
      limits: short,
      allow: { ports: [server.port], networks: ['127.0.0.1/32'] },
      resolve: async () => ['127.0.0.1'],
    })
    onTestFinished(() => egress.close())
    await expect(egress.request(`https://gateway.example.com:${server.port}/`)).rejects.toMatchObject({ code: 'egress.timeout' })
  })

  it('speaks something else than TLS ends in egress.tls_failed', async () => {
    const server = await listenTcp((socket) => socket.end('220 mail.example.com ESMTP\r\n'))
    const egress = createEgress({
      limits: short,
      allow: { ports: [server.port], networks: ['127.0.0.1/32'] },
      resolve: async () => ['127.0.0.1'],
    })
    onTestFinished(() => egress.close())
    await expect(egress.request(`https://gateway.example.com:${server.port}/`)).rejects.toMatchObject({ code: 'egress.tls_failed' })
  })

  it('has a name server that never answers ends in egress.timeout', async () => {
    const egress = createEgress({ limits: short, resolve: () => new Promise(() => {}) })
    onTestFinished(() => egress.close())
    await expect(egress.request('https://gateway.example.com/')).rejects.toMatchObject({ code: 'egress.timeout' })
  })

  it('does not listen ends in egress.unreachable, whose words hold no address', async () => {
    const { egress } = await hostile(() => {})
    const refusal = await egress.request(egress.namedByOperator('http://127.0.0.1:1/')).catch((error) => error)
    expect(refusal).toMatchObject({ code: 'egress.unreachable', status: 502, internal: expect.stringContaining('ECONNREFUSED') })
    expect(JSON.stringify(refusal) + refusal.message + refusal.hint).not.toContain('127.0.0.1')
  })

  it('sends a small answer that would unpack to a large one has it left packed', async () => {
    const bomb = gzipSync(Buffer.alloc(8 * KIB * KIB))
    const { request } = await hostile((socket) => {
      socket.write(`${head}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`)
      socket.end(bomb)
    })
    expect((await request()).body.equals(bomb)).toBe(true)
  })

  it('answers in time and size is heard to the last byte', async () => {
    const { request } = await hostile((socket) => socket.end(`${head}content-length: ${64 * KIB}\r\n\r\n${'x'.repeat(64 * KIB)}`))
    expect((await request()).body).toHaveLength(64 * KIB)
  })

  it('may take longer or send more where a call says so', async () => {
    const { request } = await hostile((socket) => {
      setTimeout(() => socket.end(`${head}content-length: ${65 * KIB}\r\n\r\n${'x'.repeat(65 * KIB)}`), 700)
    })
    await expect(request()).rejects.toMatchObject({ code: 'egress.timeout' })
    expect((await request({ headersTimeoutMs: 3_000, totalTimeoutMs: 4_000, bodyBytes: 66 * KIB })).body).toHaveLength(65 * KIB)
  })

  it('announces a length in answer to HEAD sends none, and is not taken for too large', async () => {
    const { request } = await hostile((socket) => socket.end(`${head}content-length: ${9 * KIB * KIB}\r\n\r\n`))
    expect((await request({ method: 'HEAD' })).status).toBe(200)
  })
})

describe('a caller', () => {
  it('that gives up is told its own reason, and the connection is cut', async () => {
    let cut = false
    const { request } = await hostile((socket) => socket.on('close', () => (cut = true)))
    const reason = new Error('the client left')
    await expect(request({ signal: abortedIn(50, reason) })).rejects.toBe(reason)
    await expect.poll(() => cut).toBe(true)
  })

  it('that gave up before it began dials nobody', async () => {
    const { request } = await hostile(() => {})
    await expect(request({ signal: AbortSignal.abort(new Error('early')) })).rejects.toThrow('early')
  })

  it.each<[string, RequestOptions]>([
    ['a header with a line break', { headers: { 'x-a': 'b\r\nx-c: d' } }],
    ['a header name with a line break', { headers: { 'x-a\r\nx-c': 'd' } }],
    ['a method that is none', { method: 'GET /b HTTP/1.1\r\nx: y\r\n\r\nGET' as 'GET' }],
    ['a second host', { headers: { HOST: 'elsewhere.example.com' } }],
  ])('that sends %s is refused', async (_, options) => {
    const { request } = await hostile((socket) => socket.end(`${head}content-length: 0\r\n\r\n`))
    await expect(request(options)).rejects.toMatchObject({ code: 'egress.request_invalid', status: 400 })
  })
})

function abortedIn(ms: number, reason: Error): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), ms)
  return controller.signal
}

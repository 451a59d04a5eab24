import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createTestGateway, resolveLater, sendTo } from '../../../test/gateway.ts'
import { jsonAnswer, startRaw } from '../../../test/raw-provider.ts'
import type { GatewayDeps } from './gateway.ts'

const part = (head: string, body: string) => `--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n${body}\r\n`
const model = (name: string) => part('name="model"', name)
const file = part('name="file"; filename="a.wav"', 'x'.repeat(300_000))
const contentType = 'multipart/form-data; boundary=b'
const answer = jsonAnswer(200, { text: 'hello' })
const path = '/v1/audio/transcriptions'

async function setUp(providerUrl: string, change: object = {}, more: Partial<GatewayDeps> = {}) {
  const { resolve, candidates } = resolveLater()
  const asked: object[] = []
  const gateway = await createTestGateway({
    resolve: (principal, wanted) => {
      asked.push(wanted)
      return resolve(principal, wanted)
    },
    ...more,
  })
  candidates.push(gateway.at(providerUrl, { modelId: 'whisper-1', ...change }))
  return { ...gateway, asked, candidates }
}

/** A provider that takes in what it is sent when it is told to. */
async function startSlow() {
  const provider = { url: '', received: 0, read: () => {} }
  const server = createServer((request, response) => {
    request.pause()
    request.on('data', (piece: Buffer) => {
      provider.received += piece.length
    })
    request.pause()
    provider.read = () => request.resume()
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return provider
}

describe('a form with a file', () => {
  it('is resolved by the model before the file, reaches the provider byte for byte, and is written down with it', async () => {
    const provider = await startRaw((socket) => socket.write(answer))
    const { url, asked, ledger } = await setUp(provider.url)
    const body = `${model('whisper-1')}${file}--b--\r\n`
    const reply = await sendTo('POST', url + path, { body, contentType })
    expect(reply).toMatchObject({ status: 200, isCut: false })
    expect(asked).toEqual([expect.objectContaining({ model: 'whisper-1', isModelFree: false, protocol: 'audio.transcriptions' })])
    const [head = ''] = provider.seen[0]?.split('\r\n\r\n') ?? []
    expect(head.split('\r\n')).toEqual(expect.arrayContaining([`content-type: ${contentType}`, `content-length: ${body.length}`]))
    expect(provider.seen[0]?.endsWith(`\r\n\r\n${body}`)).toBe(true)
    expect(ledger.settled[0]?.call.model).toBe('whisper-1')
  })

  it('gets another model’s name where it has one with the provider, and its length with it', async () => {
    const provider = await startRaw((socket) => socket.write(answer))
    const { url } = await setUp(provider.url, { modelId: 'openai/whisper-1-large' })
    const reply = await sendTo('POST', url + path, { body: `${model('whisper-1')}${file}--b--\r\n`, contentType })
    expect(reply.headers['x-keyloft-model']).toBe('openai/whisper-1-large')
    const sent = `${model('openai/whisper-1-large')}${file}--b--\r\n`
    expect(provider.seen[0]?.includes(`content-length: ${sent.length}\r\n`)).toBe(true)
    expect(provider.seen[0]?.endsWith(`\r\n\r\n${sent}`)).toBe(true)
  })

  it('whose model stands behind the file names none to the resolver, and is written down with it all the same', async () => {
    const provider = await startRaw((socket) => socket.write(answer))
    const { url, asked, ledger } = await setUp(provider.url, { modelId: '' })
    const body = `${file}${model('whisper-1')}--b--\r\n`
    expect(await sendTo('POST', url + path, { body, contentType })).toMatchObject({ status: 200 })
    expect(asked).toEqual([expect.objectContaining({ model: undefined, isModelFree: true })])
    expect(provider.seen[0]?.endsWith(body)).toBe(true)
    expect(ledger.settled[0]?.call.model).toBe('whisper-1')
  })

  it('that names a second model behind the file is broken off, and nobody blames the provider', async () => {
    const provider = await startRaw((socket) => socket.write(answer))
    const { url, ledger } = await setUp(provider.url, {}, { breaker: { failures: 1 } })
    const body = `${model('whisper-1')}${file}${model('gpt-4o-transcribe')}--b--\r\n`
    const reply = await sendTo('POST', url + path, { body, contentType })
    expect([reply.status, JSON.parse(reply.body.toString()).error.code]).toEqual([400, 'gateway.body_ambiguous'])
    expect(provider.seen).toEqual([])
    await vi.waitFor(() => expect(ledger.settled).toMatchObject([{ outcome: { outcome: 'failed' } }]))
    expect(await sendTo('POST', url + path, { body: `${model('whisper-1')}--b--\r\n`, contentType })).toMatchObject({ status: 200 })
  })

  it('that turns out to be too long is broken off', async () => {
    const provider = await startRaw((socket) => socket.write(answer))
    const { url } = await setUp(provider.url, {}, { limits: { uploadBytes: 200_000 } })
    const body = `${model('whisper-1')}${file}--b--\r\n`
    expect(await sendTo('POST', url + path, { body, contentType })).toMatchObject({ status: 413 })
    const chunked = await sendTo('POST', url + path, { body, contentType, headers: { 'transfer-encoding': 'chunked' } })
    expect([chunked.status, JSON.parse(chunked.body.toString()).error.code]).toEqual([413, 'http.too_large'])
    expect(provider.seen).toEqual([])
  })

  it('waits with its client for a provider that takes nothing in', async () => {
    const provider = await startSlow()
    const { url } = await setUp(provider.url)
    let sent = 0
    const status = Promise.withResolvers<number | undefined>()
    const client = httpRequest(url + path, { method: 'POST', headers: { 'content-type': contentType } }, (response) => {
      response.resume()
      status.resolve(response.statusCode)
    })
    client.write(model('whisper-1') + part('name="file"; filename="a"', ''))
    const piece = Buffer.alloc(64 * 1024)
    let isFull = false
    for (; sent < 64 * 1024 * 1024 && !isFull; sent += piece.length) {
      if (!client.write(piece))
        isFull = await Promise.race([new Promise<boolean>((done) => client.once('drain', () => done(false))), sleep(500, true)])
    }
    expect(isFull).toBe(true) // what lies on the way are the buffers of two connections
    expect(sent).toBeLessThan(32 * 1024 * 1024)
    provider.read()
    client.end()
    expect(await status.promise).toBe(200)
    expect(provider.received).toBeGreaterThan(sent)
  })

  it('that its client leaves in the middle of ends at the provider, is written down, and nobody blames the provider', async () => {
    const provider = await startSlow()
    const { url, ledger, gateway } = await setUp(provider.url, {}, { breaker: { failures: 1 } })
    const client = httpRequest(url + path, { method: 'POST', headers: { 'content-type': contentType, 'content-length': '1000000' } })
    client.on('error', () => {})
    client.write(model('whisper-1') + part('name="file"; filename="a"', 'x'.repeat(10_000)))
    await vi.waitFor(() => expect(gateway.underWay).toBe(1))
    await sleep(50)
    client.destroy()
    await vi.waitFor(() => expect(ledger.settled).toMatchObject([{ outcome: { outcome: expect.stringMatching(/aborted|failed/) } }]))
    await vi.waitFor(() => expect(gateway.underWay).toBe(0))
    const next = sendTo('POST', url + path, { body: `${model('whisper-1')}--b--\r\n`, contentType })
    await vi.waitFor(() => expect(gateway.underWay).toBe(1))
    await sleep(50)
    provider.read()
    expect(await next).toMatchObject({ status: 200 })
  })

  it('is not sent a second time, nor to another candidate', async () => {
    const provider = await startRaw((socket) => socket.write(jsonAnswer(503, { error: {} })))
    const { url, candidates } = await setUp(provider.url)
    candidates.push(candidates[0] as never)
    expect(await sendTo('POST', url + path, { body: `${model('whisper-1')}${file}--b--\r\n`, contentType })).toMatchObject({ status: 503 })
    expect(provider.seen).toHaveLength(1)
  })
})

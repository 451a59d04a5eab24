import { describe, expect, it, vi } from 'vitest'
import { createTestGateway, resolveLater } from '../../../test/gateway.ts'
import { chunked, eventStreamHead, jsonAnswer, saying, startRaw } from '../../../test/raw-provider.ts'

const body = { model: 'mock-1', messages: [] }
const good = jsonAnswer(200, { id: 'good', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })
const failing = (status: number, headers: Record<string, string> = {}) =>
  jsonAnswer(status, { error: { message: `said ${status}` } }, headers)
const idOf = (bytes: Buffer) => JSON.parse(bytes.toString()).id

async function setUp(options: Parameters<typeof createTestGateway>[0] = {}) {
  const { resolve, candidates } = resolveLater()
  return { ...(await createTestGateway({ resolve, limits: { backoffMs: 10 }, ...options })), candidates }
}

describe('before the first byte', () => {
  it.each([408, 429, 500, 502, 503, 504, 529])('a %i is tried once more, as the same call', async (status) => {
    const provider = await startRaw((socket, index) => socket.write(index === 0 ? failing(status) : good))
    const { post, at, candidates, ledger } = await setUp()
    candidates.push(at(provider.url))
    expect(idOf((await post(body)).body)).toBe('good')
    expect(provider.seen).toHaveLength(2)
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(1))
  })

  it('a connection that breaks is made again, and one that cannot be made is said to be so', async () => {
    const provider = await startRaw((socket, index) => (index === 0 ? socket.destroy() : socket.write(good)))
    const { post, at, candidates, ledger } = await setUp()
    candidates.push(at(provider.url))
    expect(idOf((await post(body)).body)).toBe('good')
    candidates.splice(0, 1, at('http://127.0.0.1:9'))
    const { status, body: refusal } = await post(body)
    expect(status).toBe(502)
    expect(refusal.toString()).toContain('"code":"gateway.unreachable"')
    expect(refusal.toString()).not.toContain('127.0.0.1')
    await vi.waitFor(() => expect(ledger.settled[1]?.outcome).toMatchObject({ outcome: 'failed', usageBasis: 'none' }))
  })

  it('a call that is all that can come of a request has its id, where no caller chose that', async () => {
    const provider = await startRaw((socket) => socket.write(good))
    const { post, at, candidates, ledger } = await setUp()
    candidates.push(at(provider.url))
    const chosen = '01990000-0000-7000-8000-000000000000'
    await post(body)
    await post(body, { 'x-request-id': chosen })
    candidates.push(at(provider.url))
    await post(body)
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(3))
    const [alone, given, first] = ledger.settled.map(({ call }) => call)
    expect(alone?.id).toBe(alone?.requestId)
    expect(alone?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    expect(given?.requestId).toBe(chosen)
    expect(given?.id).not.toBe(chosen)
    expect(first?.id).not.toBe(first?.requestId)
  })

  it.each([400, 401, 403, 404, 422])('a %i is an answer: no other key pays for it', async (status) => {
    const [first, second] = [await startRaw((socket) => socket.write(failing(status))), await startRaw((socket) => socket.write(good))]
    const { post, at, candidates } = await setUp()
    candidates.push(at(first.url), at(second.url))
    const reply = await post(body)
    expect(reply.status).toBe(status)
    expect(JSON.parse(reply.body.toString())).toEqual({ error: { message: `said ${status}` } })
    expect([first.seen.length, second.seen.length]).toEqual([1, 0])
  })

  it('the next candidate is taken when the first goes on failing, told in the header, and each is in the books', async () => {
    const [first, second] = [await startRaw((socket) => socket.write(failing(503))), await startRaw((socket) => socket.write(good))]
    const { post, at, candidates, ledger } = await setUp()
    candidates.push(
      at(first.url),
      at(second.url, { source: 'server-key', provider: 'openrouter', keyId: undefined, modelId: 'openai/mock-1' }),
    )
    const { headers, body: bytes } = await post(body)
    expect(idOf(bytes)).toBe('good')
    expect(headers['x-keyloft-credential']).toBe('server-key;provider=openrouter')
    expect(headers['x-keyloft-model']).toBe('openai/mock-1')
    expect(first.seen).toHaveLength(2)
    expect(second.seen[0]).toContain('{"model":"openai/mock-1","messages":[]}')
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(2))
    expect(ledger.settled.map(({ call, outcome }) => [call.provider, outcome.outcome, outcome.usageBasis])).toEqual([
      ['openai', 'failed', 'none'],
      ['openrouter', 'completed', 'reported'],
    ])
    expect(ledger.settled[1]?.call.requestId).toBe(ledger.settled[0]?.call.requestId)
    expect(JSON.parse(ledger.settled[1]?.call.decisions ?? '')).toEqual([
      { source: 'user-key', provider: 'openai', verdict: 'gateway.unreachable' },
      { source: 'server-key', provider: 'openrouter', verdict: 'chosen' },
    ])
  })

  it('where nobody is left, the provider’s own words go to the client', async () => {
    const provider = await startRaw((socket) => socket.write(failing(500, { 'x-request-id': 'req_theirs' })))
    const { post, at, candidates } = await setUp()
    candidates.push(at(provider.url))
    const reply = await post(body)
    expect(reply).toMatchObject({ status: 500, headers: { 'x-request-id': 'req_theirs' } })
    expect(reply.body.toString()).toBe('{"error":{"message":"said 500"}}')
  })

  it('a long pause is not waited for, and until it is over the key is left alone for this model', async () => {
    const provider = await startRaw((socket, index) => socket.write(index === 0 ? failing(429, { 'retry-after': '30' }) : good))
    let now = Date.now()
    const { post, at, candidates, gateway } = await setUp({ clock: () => now })
    candidates.push(at(provider.url))
    const { source, keyId, modelId } = at(provider.url)
    const way = { source, provider: 'openai', keyId, modelId, origin: provider.url }
    expect(gateway.restsUntil(way)).toBeUndefined()
    expect(await post(body)).toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
    expect(gateway.restsUntil(way)).toBe(now + 30_000)
    expect(gateway.restsUntil({ ...way, modelId: 'another' })).toBeUndefined()
    const { status, headers, body: refusal } = await post(body)
    expect(status).toBe(429)
    expect(Number(headers['retry-after'])).toBe(30)
    expect(refusal.toString()).toContain('gateway.resting')
    expect(provider.seen).toHaveLength(1)
    candidates.splice(0, 1, at(provider.url, { keyId: '0190a1b2-0000-7000-8000-000000000002' }))
    expect((await post(body)).status).toBe(200)
    candidates.splice(0, 1, at(provider.url))
    now += 31_000
    expect((await post(body)).status).toBe(200)
  })

  it('a provider that fails again and again is left alone, for a while', async () => {
    let isUp = false
    const provider = await startRaw((socket) => socket.write(isUp ? good : failing(500)))
    let now = Date.now()
    const { post, at, candidates } = await setUp({ clock: () => now, breaker: { failures: 4, restMs: 10_000 } })
    candidates.push(at(provider.url))
    await post(body)
    await post(body)
    const { status, headers, body: refusal } = await post(body)
    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('10')
    expect(refusal.toString()).toContain('gateway.provider_down')
    expect(provider.seen).toHaveLength(4)
    now += 10_001
    isUp = true
    expect((await post(body)).status).toBe(200)
    expect((await post(body)).status).toBe(200)
  })
})

describe('after the first byte', () => {
  it('nothing is tried again: the client gets what came, and a connection that is cut', async () => {
    const provider = await startRaw(async (socket) => {
      socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('half'))]))
      setTimeout(() => socket.destroy(), 50)
    })
    const { post, at, candidates, ledger } = await setUp()
    candidates.push(at(provider.url), at(provider.url))
    const reply = await post({ ...body, stream: true })
    expect(reply.isCut).toBe(true)
    expect(reply.body.toString()).toBe(saying('half'))
    expect(provider.seen).toHaveLength(1)
    expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'failed', usageBasis: 'estimated', usage: { outputTokens: 1 } })
  })
})

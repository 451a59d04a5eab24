import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createTestGateway, resolveLater } from '../../../test/gateway.ts'
import { chunked, eventStreamHead, jsonAnswer, saying, startRaw } from '../../../test/raw-provider.ts'

const stream = { model: 'mock-1', messages: [{ role: 'user', content: 'x'.repeat(400) }], stream: true }
const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 } })}\n\n`

/** Leaves after the first piece, or at once. */
function callAndLeave(url: string, when: 'at the first piece' | 'soon') {
  const sent = request(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
    response.once('data', () => sent.destroy()).on('error', () => {})
  })
  sent.on('error', () => {}).end(JSON.stringify(stream))
  if (when === 'soon') setTimeout(() => sent.destroy(), 60)
}

describe('a client that leaves', () => {
  it('ends the call at the provider, and what came so far is estimated', async () => {
    const provider = await startRaw(async (socket) => {
      socket.write(eventStreamHead)
      for (let count = 0; count < 3; count++) socket.write(chunked(saying('word ')))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger, gateway } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    callAndLeave(url, 'at the first piece')
    await provider.hungUp(0)
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(1))
    expect(ledger.settled[0]?.outcome).toMatchObject({
      outcome: 'aborted',
      usageBasis: 'estimated',
      usage: { inputTokens: Math.ceil(JSON.stringify(stream).length / 4), outputTokens: 3 },
    })
    expect(gateway.underWay).toBe(0)
  })

  it('leaves the provider to its end where it tells the usage only then', async () => {
    const provider = await startRaw(async (socket) => {
      socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('word '))]))
      await sleep(150)
      socket.write(Buffer.concat([chunked(saying('more').repeat(4_000)), chunked(usage), chunked('data: [DONE]\n\n'), chunked()]))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger, gateway } = await createTestGateway({ resolve, habitsOf: () => ({ whenClientLeaves: 'drain' }) })
    candidates.push(at(provider.url))
    callAndLeave(url, 'at the first piece')
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(1))
    expect(ledger.settled[0]?.outcome).toMatchObject({
      outcome: 'aborted',
      usageBasis: 'reported',
      usage: { inputTokens: 5, outputTokens: 9 },
    })
    expect(gateway.underWay).toBe(0)
  })

  it('and whose provider never ends is read for so long and no longer', async () => {
    const provider = await startRaw((socket) => socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('word '))])))
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger } = await createTestGateway({
      resolve,
      habitsOf: () => ({ whenClientLeaves: 'drain' }),
      limits: { drainMs: 100, settleMs: 200 },
    })
    candidates.push(at(provider.url))
    callAndLeave(url, 'at the first piece')
    await provider.hungUp(0)
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'aborted', usageBasis: 'estimated' }))
  })

  it('before the provider answered is written down too, and the request is taken back', async () => {
    const provider = await startRaw(() => {})
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger, gateway } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    callAndLeave(url, 'soon')
    await provider.hungUp(0)
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'aborted', usageBasis: 'unknown' }))
    expect(gateway.underWay).toBe(0)
  })

  it('before a second attempt is spared it, and nothing of the call stays behind', async () => {
    const provider = await startRaw((socket) => socket.write(jsonAnswer(500, {})))
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger, gateway, problems } = await createTestGateway({ resolve, limits: { backoffMs: 200 } })
    candidates.push(at(provider.url))
    callAndLeave(url, 'soon')
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'aborted', usageBasis: 'none' }))
    await sleep(250)
    expect(provider.seen).toHaveLength(1)
    expect({ underWay: gateway.underWay, problems }).toEqual({ underWay: 0, problems: [] })
  })

  it('while its key is chosen has nobody called', async () => {
    const provider = await startRaw((socket) => socket.write(eventStreamHead))
    const gone = Promise.withResolvers<void>()
    const { url, at, app, ledger, gateway } = await createTestGateway({
      resolve: async () => {
        await gone.promise
        return { candidates: [at(provider.url)], trace: [{}] }
      },
    })
    app.server.on('connection', (socket) => socket.on('close', () => gone.resolve()))
    callAndLeave(url, 'soon')
    await gone.promise
    await sleep(100)
    expect(gateway.underWay).toBe(0)
    expect({ ...ledger, seen: provider.seen }).toMatchObject({ opened: [], settled: [], seen: [] })
  })
})

describe('a client that reads slowly', () => {
  it('holds the provider back, and not the answer in memory', async () => {
    let sent = 0
    const provider = await startRaw(async (socket) => {
      socket.write(eventStreamHead)
      const piece = chunked(saying('x'.repeat(100_000)))
      while (!socket.destroyed && sent < 200_000_000) {
        sent += piece.length
        if (!socket.write(piece)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), sleep(300)])
      }
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    const call = request(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) =>
      response.pause(),
    )
    call.on('error', () => {}).end(JSON.stringify(stream))
    await vi.waitFor(() => expect(sent).toBeGreaterThan(1_000_000))
    await sleep(400)
    const stoppedAt = sent
    await sleep(150)
    expect(sent - stoppedAt).toBeLessThan(500_000)
    expect(sent).toBeLessThan(50_000_000) // what the sockets of three hops hold
    call.destroy()
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome.outcome).toBe('aborted'))
  })

  it('is left when it stops altogether', async () => {
    const provider = await startRaw((socket) => {
      socket.write(eventStreamHead)
      for (let count = 0; count < 200; count++) socket.write(chunked(saying('x'.repeat(100_000))))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger } = await createTestGateway({ resolve, limits: { idleMs: 200 } })
    candidates.push(at(provider.url))
    const call = request(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) =>
      response.pause(),
    )
    call.on('error', () => {}).end(JSON.stringify(stream))
    await provider.hungUp(0)
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome.outcome).toBe('aborted'))
    call.destroy()
  })
})

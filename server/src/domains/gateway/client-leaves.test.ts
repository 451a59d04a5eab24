import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it, vi } from 'vitest'
import { abortCorpus, promptTokensOf, requestOf, speak } from '../../../test/abort-corpus.ts'
import { createTestGateway, resolveLater } from '../../../test/gateway.ts'
import { chunked, eventStreamHead, jsonAnswer, saying, startRaw } from '../../../test/raw-provider.ts'

const stream = { model: 'mock-1', messages: [{ role: 'user', content: 'x'.repeat(400) }], stream: true }
const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 } })}\n\n`

const inputTokens = 3 + countTokens('user') + countTokens('x'.repeat(400)) + 3

/** Leaves after the first piece, at once, or when something has happened. */
function callAndLeave(url: string, when: 'at the first piece' | 'soon' | Promise<void>, body: object = stream) {
  const sent = request(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
    response.once('data', () => sent.destroy()).on('error', () => {})
  })
  sent.on('error', () => {}).end(JSON.stringify(body))
  if (when === 'soon') setTimeout(() => sent.destroy(), 60)
  else if (when !== 'at the first piece') void when.then(() => sent.destroy())
}

describe('a client that leaves', () => {
  it.each([
    ['is read to its end', { source: 'server-key', isCapped: true, modelId: 'openai/o3' }, 'reported'],
    ['is not, where the key is the caller’s', { source: 'user-key', isCapped: true, modelId: 'o3' }, 'estimated'],
    ['is not, where no limit holds', { source: 'server-key', isCapped: false, modelId: 'o3' }, 'estimated'],
    ['is not, where the model shows all that it says', { source: 'server-key', isCapped: true, modelId: 'gpt-4o' }, 'estimated'],
  ] as const)('hides no thoughts from a hard limit: what the operator pays for %s', async (_, change, usageBasis) => {
    const provider = await startRaw(async (socket) => {
      socket.write(eventStreamHead)
      socket.write(chunked(saying('word ')))
      await sleep(150)
      socket.write(Buffer.concat([chunked(usage), chunked('data: [DONE]\n\n'), chunked()]))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger } = await createTestGateway({ resolve })
    candidates.push(at(provider.url, change))
    callAndLeave(url, 'at the first piece')
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(1))
    expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'aborted', usageBasis })
  })

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
      usage: { inputTokens, outputTokens: countTokens('word word word ') },
    })
    expect(gateway.underWay).toBe(0)
  })

  it('is written down with what is known by then, where the server stops while its answer is still read', async () => {
    const provider = await startRaw((socket) => {
      socket.write(eventStreamHead)
      socket.write(chunked(saying('word ')))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger, gateway } = await createTestGateway({ resolve, habitsOf: () => ({ whenClientLeaves: 'drain' }) })
    candidates.push(at(provider.url))
    callAndLeave(url, 'at the first piece')
    callAndLeave(url, new Promise((resolve) => setTimeout(resolve, 100)))
    await sleep(200)
    expect([ledger.settled.length, gateway.underWay]).toEqual([0, 2])
    await gateway.stop(2_000)
    expect(ledger.settled.map(({ outcome }) => [outcome.outcome, outcome.usageBasis])).toEqual(
      Array.from({ length: 2 }, () => ['aborted', 'estimated']),
    )
    expect(gateway.underWay).toBe(0)
  })

  it('pays for the tokens that came, be they words, code, calls of tools or thoughts', async () => {
    const provider = await startRaw((socket, index) => {
      const all = speak(abortCorpus[index] ?? { name: '', messages: [] })
      const pieces = all.slice(0, Math.ceil(all.length / 2))
      socket.write(eventStreamHead)
      for (const { delta } of pieces) socket.write(chunked(`data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta }] })}\n\n`))
      socket.write(chunked(saying('', { end: 'of what is said' })))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger } = await createTestGateway({ resolve })
    candidates.push(at(provider.url, { modelId: 'gpt-4o-mini' }))
    for (const [index, entry] of abortCorpus.entries()) {
      await new Promise<void>((resolve) => {
        const sent = request(
          `${url}/v1/chat/completions`,
          { method: 'POST', headers: { 'content-type': 'application/json' } },
          (response) => response.on('error', () => {}).on('data', (piece: Buffer) => piece.includes('of what is said') && sent.destroy()),
        )
        sent.on('error', () => {}).on('close', resolve)
        sent.end(JSON.stringify(requestOf(entry, 'gpt-4o-mini')))
      })
      await vi.waitFor(() => expect(ledger.settled).toHaveLength(index + 1))
      const all = speak(entry)
      const outputTokens = all.slice(0, Math.ceil(all.length / 2)).reduce((sum, { tokens }) => sum + tokens, 0)
      const { usageBasis, usage, providerUsage } = ledger.settled[index]?.outcome ?? {}
      expect({ usageBasis, providerUsage }).toMatchObject({ usageBasis: 'estimated', providerUsage: expect.stringContaining('o200k_base') })
      expect(Math.abs((usage?.outputTokens ?? 0) - outputTokens) / outputTokens, entry.name).toBeLessThanOrEqual(0.02)
      expect(usage?.inputTokens, entry.name).toBe(promptTokensOf(entry))
    }
  })

  it('costs nothing where the provider charges for no part of an answer', async () => {
    const provider = await startRaw((socket) => socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('word '))])))
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger } = await createTestGateway({ resolve, habitsOf: () => ({ whenClientLeaves: 'void' }) })
    candidates.push(at(provider.url))
    callAndLeave(url, 'at the first piece')
    await provider.hungUp(0)
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'aborted', usageBasis: 'none' }))
  })

  it('before an answer that is no stream pays for all of it, since the provider makes it anyway', async () => {
    const asked = Promise.withResolvers<void>()
    const provider = await startRaw(async (socket) => {
      asked.resolve()
      await sleep(250)
      socket.write(jsonAnswer(200, { id: 'c', choices: [], usage: { prompt_tokens: 5, completion_tokens: 90, total_tokens: 95 } }))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger, gateway } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    callAndLeave(url, asked.promise, { ...stream, stream: false })
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(1))
    expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'aborted', usageBasis: 'reported', usage: { outputTokens: 90 } })
    expect(gateway.underWay).toBe(0)
  })

  it('before the head of a stream that is charged whole pays for all of it', async () => {
    const asked = Promise.withResolvers<void>()
    const provider = await startRaw(async (socket) => {
      asked.resolve()
      await sleep(250)
      socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(usage), chunked('data: [DONE]\n\n'), chunked()]))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger, gateway } = await createTestGateway({ resolve, habitsOf: () => ({ whenClientLeaves: 'drain' }) })
    candidates.push(at(provider.url))
    callAndLeave(url, asked.promise)
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(1))
    expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'aborted', usageBasis: 'reported', usage: { outputTokens: 9 } })
    expect(gateway.underWay).toBe(0)
  })

  it('before an answer that then fails costs nothing, and leaves nothing behind', async () => {
    const asked = Promise.withResolvers<void>()
    const provider = await startRaw(async (socket) => {
      asked.resolve()
      await sleep(250)
      socket.destroy()
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger, gateway, problems } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    callAndLeave(url, asked.promise, { ...stream, stream: false })
    await vi.waitFor(() => expect(ledger.settled.map(({ outcome }) => outcome.usageBasis)).toContain('none'))
    await vi.waitFor(() => expect(gateway.underWay).toBe(0))
    expect(problems).toEqual([])
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
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'aborted', usageBasis: 'estimated' }))
    expect(ledger.settled[0]?.outcome.usage).toMatchObject({ inputTokens, outputTokens: 0 })
    await vi.waitFor(() => expect(gateway.underWay).toBe(0))
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

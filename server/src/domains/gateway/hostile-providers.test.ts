import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createTestGateway, providerKey, resolveLater } from '../../../test/gateway.ts'
import { chunked, dribble, eventStreamHead, jsonAnswer, type Script, saying, startRaw } from '../../../test/raw-provider.ts'

const stream = { model: 'mock-1', messages: [], stream: true }
const json = { model: 'mock-1', messages: [] }

async function against(script: Script, options: Parameters<typeof createTestGateway>[0] = {}) {
  const provider = await startRaw(script)
  const { resolve, candidates } = resolveLater()
  const gateway = await createTestGateway({ resolve, limits: { backoffMs: 1 }, ...options })
  candidates.push(gateway.at(provider.url))
  return { ...gateway, provider, candidates }
}
const streamOf = (...pieces: (string | Buffer)[]) => Buffer.concat([Buffer.from(eventStreamHead), ...pieces.map(chunked), chunked()])
const done = 'data: [DONE]\n\n'
const usageChunk = (usage: unknown) => `data: ${JSON.stringify({ choices: [], usage })}\n\n`

describe('a provider', () => {
  it('that sends byte by byte, in the middle of characters and line ends, changes nothing', async () => {
    const text = `: waiting\r\n\r\n${saying('grüße 🙂', { usage: null }).trimEnd()}\r\n\r\n${usageChunk({ prompt_tokens: 3, completion_tokens: 1 }).trimEnd()}\r\n\r\n`
    const bytes = Buffer.concat([...Buffer.from(text + done)].map((byte) => chunked(Buffer.of(byte))))
    const { post, ledger } = await against(async (socket) => {
      socket.write(eventStreamHead)
      await dribble(socket, bytes.subarray(0, 600), 0)
      socket.write(Buffer.concat([bytes.subarray(600), chunked()]))
    })
    const reply = await post(stream)
    expect(reply.body.toString()).toBe(`: waiting\r\n\r\n${saying('grüße 🙂').trimEnd()}\r\n\r\n${done}`)
    expect(ledger.settled[0]?.outcome).toMatchObject({ usageBasis: 'reported', usage: { inputTokens: 3, outputTokens: 1 } })
  })

  it.each([
    ['a number that is none', { prompt_tokens: 'many', completion_tokens: 1 }],
    ['less than nothing', { prompt_tokens: -5, completion_tokens: 1 }],
    ['nothing to read', 'lots'],
  ])('whose usage is a lie (%s) is passed on, and what it said is for the ledger to judge', async (_, usage) => {
    const { post, ledger } = await against((socket) => socket.write(streamOf(saying('hi'), usageChunk(usage), done)))
    expect((await post(stream)).body.toString()).toBe(saying('hi') + done)
    expect(ledger.settled).toHaveLength(1)
  })

  it('that never says a word is given up', async () => {
    const { post, ledger, provider } = await against(() => {}, { limits: { firstByteMs: 100 } })
    const reply = await post(json)
    expect(reply.status).toBe(504)
    expect(reply.body.toString()).toContain('gateway.too_slow')
    await provider.hungUp(0)
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome.outcome).toBe('failed'))
    expect(provider.seen).toHaveLength(1)
  })

  it('that falls silent in the middle is cut, and so is one that never ends', async () => {
    const silent = await against((socket) => socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('a'))])), {
      limits: { idleMs: 150 },
    })
    expect(await silent.post(stream)).toMatchObject({ isCut: true, body: Buffer.from(saying('a')) })
    const endless = await against(
      async (socket) => {
        socket.write(eventStreamHead)
        while (!socket.destroyed) {
          socket.write(chunked(saying('on and on')))
          await sleep(10)
        }
      },
      { limits: { totalMs: 200, settleMs: 400 } },
    )
    expect((await endless.post(stream)).isCut).toBe(true)
    expect(endless.ledger.settled[0]?.outcome).toMatchObject({ outcome: 'failed', usageBasis: expect.any(String) })
  })

  it('that drips one byte at a time for ever is bounded in memory and time', async () => {
    const { post } = await against(
      (socket) => dribble(socket.setNoDelay(), Buffer.from(eventStreamHead + chunked('x').toString().repeat(10_000))),
      {
        limits: { totalMs: 300, settleMs: 400 },
      },
    )
    expect((await post(stream)).isCut).toBe(true)
  })

  it('that sends one line of many megabytes is passed on', async () => {
    const line = `data: ${'y'.repeat(5_000_000)}\n\n`
    const { post } = await against((socket) => socket.write(streamOf(line, done)))
    const { body, isCut } = await post(stream)
    expect(isCut).toBe(false)
    expect(body.equals(Buffer.from(line + done))).toBe(true)
  })

  it.each<[string, Script]>([
    ['garbage', (socket) => socket.end('\0\0garbage\r\n\r\n')],
    ['a head without end', (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'z'.repeat(100_000)}`)],
    ['a redirect', (socket) => socket.write('HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n')],
  ])('that answers with %s is a bad gateway, in words of ours', async (_, script) => {
    const reply = await (await against(script)).post(json)
    expect(reply.status).toBe(502)
    expect(JSON.parse(reply.body.toString()).error).toMatchObject({
      type: 'server_error',
      code: expect.stringMatching(/^gateway\.(bad_answer|unreachable)$/),
    })
    expect(reply.body.toString()).not.toMatch(/127\.0\.0\.1|169\.254|node_modules|\.ts/)
  })

  it('that ends before it said how much it would send is no whole answer', async () => {
    const { post, ledger } = await against((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"id":'),
    )
    const reply = await post(json).then(
      ({ status, isCut }) => isCut || status === 502,
      () => true,
    )
    expect(reply).toBe(true)
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome.outcome).toBe('failed'))
  })

  it('that goes on after its end is not listened to', async () => {
    const { post } = await against((socket) => socket.write(streamOf(saying('a'), done, 'x'.repeat(200_000))))
    const { isCut, status } = await post(stream)
    expect(isCut || status === 502).toBe(true)
  })

  it.each([
    ['in its body', jsonAnswer(401, { error: { message: `Incorrect API key provided: ${providerKey}` } })],
    ['in a header', jsonAnswer(200, { id: 'c' }, { 'openai-processing-ms': providerKey })],
  ])('that repeats the key %s does not get it to the client', async (_, answer) => {
    const { post } = await against((socket) => socket.write(answer))
    const { headers, body } = await post(json)
    expect(JSON.stringify(headers) + body.toString()).not.toContain(providerKey)
  })

  it('that refuses the operator’s key is the operator’s trouble', async () => {
    const { post, candidates } = await against((socket) => socket.write(jsonAnswer(401, { error: { message: 'org-of-the-operator' } })))
    candidates.splice(0, 1, { ...(candidates[0] as (typeof candidates)[0]), source: 'server-key' })
    const reply = await post(json)
    expect(reply.status).toBe(502)
    expect(reply.body.toString()).toContain('gateway.key_refused')
    expect(reply.body.toString()).not.toContain('org-of')
  })
})

describe('a mistake of ours', () => {
  it.each([json, stream])('ends the call, and nobody hangs: %j', async (body) => {
    const { post, app, problems, ledger } = await against((socket) =>
      socket.write(body === json ? jsonAnswer(200, { id: 'c' }) : streamOf(saying('a'), done)),
    )
    app.server.prependListener('request', (_request, response) => {
      response.writeHead = () => {
        throw new Error('broken')
      }
    })
    await expect(post(body)).rejects.toThrow(/hang up|reset/)
    expect(problems).toEqual(['a mistake of ours in a call'])
    await vi.waitFor(() => expect(ledger.settled.length).toBeGreaterThan(0))
  })

  it('while the key is opened is an error like any other, and the call is in the books', async () => {
    const { post, candidates, ledger } = await against((socket) => socket.write(jsonAnswer(200, { id: 'c' })))
    const [first] = candidates
    candidates.splice(0, 1, {
      ...(first as (typeof candidates)[0]),
      authHeaders: () => Promise.reject(new Error('a secret that does not open')),
    })
    const reply = await post(json)
    expect(reply.status).toBe(500)
    expect(reply.body.toString()).not.toContain('secret that')
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'failed', usageBasis: 'none' }))
  })
})

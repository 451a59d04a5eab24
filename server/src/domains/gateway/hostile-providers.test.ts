import { describe, expect, it, vi } from 'vitest'
import { createTestGateway, providerKey, resolveLater } from '../../../test/gateway.ts'
import { chunked, eventStreamHead, jsonAnswer, type Script, saying, startRaw } from '../../../test/raw-provider.ts'

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

/* What a provider may send is in hostile-streams.test.ts. Here is what must not come back, and what we do wrong ourselves. */

describe('a provider', () => {
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

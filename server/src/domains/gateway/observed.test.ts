import { describe, expect, it, vi } from 'vitest'
import { createTestGateway, resolveLater } from '../../../test/gateway.ts'
import { chunked, eventStreamHead, jsonAnswer, saying, startRaw } from '../../../test/raw-provider.ts'
import type { Attributes, Traced } from '../../platform/telemetry/tracing.ts'

const body = { model: 'mock-1', messages: [] }
const answer = { id: 'c', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } }
const wholeStream = Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('hello')), chunked('data: [DONE]\n\n'), chunked()])

async function setUp(answers: readonly (string | Buffer)[], options: Parameters<typeof createTestGateway>[0] = {}) {
  const provider = await startRaw((socket) => socket.write(answers[provider.seen.length - 1] ?? ''))
  const { resolve, candidates } = resolveLater()
  const test = await createTestGateway({ resolve, ...options })
  candidates.push(test.at(provider.url))
  return test
}

describe('of calls', () => {
  it('metrics tell how many ended how, how long they took, and when streams began', async () => {
    const { post, metrics } = await setUp([jsonAnswer(200, answer), wholeStream, jsonAnswer(400, { error: {} })])
    for (const change of [{}, { stream: true }, {}]) await post({ ...body, ...change })
    const { text } = await metrics.render()
    const of = 'operation="chat.completions",provider="openai"'
    expect(text).toContain(`gateway_requests_total{${of},outcome="completed"} 2\n`)
    expect(text).toContain(`gateway_requests_total{${of},outcome="failed"} 1\n`)
    expect(text).toContain(`gateway_call_duration_seconds_count{${of}} 3\n`)
    expect(text).toContain(`gateway_first_token_seconds_count{${of}} 1\n`)
  })

  it('a span lasts until the call is over, and says neither whose it was nor what was said', async () => {
    const spans: { name: string; attributes: Attributes }[] = []
    const traced: Traced = async (name, attributes, work) => {
      const set: Record<string, unknown> = { ...attributes }
      const result = await work({ set: (more) => void Object.assign(set, more) })
      spans.push({ name, attributes: set as Attributes })
      return result
    }
    const { post, ledger } = await setUp([jsonAnswer(200, answer)], { traced })
    const settling = Promise.withResolvers<void>()
    const isSettling = vi.fn(() => settling.promise)
    ledger.beforeSettle = isSettling
    const posted = post(body)
    await vi.waitFor(() => expect(isSettling).toHaveBeenCalled())
    expect(spans).toEqual([])
    settling.resolve()
    expect((await posted).status).toBe(200)
    const attributes = { 'keyloft.operation': 'chat.completions', 'http.response.status_code': 200 }
    await vi.waitFor(() => expect(spans).toEqual([{ name: 'gateway.call', attributes }]))
  })

  it('a span of one that was refused is no silence', async () => {
    const names: string[] = []
    const traced: Traced = (name, _attributes, work) => work({ set() {} }).finally(() => names.push(name))
    const { app } = await createTestGateway({ traced }) // whose resolver finds nothing
    const reply = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: body })
    expect(reply.statusCode).toBe(500)
    expect(names).toEqual(['gateway.call'])
  })
})

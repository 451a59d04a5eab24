import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createTestGateway, postTo, resolveLater } from '../../../test/gateway.ts'
import { jsonAnswer, startRaw } from '../../../test/raw-provider.ts'
import { AppError } from '../../base/errors.ts'
import type { Usage } from '../ledger/call.ts'
import type { Operation } from './operations/operation.ts'
import { type OperationName, operations } from './operations/operations.ts'

interface Example {
  request: object
  answer: object
  usage?: Partial<Usage>
  /** As the clients of this dialect read a refusal. */
  refusal: object
}

const model = 'mock-1'
const openAiRefusal = { error: { message: 'No more today.', type: 'rate_limit_error', param: null, code: 'quotas.reached' } }
const anthropicRefusal = {
  type: 'error',
  error: { type: 'rate_limit_error', message: 'No more today.', code: 'quotas.reached' },
  request_id: expect.any(String),
}

/** Of every operation there is, by type: one that is not in here does not compile, and its route is not served. */
const examples: Record<OperationName, Example> = {
  'chat.completions': {
    request: { model, messages: [], max_tokens: 5 },
    answer: { id: 'c', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
    usage: { inputTokens: 5, outputTokens: 2 },
    refusal: openAiRefusal,
  },
  responses: {
    request: { model, input: 'hello' },
    answer: { id: 'resp_1', object: 'response', usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 } },
    usage: { inputTokens: 5, outputTokens: 2 },
    refusal: openAiRefusal,
  },
  completions: {
    request: { model, prompt: 'hello' },
    answer: { id: 'cmpl-1', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
    usage: { inputTokens: 5, outputTokens: 2 },
    refusal: openAiRefusal,
  },
  embeddings: {
    request: { model, input: 'hello' },
    answer: { object: 'list', data: [], usage: { prompt_tokens: 5, total_tokens: 5 } },
    usage: { inputTokens: 5, outputTokens: 0 },
    refusal: openAiRefusal,
  },
  messages: {
    request: { model, max_tokens: 5, messages: [] },
    answer: { id: 'msg_1', type: 'message', content: [], usage: { input_tokens: 5, cache_read_input_tokens: 3, output_tokens: 2 } },
    usage: { inputTokens: 8, cachedInputTokens: 3, outputTokens: 2 },
    refusal: anthropicRefusal,
  },
  'messages.count_tokens': { request: { model, messages: [] }, answer: { input_tokens: 5 }, refusal: anthropicRefusal },
}

const rows = operations.map((operation: Operation<OperationName>) => ({
  ...operation,
  ...examples[operation.name],
  call: `${operation.method} ${operation.path}`,
}))

async function setUp(answer: object, afterMs = 0) {
  const provider = await startRaw(async (socket) => {
    await sleep(afterMs)
    socket.write(jsonAnswer(200, answer))
  })
  const { resolve, candidates } = resolveLater()
  const gateway = await createTestGateway({ resolve })
  candidates.push(gateway.at(provider.url))
  return { ...gateway, provider }
}

describe.each(rows)('$call', ({ name, path, request, answer, usage, refusal, isFree }) => {
  it('carries both bodies as they are, and is written down under its name before the answer has left', async () => {
    const { url, ledger, provider } = await setUp(answer)
    const reply = await postTo(url + path, request)
    expect(reply).toMatchObject({ status: 200, isCut: false })
    expect(reply.body.toString()).toBe(JSON.stringify(answer))
    expect(provider.seen.map((text) => text.split('\r\n\r\n')[1])).toEqual([JSON.stringify(request)])
    expect(ledger.settled).toEqual([
      { call: expect.objectContaining({ operation: name, provider: 'openai', model }), outcome: expect.objectContaining({ status: 200 }) },
    ])
    if (isFree) expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'completed', usageBasis: 'none' })
    if (usage) expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'completed', usageBasis: 'reported', usage })
  })

  it('is refused in its dialect where the ledger does not allow it, and nothing of an answer leaves', async () => {
    const { url, ledger } = await setUp(answer, 60)
    ledger.beforeOpen = async () => {
      throw new AppError('quotas.reached', { status: 429, message: 'No more today.' })
    }
    const reply = await postTo(url + path, request)
    expect([reply.status, JSON.parse(reply.body.toString())]).toEqual([429, refusal])
  })
})

it('no route of the gateway stands outside of this table', async () => {
  const { gateway } = await createTestGateway()
  expect(gateway.routes.map(({ method, path }) => `${method} ${path}`)).toEqual(rows.map(({ call }) => call))
})

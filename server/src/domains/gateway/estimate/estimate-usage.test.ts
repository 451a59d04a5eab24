import { afterAll, describe, expect, it } from 'vitest'
import { abortCorpus, type CorpusEntry, promptTokensOf, requestOf, type Spoken, speak } from '../../../../test/abort-corpus.ts'
import { noUsage } from '../../ledger/call.ts'
import { DeliveredText } from './delivered-text.ts'
import { encodingOf } from './encodings.ts'
import { estimateUsage } from './estimate-usage.ts'
import { TokenCounter } from './token-counter.ts'

const counter = new TokenCounter()
afterAll(() => counter.close())

const names = ['content', 'reasoning_content', 'refusal', 'name', 'arguments']
const eventOf = (delta: object) =>
  Buffer.from(`data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta }] })}\n\n`).toString('latin1')

async function estimate(entry: CorpusEntry, spoken: readonly Spoken[], model = 'gpt-4o-mini', provider = 'openai') {
  const delivered = new DeliveredText(names)
  for (const { delta } of spoken) delivered.push(eventOf(delta))
  const request = Buffer.from(JSON.stringify(requestOf(entry, model)))
  return estimateUsage(counter, { provider, model, request, delivered: delivered.take(), told: undefined })
}

const tokensOf = (spoken: readonly Spoken[]) => spoken.reduce((sum, { tokens }) => sum + tokens, 0)
const off = (estimated: number, told: number) => Math.abs(estimated - told) / told

describe('the usage of a call that nobody told to its end', () => {
  it.each(abortCorpus.map((entry) => [entry.name, entry] as const))('is estimated by a public tokenizer: %s', async (_, entry) => {
    for (const tokensAtATime of [1, 3]) {
      const all = speak(entry, tokensAtATime)
      for (const part of [0.3, 0.7, 1]) {
        const spoken = all.slice(0, Math.ceil(all.length * part))
        const { usageBasis, usage, providerUsage } = await estimate(entry, spoken)
        expect(usageBasis).toBe('estimated')
        expect(off(usage?.outputTokens ?? 0, tokensOf(spoken))).toBeLessThanOrEqual(0.02)
        expect(usage?.inputTokens).toBe(promptTokensOf(entry))
        expect(JSON.parse(providerUsage ?? '')).toEqual({ estimated: { input: 'o200k_base', output: 'o200k_base' } })
      }
    }
  })

  it('is within 2 % wherever an answer is cut', async () => {
    let [calls, told, estimated, worst] = [0, 0, 0, 0]
    for (const entry of abortCorpus) {
      const all = speak(entry)
      for (let cut = 5; cut <= all.length; cut += 7) {
        const spoken = all.slice(0, cut)
        const { usage } = await estimate(entry, spoken)
        calls++
        told += tokensOf(spoken)
        estimated += usage?.outputTokens ?? 0
        worst = Math.max(worst, off(usage?.outputTokens ?? 0, tokensOf(spoken)))
      }
    }
    console.info(`${calls} answers, ${told} tokens told, ${estimated} estimated; the worst is ${(100 * worst).toFixed(2)} % off`)
    expect(worst).toBeLessThanOrEqual(0.02)
  })

  it('has thoughts as a part of the output', async () => {
    const entry = abortCorpus.find(({ reasoning }) => reasoning !== undefined) as CorpusEntry
    const { usage } = await estimate(entry, speak(entry))
    expect(usage?.reasoningTokens).toBeGreaterThan(50)
    expect(usage?.outputTokens).toBeGreaterThan(usage?.reasoningTokens ?? 0)
  })

  it('is bounded by its bytes where the tokenizer is not public, and says so', async () => {
    for (const entry of abortCorpus) {
      const spoken = speak(entry)
      const { usage, providerUsage } = await estimate(entry, spoken, 'grok-4', 'xai')
      expect(usage?.outputTokens).toBeGreaterThanOrEqual(tokensOf(spoken))
      expect(usage?.inputTokens).toBeGreaterThanOrEqual(promptTokensOf(entry))
      expect(providerUsage).toMatch(/"output":"bytes, /)
    }
  })

  it('keeps what the provider told before, and its words', async () => {
    const told = {
      usage: { ...noUsage, inputTokens: 125, cachedInputTokens: 100, outputTokens: 1 },
      providerUsage: '{"input_tokens":25,"cache_read_input_tokens":100,"output_tokens":1}',
      isWhole: false,
    }
    const delivered = { texts: { text: 'eins – zwei' }, times: 1 }
    const request = Buffer.from('{}')
    const result = await estimateUsage(counter, { provider: 'anthropic', model: 'claude-haiku-4-5', request, delivered, told })
    expect(result.usage).toEqual({ ...told.usage, outputTokens: 13 })
    expect(JSON.parse(result.providerUsage ?? '')).toEqual({
      told: { input_tokens: 25, cache_read_input_tokens: 100, output_tokens: 1 },
      estimated: { input: 'told', output: 'bytes, of which each token has one at least' },
    })
  })

  it('is unknown where the request was more than text, and nothing was told', async () => {
    const unfinished = {
      provider: 'openai',
      model: 'gpt-4o',
      request: undefined,
      delivered: { texts: { content: 'one' }, times: 1 },
      told: undefined,
    }
    expect(await estimateUsage(counter, unfinished)).toEqual({ usageBasis: 'unknown' })
  })
})

describe('delivered text', () => {
  it('is found in events of any length, with every escape, and only where the answer stands', () => {
    const said = 'eins "zwei"\n\\ 三 🎈 \u0007 {"content":"no"}'
    const delivered = new DeliveredText(names)
    for (let count = 0; count < 2_000; count++) delivered.push(eventOf({ role: 'assistant', content: said }))
    expect(delivered.take()).toEqual({ texts: { content: said.repeat(2_000) }, times: 1 })
  })

  it('is kept as far as any model speaks, and measured beyond', () => {
    const delivered = new DeliveredText(['text'])
    for (let count = 0; count < 2_000; count++) delivered.push(`data: {"text":"${'x'.repeat(1_000)}"}\n\n`)
    const { texts, times } = delivered.take()
    expect(texts.text?.length).toBeLessThan(600_000)
    expect((texts.text?.length ?? 0) * times).toBeCloseTo(2_000_000)
  })

  it('joins an escape that stands in two events', () => {
    const delivered = new DeliveredText(['text'])
    for (const half of ['\\ud83c', '\\udf88']) delivered.push(`data: {"text" : "${half}"}\n\n`)
    expect(delivered.take().texts).toEqual({ text: '🎈' })
  })
})

describe('a counter of tokens', () => {
  it('is not there before it is needed, and goes when it has rested', async () => {
    const counter = new TokenCounter({ restMs: 50 })
    expect(counter.isRunning).toBe(false)
    expect(await counter.count({ encoding: 'cl100k_base', texts: ['one two three', ''] })).toEqual({ texts: [3, 0], request: undefined })
    expect(counter.isRunning).toBe(true)
    await expect.poll(() => counter.isRunning).toBe(false)
    expect((await counter.count({ encoding: 'o200k_base', texts: ['one'] }))?.texts).toEqual([1])
    counter.close()
  })

  it('gives up on what takes too long, and counts what comes after', async () => {
    const counter = new TokenCounter({ limitMs: 1 })
    expect(await counter.count({ encoding: 'o200k_base', texts: ['one'] })).toBeUndefined()
    counter.close()
  })

  it('takes a million letters without a blank, and what looks like a special token', async () => {
    const counted = await counter.count({ encoding: 'o200k_base', texts: ['x'.repeat(1_000_000), '<|endoftext|>', '🎈'.repeat(50_000)] })
    expect(counted?.texts[0]).toBeGreaterThan(50_000)
    expect(counted?.texts[1]).toBeGreaterThan(1)
  })

  it('reads a request in each of OpenAI’s forms, and one that is none', async () => {
    const count = async (body: unknown) =>
      (await counter.count({ encoding: 'o200k_base', texts: [], request: Buffer.from(JSON.stringify(body)) }))?.request
    const chat = await count({ messages: [{ role: 'user', content: [{ type: 'text', text: 'one two' }] }] })
    expect(chat).toBe(3 + 1 + 2 + 3)
    expect(await count({ input: 'one two' })).toBe(chat)
    expect(await count({ input: [{ role: 'user', content: [{ type: 'input_text', text: 'one two' }] }] })).toBe(chat)
    expect(await count({ prompt: 'one two' })).toBe(2)
    expect(
      await count({
        input: [
          { type: 'function_call', name: 'note', arguments: '{}' },
          { type: 'function_call_output', output: 'ok' },
        ],
      }),
    ).toBe(3 + 1 + 2 + 3 + 1 + 1 + 3)
    expect(await count([1])).toBe(3)
  })
})

describe('the encoding of a model', () => {
  it.each([
    ['openai', 'gpt-4o-mini-2024-07-18', 'o200k_base'],
    ['openai', 'gpt-5', 'o200k_base'],
    ['openai', 'gpt-4.1', 'o200k_base'],
    ['openai', 'o3', 'o200k_base'],
    ['openai', 'gpt-4-turbo', 'cl100k_base'],
    ['openai', 'gpt-3.5-turbo-instruct', 'cl100k_base'],
    ['openai', 'ft:gpt-4o-mini-2024-07-18:acme::1', 'o200k_base'],
    ['openrouter', 'openai/gpt-4o', 'o200k_base'],
    ['gateway', 'openai/gpt-4', 'cl100k_base'],
    ['groq', 'openai/gpt-oss-20b', 'o200k_base'],
    ['openrouter', 'anthropic/claude-haiku-4.5', undefined],
    ['anthropic', 'claude-haiku-4-5', undefined],
    ['xai', 'grok-4', undefined],
  ])('of %s %s is %s', (provider, model, encoding) => expect(encodingOf(provider, model)).toBe(encoding))
})

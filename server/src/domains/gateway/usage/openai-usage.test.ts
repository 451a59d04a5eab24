import { describe, expect, it } from 'vitest'
import { readUsage } from './openai-usage.ts'

describe('usage', () => {
  it.each([
    [
      'OpenAI',
      {
        prompt_tokens: 100,
        completion_tokens: 30,
        total_tokens: 130,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: { reasoning_tokens: 20 },
      },
      { inputTokens: 100, cachedInputTokens: 64, outputTokens: 30, reasoningTokens: 20 },
    ],
    [
      'xAI, which counts reasoning beside',
      { prompt_tokens: 10, completion_tokens: 3, total_tokens: 113, completion_tokens_details: { reasoning_tokens: 100 } },
      { inputTokens: 10, outputTokens: 103, reasoningTokens: 100 },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 10, completion_tokens: 3, prompt_cache_hit_tokens: 8 },
      { inputTokens: 10, cachedInputTokens: 8, outputTokens: 3 },
    ],
    [
      'audio',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: { audio_tokens: 4 },
        completion_tokens_details: { audio_tokens: 5 },
      },
      { audioInputTokens: 4, audioOutputTokens: 5 },
    ],
    ['embeddings', { prompt_tokens: 8, total_tokens: 8 }, { inputTokens: 8, outputTokens: 0 }],
  ])('is read as %s tells it', (_, told, expected) => {
    const text = JSON.stringify(told)
    expect(readUsage(text)).toMatchObject({ usage: expected, providerUsage: text, providerCostUsd: undefined, isWhole: true })
  })

  it.each([
    ['0.00014', '0.00014'],
    ['0', '0'],
    ['1', '1'],
    ['1.25e-7', '0.000000125'],
    ['2E+2', '200'],
    ['12.50', '12.5'],
    ['0.10000000000000001', '0.10000000000000001'],
  ])('has the cost %s as the very number that the provider wrote', (written, expected) => {
    expect(readUsage(`{"prompt_tokens":1,"completion_tokens":1,"cost":${written},"is_byok":false}`)?.providerCostUsd).toBe(expected)
  })

  it.each(['', 'null', '[]', '7', '{"tokens":1}', '{"prompt_tokens":'])('is not there in %j', (text) =>
    expect(readUsage(text)).toBeUndefined(),
  )

  it('that is no number is nothing that the ledger would book', () => {
    expect(readUsage('{"prompt_tokens":"many","completion_tokens":-1}')?.usage).toMatchObject({ inputTokens: Number.NaN, outputTokens: -1 })
  })
})

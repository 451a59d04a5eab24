import { describe, expect, it } from 'vitest'
import { readModelFile, shippedModelFile } from './model-file.ts'

const good = { date: '2026-01-01', models: [{ provider: 'openai', model: 'm', name: 'M', prices: [{ input: '1', output: '2' }] }] }
const faultsOf = (given: unknown) => {
  const read = readModelFile(JSON.stringify(given))
  return 'faults' in read ? read.faults : []
}
const withModel = (change: object) => ({ ...good, models: [{ ...good.models[0], ...change }] })

describe('a model file', () => {
  it('that is shipped is good, says its date, and prices each model it names', () => {
    const { date, about, models } = shippedModelFile()
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
    expect(about).toContain('Check them')
    expect(new Set(models.map(({ provider }) => provider))).toEqual(new Set(['openai', 'anthropic', 'google', 'xai', 'openrouter', 'mock']))
    expect(models.every(({ prices }) => prices.every(({ input }) => input !== undefined))).toBe(true)
  })

  it('is read when it is good', () => {
    expect(faultsOf(good)).toEqual([])
  })

  it('names every fault at once, and where it is', () => {
    const bad = {
      date: 'yesterday',
      models: [
        { ...good.models[0], provider: 'Open AI' },
        { ...good.models[0], prices: [{ input: 1, output: '-2' }] },
      ],
    }
    const faults = faultsOf(bad)
    expect(faults).toHaveLength(4)
    expect(faults).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^date: /),
        'models[0] (Open AI m) provider: must be a provider id, such as openai',
        'models[1] (openai m) prices[0].input: must be text, such as "0.25": a number would be rounded',
        'models[1] (openai m) prices[0].output: must be a decimal from 0 with at most twelve places, such as "0.25"',
      ]),
    )
  })

  it.each([
    ['a field that nobody knows', withModel({ inputs: '1' }), /inputs/],
    ['no prices', withModel({ prices: [] }), /prices/],
    ['rates for long prompts alone', withModel({ prices: [{ fromInputTokens: 5, input: '1' }] }), /exactly one of them must be without/],
    [
      'two rates from the same length',
      withModel({ prices: [{ input: '1' }, { fromInputTokens: 5, input: '1' }, { fromInputTokens: 5, input: '2' }] }),
      /two of them/,
    ],
    [
      'an alias that another model has',
      { ...good, models: [good.models[0], { ...good.models[0], model: 'n', aliases: ['m'] }] },
      /openai m is in it twice/,
    ],
    ['a price with an exponent', withModel({ prices: [{ input: '1e3' }] }), /decimal/],
  ])('is refused with %s', (_, given, fault) => {
    expect(faultsOf(given)).toEqual([expect.stringMatching(fault)])
  })

  it('that is no JSON is said to be none', () => {
    expect(readModelFile('{')).toMatchObject({ faults: [expect.stringMatching(/^It is not JSON/)] })
  })
})

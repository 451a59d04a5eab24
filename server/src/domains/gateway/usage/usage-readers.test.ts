import { describe, expect, it } from 'vitest'
import { bodyOf, features, type GoldenUsage, goldenUsage, outcomeOf, streamOf, titleOf } from '../../../../test/golden-usage.ts'
import { noUsage, sanitise } from '../../ledger/call.ts'
import { EventStream } from '../event-stream.ts'
import { operations } from '../operations/operations.ts'
import { createUsageReader, type UsageReading } from './usage-readers.ts'

const isLong = process.env.KEYLOFT_TEST_LONG === '1'

/** Through the very stream that answers go by, in these pieces. */
function readStream({ operation, provider }: GoldenUsage, pieces: readonly Buffer[]): UsageReading | undefined {
  const reader = createUsageReader(operation, provider)
  const known = operations.find(({ name }) => name === operation)
  const stream = new EventStream({ ...(known && 'stream' in known ? known.stream : {}), reader, takesOutUsage: false })
  const passed = pieces.map((piece) => stream.push(piece)).concat(stream.end())
  expect(Buffer.concat(passed.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))).toEqual(
    Buffer.concat(pieces),
  )
  return reader.result()
}

function read(shape: GoldenUsage): UsageReading | undefined {
  const stream = streamOf(shape)
  if (stream) return readStream(shape, [stream])
  const reader = createUsageReader(shape.operation, shape.provider)
  reader.body(Buffer.from(bodyOf(shape) ?? '').toString('latin1'))
  return reader.result()
}

/** A generator of numbers below a bound that a seed repeats. */
function dice(seed: number) {
  let state = seed
  return (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

function cut(bytes: Buffer, next: (bound: number) => number): Buffer[] {
  const most = 1 + next(next(2) === 0 ? 3 : 200)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + next(most))
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}

describe('the golden usage', () => {
  it('has sixty shapes and more, each with its source, and no two of one name', () => {
    expect(goldenUsage.length).toBeGreaterThanOrEqual(60)
    for (const { source } of goldenUsage) {
      if ('page' in source) expect(source.page).toMatch(/^https:\/\//)
      else expect(source).toMatchObject({ package: expect.stringMatching(/^@?[\w/.-]+@\d/), path: expect.stringMatching(/\w/) })
    }
    expect(new Set(goldenUsage.map(titleOf)).size).toBe(goldenUsage.length)
  })

  it('covers every feature of the list, and has none beside it', () => {
    expect(new Set(goldenUsage.flatMap((shape) => shape.features))).toEqual(new Set(Object.keys(features)))
  })

  it.each(goldenUsage.map((shape) => [titleOf(shape), shape] as const))('%s', (_, shape) => {
    const reading = read(shape)
    const { basis, usage, isWhole, providerCostUsd } = shape.expected
    const written = sanitise(outcomeOf(reading))
    expect({ basis: written.usageBasis, usage: written.usage, cost: written.providerCostUsd, isWhole: reading?.isWhole ?? false }).toEqual({
      basis,
      usage: { ...noUsage, ...usage },
      cost: providerCostUsd,
      isWhole,
    })
    if (reading?.providerUsage !== undefined) expect(JSON.parse(reading.providerUsage)).toBeTypeOf('object')
  })

  const streams = goldenUsage.filter((shape) => streamOf(shape) !== undefined)

  it.each(streams.map((shape) => [titleOf(shape), shape] as const))('%s: wherever its bytes are cut', (title, shape) => {
    const whole = read(shape)
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      const bytes = streamOf(shape, lineEnd) as Buffer
      for (let seed = 1; seed <= (isLong ? 2_000 : 20); seed++) {
        expect(readStream(shape, cut(bytes, dice(seed))), `${title}, seed ${seed}`).toEqual(whole)
      }
      if (isLong)
        for (let at = 1; at < bytes.length; at++) expect(readStream(shape, [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole)
    }
  })
})

describe('a usage reader', () => {
  it('takes whatever comes', () => {
    for (const operation of [
      'chat.completions',
      'messages',
      'responses',
      'images.generations',
      'gemini.generate_content',
      'audio.speech',
    ]) {
      for (const text of [
        '',
        'null',
        '[]',
        '[1,{"usage":',
        '7',
        '{"usage":7}',
        '{"usage":[]}',
        '{"usage":{}}',
        '{"usage"',
        '\u0000',
        '{"data":[',
      ]) {
        const reader = createUsageReader(operation, 'openai')
        reader.event(undefined, text)
        reader.event('message_start', text)
        reader.body(text)
        expect(reader.result()).toBeUndefined()
      }
    }
  })

  it('keeps no account that is longer than anybody reads', () => {
    const reader = createUsageReader('chat.completions', 'openai')
    reader.body(JSON.stringify({ usage: { prompt_tokens: 1, completion_tokens: 1, remark: 'x'.repeat(5_000) } }))
    expect(reader.result()).toEqual({ usage: { ...noUsage, inputTokens: 1, outputTokens: 1 }, isWhole: true })
  })
})

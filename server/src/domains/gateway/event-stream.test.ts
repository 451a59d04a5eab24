import { describe, expect, it } from 'vitest'
import { EventStream } from './event-stream.ts'
import { chatCompletions } from './operations/chat-completions.ts'
import { createUsageReader } from './usage/usage-readers.ts'

const chunk = (members: string) => `data: {"id":"c","choices":[{"index":0,"delta":{"content":"grüße 🙂 \\"usage\\":null"}}]${members}}`
const usage = '{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}'
const extra = `data: {"id":"c","choices":[],"usage":${usage}}`

/** As it comes when usage was asked for, and what is left of it when that is taken out. */
const samples: Record<string, { given: string[]; left: string[] }> = {
  'as OpenAI sends it': {
    given: [chunk(',"usage":null'), chunk(',"usage":null,"obfuscation":"xY9"'), extra, 'data: [DONE]'],
    left: [chunk(''), chunk(',"obfuscation":"xY9"'), 'data: [DONE]'],
  },
  'with blanks': {
    given: ['data: {"usage": null, "choices": [{"delta": {}}]}', 'data:{"choices": [] , "usage" : {"prompt_tokens": 1} }', 'data: [DONE]'],
    left: ['data: {"choices": [{"delta": {}}]}', 'data: [DONE]'],
  },
  'with comments, names and ids': {
    given: [': PROCESSING', `event: message\nid: 7\n${chunk(',"usage":null')}`, ': again', extra, 'data: [DONE]'],
    left: [': PROCESSING', `event: message\nid: 7\n${chunk('')}`, ': again', 'data: [DONE]'],
  },
  'with usage in a chunk that has choices': {
    given: [chunk(`,"usage":${usage}`), 'data: [DONE]'],
    left: [chunk(`,"usage":${usage}`), 'data: [DONE]'],
  },
  'with members of the same name further in': {
    given: ['data: {"choices":[{"delta":{"usage":null}}],"x":{"usage":null}}', 'data: {"choices":[],"x":{"usage":{}}}', 'data: [DONE]'],
    left: ['data: {"choices":[{"delta":{"usage":null}}],"x":{"usage":null}}', 'data: {"choices":[],"x":{"usage":{}}}', 'data: [DONE]'],
  },
  'with a chunk of no choices and no usage': {
    given: ['data: {"choices":[],"usage":null,"prompt_filter_results":[]}', 'data: [DONE]'],
    left: ['data: {"choices":[],"prompt_filter_results":[]}', 'data: [DONE]'],
  },
  'that begins with the word itself': {
    given: ['usage: 1', chunk(',"usage":null'), extra, 'data: [DONE]'],
    left: ['usage: 1', chunk(''), 'data: [DONE]'],
  },
  'of garbage': {
    given: ['data: {"usage":null', 'data: "usage"', '"usage":null', 'data: {"x":1,"usage":null,"obfuscation":"', '"}', 'data: [DONE'],
    left: ['data: {"usage":null', 'data: "usage"', '"usage":null', 'data: {"x":1,"usage":null,"obfuscation":"', '"}', 'data: [DONE'],
  },
}
const lineEnds = { LF: '\n', CRLF: '\r\n', CR: '\r' }

const reading = (takesOutUsage = true) => {
  const reader = createUsageReader('chat.completions', 'openai')
  return { reader, stream: new EventStream({ ...chatCompletions.stream, reader, takesOutUsage }) }
}

function pass(bytes: Buffer, cut: (left: number) => number, takesOutUsage = true) {
  const { stream } = reading(takesOutUsage)
  const out: Buffer[] = []
  const add = (part: string | Buffer) => out.push(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
  for (let at = 0; at < bytes.length; ) {
    const length = cut(bytes.length - at)
    add(stream.push(bytes.subarray(at, at + length)))
    at += length
  }
  add(stream.end())
  return { out: Buffer.concat(out).toString(), stream }
}

/** The same pieces in every run. */
function randomCuts(seed: number) {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return 1 + (state % 23)
  }
}

describe.each(Object.entries(lineEnds))('events that end with %s', (_, end) => {
  const join = (events: string[]) => events.map((event) => event.replaceAll('\n', end) + end + end).join('')

  it.each(Object.entries(samples))(
    'a stream %s loses what the wish for usage added, and no other byte, however it is cut',
    (_name, sample) => {
      const given = Buffer.from(join(sample.given))
      const left = join(sample.left)
      expect(pass(given, (length) => length).out).toBe(left)
      expect(pass(given, () => 1).out).toBe(left)
      for (let seed = 1; seed <= 200; seed++) expect(pass(given, randomCuts(seed)).out, `seed ${seed}`).toBe(left)
    },
  )

  it.each(Object.entries(samples))('a stream %s stays as it is for a client that asked itself', (_name, sample) => {
    const given = Buffer.from(join(sample.given))
    for (let seed = 1; seed <= 20; seed++) expect(pass(given, randomCuts(seed), false).out).toBe(given.toString())
  })

  it('keeps back the last event until the end', () => {
    const { stream, reader } = reading()
    const first = stream.push(Buffer.from(join([chunk(''), extra, 'data: [DONE]'])))
    expect(Buffer.from(first.toString(), 'latin1').toString()).toBe(join([chunk('')]))
    expect(stream.end()).toBe(join(['data: [DONE]']))
    expect(stream).toMatchObject({ isDone: true })
    expect(reader.result()).toMatchObject({ providerUsage: usage, isWhole: true })
  })
})

describe('a stream of events', () => {
  it('passes on the very piece when nothing of it changed', () => {
    const piece = Buffer.from(`${chunk('')}\n\n`)
    expect(reading().stream.push(piece)).toBe(piece)
  })

  it('reads a usage that stands beside one that is null', () => {
    const { stream, reader } = reading()
    const event = (rest: string) => `data: {"id":"c","x_groq":{"usage":${usage}},"choices":[]${rest}}\n\n`
    expect(stream.push(Buffer.from(event(',"usage":null')))).toBe(event(''))
    expect(reader.result()).toMatchObject({ providerUsage: usage })
  })

  it('asks its reader of no event that says that there is no usage yet', () => {
    const shown: string[] = []
    const reader = { event: (_: string | undefined, data: string) => void shown.push(data) }
    const stream = new EventStream({ ...chatCompletions.stream, reader, takesOutUsage: false })
    const none = (rest: string) => `data: {"id":"c","choices":[],"usage":null${rest}}`
    const piece = Buffer.from(`${none('')}\n\n${none(',"obfuscation":"x"')}\n\n${extra}\n\n`)
    expect(stream.push(piece)).toBe(piece)
    expect(shown).toEqual([extra.slice('data: '.length)])
  })

  it('ends with an event that was never completed', () => {
    expect(pass(Buffer.from(`${chunk('')}\n\ndata: {"cho`), () => 5).out).toBe(`${chunk('')}\n\ndata: {"cho`)
  })

  it('passes on an event of any length, keeps little of it, and reads on behind it', () => {
    const long = `data: ${'x'.repeat(3_000_000)}\n\n`
    const given = Buffer.from(`${long}${chunk(',"usage":null')}\n\ndata: [DONE]\n\n`)
    let most = 0
    const { stream } = reading()
    let out = ''
    for (let at = 0; at < given.length; at += 10_007) {
      out += stream.push(given.subarray(at, at + 10_007)).toString('latin1')
      most = Math.max(most, stream.keptBack)
    }
    out += stream.end()
    expect(Buffer.from(out, 'latin1').toString()).toBe(`${long}${chunk('')}\n\ndata: [DONE]\n\n`)
    expect(most).toBeLessThan(1_100_000)
  })
})

import { describe, expect, it } from 'vitest'
import { readJsonRequest } from './json-request.ts'
import { chatCompletions } from './operations/chat-completions.ts'
import { messages } from './operations/messages.ts'

const read = (text: string) => readJsonRequest(Buffer.from(text), chatCompletions.request)
const rewritten = (text: string, model = 'm', askForUsage = true) => read(text).rewritten({ model, askForUsage })?.toString()

describe('the body of a call', () => {
  it('tells model, stream and the wish for usage, however it is written', () => {
    expect(read('{"model":"m","messages":[]}')).toMatchObject({ model: 'm', streams: false })
    expect(read(' {\n "stream" : true ,"messages":[{"model":"no"}],"model":"gr\\u00fc\\"n"} ')).toMatchObject({
      model: 'grü"n',
      streams: true,
    })
    expect(read('{"mod\\u0065l":"m","stream":null}')).toMatchObject({ model: 'm', streams: false })
    expect(read('{"model":"模型"}')).toMatchObject({ model: '模型' })
    expect(read('{"model":"m","stream":true,"stream_options":{"include_usage":true}}')).toMatchObject({ lacksUsageWish: false })
    expect(read('{"model":"m","stream":true,"stream_options":{"x":{"include_usage":true}}}')).toMatchObject({ lacksUsageWish: true })
  })

  it.each([
    ['{"model":"m","stream":true}', '{"model":"m","stream":true,"stream_options":{"include_usage":true}}'],
    ['{"stream":true,"stream_options":null,"model":"m"}', '{"stream":true,"stream_options":{"include_usage":true},"model":"m"}'],
    ['{"model":"m","stream":true,"stream_options":{ }}', '{"model":"m","stream":true,"stream_options":{ "include_usage":true}}'],
    ['{"model":"m","stream":true,"stream_options":{"a":1} }', '{"model":"m","stream":true,"stream_options":{"a":1,"include_usage":true} }'],
    [
      '{"model":"m","stream":true,"stream_options":{"include_usage": false}}',
      '{"model":"m","stream":true,"stream_options":{"include_usage": true}}',
    ],
    [
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
    ],
    ['{"model":"m","stream":false}', '{"model":"m","stream":false}'],
  ])('gets the wish for usage where it streams: %s', (given, expected) => expect(rewritten(given)).toBe(expected))

  it('gets another model’s name, and keeps every other byte', () => {
    const text = '{ "messages":[{"content":"\\"model\\":\\"m\\" \\\\"}], "n":1e3,"model" : "m" , "ü":[{"model":"m"}]}'
    expect(rewritten(text, 'vendor/m "x"')).toBe(text.replace('"model" : "m"', '"model" : "vendor/m \\"x\\""'))
  })

  it.each([
    '',
    '[]',
    '"model"',
    '{"model":"m"',
    '{"model":"m"} {}',
    '{"model":"m",}',
    '{"model" "m"}',
    '{"model":7}',
    '{"model":""}',
    '{"messages":[]}',
    '{"model":"m","stream":"yes"}',
    '{"model":"m","messages":[{]',
    `{"model":"${'m'.repeat(300)}"}`,
    '{"model":"a\\u0000b"}',
    '{"model":"a\\ud800"}',
  ])('is refused as %s', (text) =>
    expect(() => read(text)).toThrow(
      expect.objectContaining({ status: 400, code: expect.stringMatching(/^http\.(invalid|bad_request)$/) }),
    ),
  )

  it.each([
    '{"model":"cheap","model":"dear"}',
    '{"model":"cheap","Model":"dear"}',
    '{"model":"cheap","mod\\u0065l":"dear"}',
    '{"model":"m","stream":true,"stream":false}',
  ])('is refused where two readers could understand two things: %s', (text) =>
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'gateway.body_ambiguous' })),
  )

  it.each([
    ['{"model":"m","max_tokens":100,"n":3}', { mostOutputTokens: 100, choices: 3, hasMedia: false }],
    ['{"model":"m","max_tokens":1e3,"max_completion_tokens":20}', { mostOutputTokens: 1000, hasMedia: false }],
    ['{"model":"m","max_tokens":0}', { hasMedia: false }],
    ['{"model":"m","max_tokens":0,"max_completion_tokens":20}', { mostOutputTokens: 20, hasMedia: false }],
    ['{"model":"m","max_tokens":null,"n":"3"}', { hasMedia: false, isAnyNumber: true, isOpenEnded: true }],
    ['{"model":"m","max_tokens":"100","n":-1}', { hasMedia: false, isAnyNumber: true, isOpenEnded: true }],
    ['{"model":"m","max_tokens":"100","max_completion_tokens":5}', { hasMedia: false }],
    ['{"model":"m","service_tier":"auto","prediction":null}', { hasMedia: false }],
    ['{"model":"m","service_tier":"priority"}', { hasMedia: false, isOpenEnded: true }],
    ['{"model":"m","prediction":{"type":"content","content":"x"}}', { hasMedia: false, isOpenEnded: true }],
    ['{"model":"m","models":["dear"]}', { hasMedia: false, isOpenEnded: true }],
    ['{"model":"m","max_tokens":1.5,"messages":[{"max_tokens":7}]}', { hasMedia: false }],
    ['{"model":"m","messages":[{"image_url":{"url":"https://a.example/b.png"}}]}', { hasMedia: true }],
  ])('tells what bounds its cost, and nothing where that is no number: %s', (text, expected) =>
    expect(read(text).asked).toEqual({ inputBytes: text.length, isOpenEnded: false, ...expected }),
  )

  it('names the field that should be an object and is none', () =>
    expect(() => read('{"model":"m","stream":true,"stream_options":7}')).toThrow('The field stream_options is no JSON object.'))

  it('tells that letters are hidden, where they are and not where a text speaks of that', () => {
    expect(read('{"model":"m","x":"\\u0041"}').asked.isOpenEnded).toBe(true)
    expect(read('{"model":"m","x":"\\\\\\u0041"}').asked.isOpenEnded).toBe(true)
    expect(read('{"model":"m","x":"\\\\u0041"}').asked.isOpenEnded).toBe(false)
  })

  it.each([
    ['{"messages":[{"content":[{"type":"file","file":{"file_id":"file-a"}}]}]', ['file-a']],
    ['{"tools":[{"vector_store_ids" : ["vs_a", "vs_b"]},{"container":{"type":"auto","file_ids":["file-a"]}}]', ['file-a', 'vs_a', 'vs_b']],
    ['{"conversation":{"id":"conv_a"},"prompt":{"version":"2","id":"pmpt_a"},"container":"cntr_a"', ['cntr_a', 'conv_a', 'pmpt_a']],
    ['{"conversation":"conv_a"', ['conv_a']],
    ['{"file_id":"file\\u002da"', ['file\\u002da']],
    ['{"\\u0066ile_id":"file-a"', ['\\']],
    ['{"file_id":{"type":"string"},"prompt":"file-a","container":"of-the-app","content":"\\"file_id\\":\\"file-a\\""', undefined],
  ])('tells what it points to of what a provider keeps: %s', (text, ids) => expect(read(`${text},"model":"m"}`).pointsTo).toEqual(ids))

  it('points to many things in moments', () => {
    const nested = `${'{"file_ids":['.repeat(400_000)}1${']}'.repeat(400_000)}`
    expect(read(`{"model":"m","x":${nested}}`).pointsTo).toBeUndefined()
    expect(read(`{"model":"m","x":[${'{"file_id":"file-a"},'.repeat(300_000)}1]}`).pointsTo).toEqual(['file-a'])
  })

  it('is asked for its usage only where the dialect has a wish for it', () => {
    const text = '{"model":"m","stream":true,"max_tokens":5,"stream_options":{}}'
    const request = readJsonRequest(Buffer.from(text), messages.request)
    expect(request).toMatchObject({ streams: true, lacksUsageWish: false, asked: { mostOutputTokens: 5 } })
    expect(request.rewritten({ model: 'm', askForUsage: true })?.toString()).toBe(text)
  })

  it('is read in moments, however large its images are', () => {
    const image = 'A'.repeat(30_000_000)
    const request = read(`{"messages":[{"content":"data:image/png;base64,${image}"}],"model":"m"}`)
    expect(request).toMatchObject({ model: 'm', text: undefined })
  })
})

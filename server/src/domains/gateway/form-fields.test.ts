import { describe, expect, it } from 'vitest'
import { FormFields } from './form-fields.ts'

const type = 'multipart/form-data; boundary=b-1'
const part = (head: string, body: string) => `--b-1\r\n${head}\r\n\r\n${body}\r\n`
const named = (name: string, body: string) => part(`Content-Disposition: form-data; name="${name}"`, body)
const end = '--b-1--\r\n'
const file = part(
  'content-type: audio/wav\r\ncontent-disposition: form-data; filename="x; name=\\"model\\"; model.wav"; name="file"',
  'RIFF\r\n--b-\r\n\r\nname="model"\r\n\r\nno',
)

function read(text: string, size = text.length, contentType = type) {
  const fields = new FormFields(contentType, 'model')
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) fields.push(bytes.subarray(at, at + size))
  const { found } = fields
  return found && { text: found.text, bytes: bytes.subarray(found.start, found.end).toString() }
}

describe('a form', () => {
  it.each([
    ['first', named('model', 'whisper-1') + file + end],
    ['last', file + named('model', 'whisper-1') + end],
    ['in the middle', named('empty', '') + named('model', 'whisper-1') + file + end],
    [
      'unquoted, with more in its head',
      part('x-a: b\r\nContent-Disposition:form-data ;name=model\r\ncontent-type: text/plain', 'whisper-1') + end,
    ],
    ['behind something before the first part', `preamble\r\n${named('model', 'whisper-1')}${end}epilogue`],
  ])('tells its field, which stands %s, wherever it is cut', (_, text) => {
    for (let size = 1; size < 40; size++) expect(read(text, size), `${size}`).toEqual({ text: 'whisper-1', bytes: 'whisper-1' })
    expect(read(text)).toEqual({ text: 'whisper-1', bytes: 'whisper-1' })
  })

  it('tells a name in UTF-8, and none where there is none', () => {
    expect(read(named('model', '模型') + end)).toEqual({ text: '模型', bytes: '模型' })
    expect(read(file + named('models', 'a') + end)).toBeUndefined()
    expect(read(named('model', 'm') + end, 7, 'Multipart/Form-Data; charset=x; boundary="b-1"')?.text).toBe('m')
  })

  it.each([
    ['twice', named('model', 'cheap') + file + named('model', 'dear') + end, 'body_ambiguous'],
    ['in another case', named('Model', 'dear') + end, 'body_ambiguous'],
    ['in two ways in one part', part('content-disposition: form-data; name="a"; name="model"', 'dear') + end, 'form_unreadable'],
    [
      'with two dispositions',
      part('content-disposition: form-data; name="a"\r\ncontent-disposition: form-data; name="model"', 'x') + end,
      'form_unreadable',
    ],
    ['as an extended name', part("content-disposition: form-data; name*=utf-8''model", 'x') + end, 'form_unreadable'],
    ['with a quoted sign', part('content-disposition: form-data; name="mod\\el"', 'x') + end, 'form_unreadable'],
    ['at endless length', named('model', 'm'.repeat(5_000)) + end, 'form_unreadable'],
    ['in a folded head', part('content-disposition: form-data;\r\n name="model"', 'dear') + end, 'form_unreadable'],
    ['behind a bare line feed', part('x: y\ncontent-disposition: form-data; name="model"', 'dear') + end, 'form_unreadable'],
    ['behind a head of bare line feeds', `--b-1\ncontent-disposition: form-data; name="model"\n\ndear\r\n${end}`, 'form_unreadable'],
    [
      'behind a delimiter of bare line feeds',
      named('a', 'b\n--b-1\ncontent-disposition: form-data; name="model"\n\ndear') + end,
      'form_unreadable',
    ],
    [
      'behind a delimiter that goes on',
      named('a', 'b\r\n--b-1x\r\ncontent-disposition: form-data; name="model"\r\n\r\ndear') + end,
      'form_unreadable',
    ],
    [
      'behind a quote that may be escaped',
      part('content-disposition: form-data; name="a"; filename="C:\\"; name="model"', 'dear') + end,
      'form_unreadable',
    ],
    ['where no name is', part('content-disposition: form-data', 'dear') + end, 'form_unreadable'],
    ['behind an endless head', part(`x: ${'y'.repeat(20_000)}`, 'x') + end, 'form_unreadable'],
  ])('is refused where the field stands %s', (_, text, code) => {
    for (const size of [1, 13, text.length]) expect(() => read(text, size)).toThrow(expect.objectContaining({ code: `gateway.${code}` }))
  })

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=b-1; boundary=b-2',
    'multipart/form-data; boundary="b-1"; Boundary=b-2',
    "multipart/form-data; boundary*=utf-8''b-2; boundary=b-1",
    'multipart/form-data; boundary="b\\-1"',
    'multipart/form-data; boundary=b-1,b-2',
    'multipart/form-data; boundary=b-1 b-2',
    'multipart/form-data; x="; boundary=b-1"; boundary=b-2',
  ])('is refused without one boundary that everybody reads alike: %s', (contentType) =>
    expect(() => read('', 1, contentType)).toThrow(expect.objectContaining({ code: 'gateway.form_unreadable' })),
  )
})

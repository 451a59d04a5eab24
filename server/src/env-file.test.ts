import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseEnvText, readEnvFile } from './env-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyloft-env-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function read(text: string | Buffer) {
  writeFileSync(join(folder, '.env'), text)
  return readEnvFile(join(folder, '.env'), '.env')
}

describe('an env file', () => {
  it('that is absent is an empty one', () => {
    expect(readEnvFile(join(folder, '.env'), '.env')).toEqual({ values: {}, faults: [] })
    writeFileSync(join(folder, 'file'), '')
    expect(readEnvFile(join(folder, 'file', '.env'), '.env')).toEqual({ values: {}, faults: [] })
  })

  it('that cannot be read is a fault, not an empty one', () => {
    mkdirSync(join(folder, '.env'))
    expect(readEnvFile(join(folder, '.env'), '.env')).toEqual({ values: {}, faults: ['.env cannot be read (EISDIR)'] })
  })

  it('is read with comments, blank lines, spaces, export and quotes', () => {
    const { values, faults } = read(
      [
        '# it’s "a comment',
        '',
        '  ',
        'A=1',
        ' B = two words # aside',
        'export C=\'single # "no aside"\'',
        'D="double" # aside',
        'E=',
        'F==x',
        "G=`it's`",
      ].join('\n'),
    )
    expect(values).toEqual({ A: '1', B: 'two words', C: 'single # "no aside"', D: 'double', E: '', F: '=x', G: "it's" })
    expect(faults).toEqual([])
  })

  it('may have Windows line ends and a byte order mark', () => {
    expect(read('\uFEFFA=1\r\n\r\n# note\r\nB="2\r\n3"\r\n')).toEqual({ values: { A: '1', B: '2\n3' }, faults: [] })
  })

  it('may have quoted values over several lines, which hide what they hold', () => {
    const { values, faults } = read('A="first\nno assignment\n# no comment\nB=inner"\nC=3\n')
    expect(values).toEqual({ A: 'first\nno assignment\n# no comment\nB=inner', C: '3' })
    expect(faults).toEqual([])
  })

  it('names each broken line by its number and never by its text', () => {
    const { faults } = read('A=1\nsecret-one\nB="x\ny"\n2C=secret-two\n=secret-three\nD-E=secret-four\n')
    expect(faults).toEqual([2, 5, 6, 7].map((line) => `line ${line} of .env is not of the form NAME=value`))
  })

  it('says where a quote was opened that is never closed', () => {
    const { faults } = read('A=1\nB="secret\nC=3\nD=4\n')
    expect(faults).toEqual(['line 2 of .env opens a quote that is never closed'])
  })

  it('refuses text behind a closing quote, which would be lost in silence', () => {
    expect(read('A="one"two\nB="x" # fine\n').faults).toEqual(['line 1 of .env goes on behind its closing quote'])
    expect(read("A='one\nB='two'\n").faults).toEqual(['line 2 of .env goes on behind its closing quote'])
  })

  it('refuses a name that begins with a space that only looks like one', () => {
    expect(read('\u00a0A=1\n').faults).toEqual(['line 1 of .env is not of the form NAME=value'])
  })

  it('in another encoding than UTF-8 is a fault', () => {
    expect(read(Buffer.from('\uFEFFA=1\n', 'utf16le')).faults).not.toEqual([])
  })

  it('loses no line in silence: what is without a fault stands in a value', () => {
    const forms = ['$=1', '$="x"', '$="x', "$='y'z", 'no', '# c', '', '$=`q', '`', '"', "'", '$="a" b', "$=it's", ' ', 'export $=1']
    for (let number = 0; number < forms.length ** 3; number++) {
      const lines = [0, 1, 2].map((place) =>
        (forms[Math.floor(number / forms.length ** place) % forms.length] ?? '').replace('$', `N${place}`),
      )
      const { values, faults } = parseEnvText(lines.join('\n'), '.env')
      if (faults.length > 0) continue
      const held = Object.values(values).join('\n')
      for (const [place, line] of lines.entries()) {
        if ((line.includes('=') && !(`N${place}` in values)) || line === 'no') expect(held, JSON.stringify(lines)).toContain(line)
      }
    }
  })
})

import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { bodyOf } from './chat.ts'
import { codeOf, languages } from './code-of.ts'

const body = bodyOf(
  'mock-1',
  [
    { role: 'system', content: `It's "quoted"` },
    { role: 'user', content: 'two\nlines, and $HOME `date`' },
  ],
  { temperature: 0.5, maxTokens: 20 },
)

describe('the code of a call', () => {
  it.each(languages.map(({ value }) => value))('names the token and does not hold one: %s', (language) => {
    const code = codeOf(language, 'https://keys.example.com/base', body)
    expect(code).toContain('https://keys.example.com/base/v1')
    expect(code).toContain('KEYLOFT_TOKEN')
    expect(code).not.toMatch(/klt_|sk-/)
  })

  it('survives the shell: curl is given exactly the body', () => {
    const code = codeOf('curl', 'http://localhost', body)
    const shown = code.replace(/^curl -N \S+ \\\n(?:.*\\\n)*\s*-d /, 'printf %s ')
    expect(JSON.parse(execFileSync('sh', ['-c', shown], { encoding: 'utf8' }))).toEqual({ ...body, stream: true })
  })

  it('leaves out what nobody chose, and an empty system prompt', () => {
    const turns = [
      { role: 'system' as const, content: '  ' },
      { role: 'user' as const, content: 'Hello' },
    ]
    expect(bodyOf('mock-1', turns, { temperature: 0 })).toEqual({
      model: 'mock-1',
      messages: [{ role: 'user', content: 'Hello' }],
      temperature: 0,
    })
  })
})

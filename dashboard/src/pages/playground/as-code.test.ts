import { expect, it } from 'vitest'
import { asCode, toBody } from './as-code.ts'

const chat = { model: 'gpt-4o-mini', system: ' ', prompt: "It's `so`", temperature: 0, maxTokens: '' } as const

it('sends what was filled in and nothing else', () => {
  expect(toBody(chat)).toEqual({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: "It's `so`" }], temperature: 0 })
})

it('writes the same call as code, whatever was typed', () => {
  const code = asCode('https://keys.example.com', chat)
  expect(code).toContain(JSON.stringify(chat.prompt))
  expect(code).toContain("baseURL: 'https://keys.example.com/v1'")
})

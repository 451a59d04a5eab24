import { expect, it } from 'vitest'
import { snippetsFor } from './snippets.ts'

const facts = { url: 'https://keys.example.com/ai', token: 'klt_abc', model: 'gpt-4o-mini', userId: '5eed0000-0000-4000-8000-000000000001' }

it('gives each client the base URL in the form that it reads, and the token', () => {
  const [curl, openai, anthropic, ai, supabase] = snippetsFor(facts).map(({ code }) => code)
  expect(curl).toContain("curl https://keys.example.com/ai/v1/chat/completions \\\n  -H 'authorization: Bearer klt_abc'")
  expect(openai).toContain("baseURL: 'https://keys.example.com/ai/v1', apiKey: 'klt_abc'")
  expect(anthropic).toContain("baseURL: 'https://keys.example.com/ai', apiKey: 'klt_abc'")
  expect(ai).toContain("keyloft('gpt-4o-mini')")
  expect(supabase).toContain("createClient('https://keys.example.com/ai'")
})

it('gives a person’s token to no example that is the backend’s', () => {
  expect(snippetsFor(facts).find(({ id }) => id === 'supabase')?.code).not.toContain('klt_abc')
})

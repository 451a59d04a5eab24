import { describe, expect, it } from 'vitest'
import { authHeader, createProviders, hostOf } from './providers.ts'

const providers = createProviders({
  baseUrls: { openai: 'https://eu.api.openai.com/v1' },
  added: { groq: 'https://api.groq.com/openai/v1', local: 'http://llm.internal:8000/v1' },
})

describe('providers', () => {
  it('are found by id and alias, in any case, and nothing else is one', () => {
    for (const name of ['google', 'gemini', ' Gemini ', 'GOOGLE']) expect(providers.find(name)?.id).toBe('google')
    for (const name of ['aigateway', 'vercel', 'gateway']) expect(providers.find(name)?.id).toBe('gateway')
    expect(providers.find('groq')).toMatchObject({ baseUrl: 'https://api.groq.com/openai/v1', isPrivate: false })
    expect(providers.find('local')).toMatchObject({ isPrivate: true })
    for (const name of ['', 'open ai', 'constructor', '__proto__', 'toString']) expect(providers.find(name)).toBeUndefined()
  })

  it('bind a key to the host they are called at, or to the known one that the operator replaced', () => {
    const hostsOf = (id: string) => providers.hostsOf(providers.find(id) ?? expect.unreachable())
    expect(hostsOf('openai')).toEqual(['eu.api.openai.com', 'api.openai.com'])
    expect(hostsOf('anthropic')).toEqual(['api.anthropic.com'])
    expect(hostsOf('local')).toEqual(['llm.internal:8000'])
    expect(hostsOf('cursor')).toEqual([])
    expect(hostOf('https://Example.com:443/v1')).toBe('example.com')
  })

  it('are given a key in the header each reads', () => {
    const headerOf = (id: string) => authHeader(providers.find(id) ?? expect.unreachable(), 'k')
    expect(headerOf('openai')).toEqual({ authorization: 'Bearer k' })
    expect(headerOf('anthropic')).toEqual({ 'x-api-key': 'k' })
    expect(headerOf('google')).toEqual({ 'x-goog-api-key': 'k' })
  })
})

import { expect } from 'vitest'

/** A person with a key of their own and an API token, made as an app would. */
export async function signUp(base: string, number: number, providers: readonly string[] = ['openai']): Promise<string> {
  const post = async (path: string, body: object, credential = '') => {
    const authorization = credential && { authorization: `Bearer ${credential}` }
    const headers = { 'content-type': 'application/json', origin: base, ...(authorization || {}) }
    const response = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(response.ok, path).toBe(true)
    return { headers: response.headers, body: (await response.json()) as { token: string } }
  }
  const person = { email: `caller${number}@example.com`, password: 'correct horse battery', name: 'A caller' }
  const session = (await post('/api/auth/sign-up/email', person)).headers.get('set-auth-token') ?? ''
  for (const provider of providers)
    await post('/api/profile/api-keys', { provider, apiKey: `sk-of-person-${number}-0123456789`, verify: false }, session)
  return (await post('/api/tokens', { name: 'calls', scopes: ['calls'] }, session)).body.token
}

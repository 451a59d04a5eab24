import { describe, expect, it } from 'vitest'
import { createTestGateway, providerKey, resolveLater } from '../../../test/gateway.ts'
import { jsonAnswer, startRaw } from '../../../test/raw-provider.ts'

const body = { model: 'mock-1', messages: [] }
const told = {
  'x-request-id': 'req_1',
  'retry-after-ms': '5',
  'x-ratelimit-remaining-tokens': '99',
  'openai-processing-ms': '12',
  'openai-organization': 'org-secret',
  'set-cookie': 'a=b',
  server: 'cloudflare',
  'access-control-allow-origin': '*',
  'keep-alive': 'timeout=5',
  'x-powered-by': 'something',
}

async function setUp(change: object = {}) {
  const provider = await startRaw((socket) => socket.write(jsonAnswer(200, { id: 'c' }, told)))
  const { resolve, candidates } = resolveLater()
  const gateway = await createTestGateway({ resolve })
  candidates.push(gateway.at(provider.url, change))
  return { ...gateway, provider }
}

describe('headers', () => {
  it('of a client reach the provider only by name, and none of its credentials does', async () => {
    const { post, provider } = await setUp()
    const credentials = {
      authorization: 'Bearer klt_placeholder',
      'x-api-key': 'placeholder-1',
      'api-key': 'placeholder-2',
      'x-goog-api-key': 'placeholder-3',
      apikey: 'placeholder-4',
      cookie: 'session=placeholder-5',
      'proxy-authorization': 'Basic placeholder-6',
    }
    const others = {
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil',
      te: 'trailers',
      'x-stainless-os': 'Linux',
      'x-title': 'My app',
    }
    await post(body, { ...credentials, ...others, 'openai-organization': 'org-mine' })
    const [head = ''] = provider.seen[0]?.split('\r\n\r\n') ?? []
    const lines = head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0])
    expect(lines.toSorted()).toEqual(
      [
        'accept-encoding',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'openai-organization',
        'user-agent',
        'x-title',
      ].toSorted(),
    )
    expect(head).toContain(`authorization: Bearer ${providerKey}`)
    expect(head).not.toMatch(/placeholder|evil/)
  })

  it('that choose an account do not reach it with a key that is not the caller’s own', async () => {
    const { post, provider } = await setUp({ source: 'server-key', keyId: undefined })
    const { headers } = await post(body, { 'openai-organization': 'org-mine', 'openai-project': 'p' })
    expect(provider.seen[0]).not.toMatch(/org-mine|openai-project/)
    expect(headers['openai-organization']).toBeUndefined()
    expect(headers['x-keyloft-credential']).toBe('server-key;provider=openai')
  })

  it('of the provider come back by name, beside ours', async () => {
    const { post, at } = await setUp()
    const { headers } = await post(body, { origin: 'https://app.example.com' })
    expect(headers).toMatchObject({
      'x-request-id': 'req_1',
      'x-keyloft-request-id': expect.any(String),
      'retry-after-ms': '5',
      'x-ratelimit-remaining-tokens': '99',
      'openai-processing-ms': '12',
      'openai-organization': 'org-secret',
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': 'https://app.example.com',
      'x-keyloft-credential': `user-key;provider=openai;key=${at('http://127.0.0.1').keyId}`,
    })
    for (const name of ['set-cookie', 'server', 'x-powered-by', 'x-keyloft-model']) expect(headers[name]).toBeUndefined()
  })
})

describe('a host', () => {
  it.each([
    ['in the body', '/v1/chat/completions', { ...body, base_url: 'http://evil.example', api_base: 'http://evil.example' }, {}],
    ['in the query', '/v1/chat/completions?base_url=http://evil.example&api-version=1', body, {}],
    ['in a header', '/v1/chat/completions', body, { 'x-base-url': 'http://evil.example', 'x-portkey-custom-host': 'http://evil.example' }],
  ])('that a client names %s changes nothing', async (_, path, sent, headers) => {
    const { app, provider } = await setUp({ source: 'server-key' })
    const reply = await app.inject({ method: 'POST', url: path, payload: sent, headers })
    expect(reply.statusCode).toBe(200)
    expect(provider.seen[0]).toMatch(/^POST \/v1\/chat\/completions HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/)
  })
})

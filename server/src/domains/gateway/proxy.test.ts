import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createTestGateway, providerKey, resolveLater, sendTo } from '../../../test/gateway.ts'
import { jsonAnswer, startRaw } from '../../../test/raw-provider.ts'
import { AppError } from '../../base/errors.ts'
import { passedQuery } from './proxied-address.ts'

const providers: Record<string, { id: string; baseUrl?: string; isPrivate?: boolean; paths?: object }> = {
  openai: { id: 'openai', baseUrl: 'https://provider.example/v1', paths: { 'chat.completions': '/chat/completions', files: '/files' } },
  google: { id: 'google', baseUrl: 'https://google.example', paths: { 'gemini.models': '/v1beta/models' } },
  cursor: { id: 'cursor' },
  local: { id: 'local', baseUrl: 'http://llm.internal:8000/v1', isPrivate: true },
}

async function setUp(script: Parameters<typeof startRaw>[0] = (socket) => socket.write(jsonAnswer(200, { ok: true }))) {
  const provider = await startRaw(script)
  const { resolve, candidates } = resolveLater()
  const asked: { suffix?: string | undefined; provider?: string | undefined }[] = []
  const gateway = await createTestGateway({
    resolve: (principal, wanted) => {
      asked.push(wanted)
      return resolve(principal, wanted)
    },
    findProvider: (name) => (Object.hasOwn(providers, name) ? (providers[name] as never) : undefined),
  })
  candidates.push(gateway.at(provider.url, { modelId: '' }))
  return { ...gateway, asked, provider }
}

/** As no client library would send it. */
function rawRequest(url: string, path: string): Promise<string> {
  const { port } = new URL(url)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`))
    socket.on('data', (piece) => {
      text += piece
    })
    socket.on('close', () => resolve(text))
  })
}

describe('the proxy', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])(
    'carries %s to the provider alone that is named, and is written down',
    async (method) => {
      const { url, asked, provider, ledger } = await setUp()
      const body = method === 'GET' ? {} : { body: 'any bytes', contentType: 'text/x-any' }
      const reply = await sendTo(method, `${url}/proxy/openai/vector_stores/vs_1?limit=3`, body)
      expect(reply).toMatchObject({ status: 200, isCut: false })
      expect(asked).toEqual([
        { model: undefined, suffix: '/vector_stores/vs_1?limit=3', provider: 'openai', needsOwnKey: true, isModelFree: true },
      ])
      expect(provider.seen[0]).toMatch(new RegExp(`^${method} `))
      if (method !== 'GET') expect(provider.seen[0]).toMatch(/content-type: text\/x-any\r\n[\s\S]*\r\n\r\nany bytes$/)
      expect(ledger.settled).toMatchObject([{ call: { operation: 'proxy', model: 'proxy' }, outcome: { outcome: 'completed' } }])
      expect(ledger.settled[0]?.outcome.usageBasis).toBe(method === 'GET' ? 'none' : 'unknown')
    },
  )

  it.each([
    '/proxy/openai/../../admin',
    '/proxy/openai/a/../b',
    '/proxy/openai/a/..',
    '/proxy/openai/.',
    '/proxy/openai/%2e%2e/admin',
    '/proxy/openai/a%2f..%2fadmin',
    '/proxy/openai/a%5c..%5cadmin',
    '/proxy/openai/a\\..\\admin',
    '/proxy/openai/a%252f',
    '/proxy/openai//evil.example/a',
    '/proxy/openai/a//b',
    '/proxy/openai/a%00',
    '/proxy/openai/',
    '/proxy/openai/a/..;/b',
    '/proxy/local/internal/model/load',
    '/proxy/nobody/a',
    '/proxy/cursor/a',
    '/proxy/constructor/a',
    '/proxy/__proto__/a',
    '/proxy/http:%2f%2fevil.example/a',
    'http://evil.example/proxy/openai/a',
    '/v1beta/models/..',
    '/v1beta/models/%2e%2e',
    '/v1beta/models/%2e',
  ])('goes nowhere by %s', async (path) => {
    const { url, asked, provider } = await setUp()
    expect(await rawRequest(url, path)).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect([asked, provider.seen]).toEqual([[], []])
  })

  it('sends a known operation as that operation, with its body read', async () => {
    const { url, asked, ledger } = await setUp()
    await sendTo('POST', `${url}/proxy/openai/chat/completions`, { body: '{"model":"m","messages":[]}', contentType: 'application/json' })
    await sendTo('POST', `${url}/proxy/google/v1beta/models/gemini-3:generateContent?alt=json&key=x`, {
      body: '{}',
      contentType: 'application/json',
    })
    await sendTo('GET', `${url}/proxy/openai/files`)
    expect(asked).toMatchObject([
      { model: 'm', protocol: 'chat.completions', provider: 'openai' },
      { model: 'gemini-3', protocol: 'gemini.models', provider: 'google', suffix: '/{model}:generateContent?alt=json' },
      { model: undefined, protocol: 'files', provider: 'openai', needsOwnKey: true },
    ])
    expect(ledger.settled.map(({ call }) => call.operation)).toEqual(['chat.completions', 'gemini.generate_content', 'files.list'])
    const refused = await sendTo('POST', `${url}/proxy/openai/chat/completions`, {
      body: '{"model":"a","model":"b"}',
      contentType: 'application/json',
    })
    expect(JSON.parse(refused.body.toString()).error.code).toBe('gateway.body_ambiguous')
  })

  it('passes headers by name, the key of the provider alone, and what a page could do with an answer is nothing', async () => {
    const { url, provider } = await setUp()
    const headers = {
      range: 'bytes=0-9',
      'anthropic-version': '2024-01-01',
      'x-goog-api-key': 'AIza-of-the-client',
      cookie: 'a=b',
      'x-forwarded-for': '1.2.3.4',
    }
    const reply = await sendTo('GET', `${url}/proxy/openai/a`, { headers })
    expect(provider.seen[0]).toMatch(/range: bytes=0-9\r\n/)
    expect(provider.seen[0]).toMatch(/anthropic-version: 2024-01-01\r\n/)
    expect(provider.seen[0]).toContain(`authorization: Bearer ${providerKey}`)
    expect(provider.seen[0]).not.toMatch(/AIza|cookie|forwarded|content-type/)
    expect(reply.headers['content-security-policy']).toBe("sandbox; default-src 'none'")
  })

  it.each([200, 404])('lets no browser take a provider’s page of status %i for one of ours', async (status) => {
    const page = '<script>alert(1)</script>'
    const head = `HTTP/1.1 ${status} X\r\ncontent-type: text/html\r\ncontent-security-policy: script-src *\r\ncontent-length: ${page.length}`
    const { url } = await setUp((socket) => socket.write(`${head}\r\n\r\n${page}`))
    const reply = await sendTo('GET', `${url}/proxy/openai/a`)
    expect([reply.status, reply.body.toString()]).toEqual([status, page])
    expect(reply.headers).toMatchObject({ 'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff' })
  })

  it('is refused where the ledger does not allow the call, and nothing of an answer leaves', async () => {
    const { url, ledger } = await setUp(async (socket) => {
      await sleep(60)
      socket.write(jsonAnswer(200, { secret: 'answer' }))
    })
    ledger.beforeOpen = async () => {
      throw new AppError('quotas.reached', { status: 429, message: 'No more today.' })
    }
    const reply = await sendTo('POST', `${url}/proxy/openai/a`, { body: 'x', contentType: 'text/plain' })
    expect([reply.status, JSON.parse(reply.body.toString()).error.code]).toEqual([429, 'quotas.reached'])
  })

  it('follows no redirect, and does not tell where it led', async () => {
    const { url, provider } = await setUp((socket) =>
      socket.write('HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n'),
    )
    const reply = await sendTo('GET', `${url}/proxy/openai/a`)
    expect([reply.status, reply.headers.location]).toEqual([502, undefined])
    expect(provider.seen).toHaveLength(1)
  })

  it('carries bytes of any kind as they are, and what has no body without one', async () => {
    const bytes = randomBytes(300_000)
    const head = `HTTP/1.1 206 Partial\r\ncontent-type: audio/mpeg\r\ncontent-range: bytes 0-299999/300000\r\ncontent-length: ${bytes.length}\r\n\r\n`
    const { url } = await setUp((socket, index) =>
      index === 0 ? socket.write(Buffer.concat([Buffer.from(head), bytes])) : socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
    )
    const reply = await sendTo('GET', `${url}/proxy/openai/a`)
    expect(reply).toMatchObject({
      status: 206,
      isCut: false,
      headers: { 'content-type': 'audio/mpeg', 'content-range': 'bytes 0-299999/300000' },
    })
    expect(reply.body.equals(bytes)).toBe(true)
    expect(await sendTo('DELETE', `${url}/proxy/openai/a`)).toMatchObject({ status: 204, isCut: false })
  })
})

describe('a query', () => {
  it.each([
    ['/a?alt=sse&key=klt_x&pageSize=2', '?alt=sse&pageSize=2'],
    ['/a?key=klt_x', ''],
    ['/a?Key=x&%6bey=y&ke%79=z&access_token=w', ''],
    ['/a?include[]=a%20b&include[]=c&&', '?include[]=a%20b&include[]=c'],
    ['/a', ''],
  ])('of %s goes on as it is, but for credentials', (url, passed) => expect(passedQuery(url)).toBe(passed))

  it('that would hide the usage is refused where that is read', () => {
    for (const name of ['fields', '$fields', '%24fields', 'Fields', 'f%69elds']) {
      expect(() => passedQuery(`/a?alt=sse&${name}=candidates`, { isMetered: true })).toThrow(expect.objectContaining({ status: 400 }))
    }
    expect(passedQuery('/a?fields=files')).toBe('?fields=files')
  })

  it('that cannot be read is refused', () => expect(() => passedQuery('/a?%zz=1')).toThrow(expect.objectContaining({ status: 400 })))
})

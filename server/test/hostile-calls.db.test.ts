import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { Hidden } from '../src/base/hidden.ts'
import { loadShippedModels } from '../src/domains/models/models.ts'
import { usualOrder } from '../src/domains/resolver/sources.ts'
import { createTestApp } from './app.ts'
import { projectJwt, publicUrl } from './identity.ts'
import { postAll } from './ledger.ts'
import { peopleOf } from './person.ts'

async function startProvider(seen: string[]) {
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    seen.push(`${request.headers.authorization} ${text}`)
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ id: 'x', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

describe('somebody who means harm', async () => {
  const seen: string[] = []
  const test = await createTestApp(() => [], {
    resolver: { order: usualOrder, serverKeys: { openai: new Hidden('sk-of-the-server-0123456789') } },
    providers: { baseUrls: { openai: await startProvider(seen) }, added: {} },
  })
  await loadShippedModels(test.database)
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }], max_tokens: 50 }
  const chat = '/v1/chat/completions'
  const { signUp } = peopleOf(test)
  const someone = async () => {
    const { id } = await test.makePerson()
    const authorization = `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}`
    const ask = (method: 'POST' | 'DELETE', url: string, payload?: object | string, on = test.app) =>
      on.inject({
        method,
        url,
        headers: { authorization, ...(payload ? { 'content-type': 'application/json' } : {}) },
        ...(payload ? { payload } : {}),
      })
    return { id, ask }
  }

  it.each([
    ['a NUL in the model', 400, '{"model":"gpt\\u0000x","messages":[]}'],
    ['half a sign in the model', 400, '{"model":"openai/\\ud800","messages":[]}'],
    ['a billion answers', 400, JSON.stringify({ ...body, n: 1e9 })],
    ['endless answers', 400, JSON.stringify({ ...body, max_tokens: 9e15 })],
    ['more than anybody has', 429, JSON.stringify({ ...body, max_tokens: 1e12, n: 1e6 })],
    ['answers that nobody can count', 422, JSON.stringify({ ...body, n: '100' })],
    ['service at twice the price', 422, JSON.stringify({ ...body, service_tier: 'priority' })],
    ['another model, if that one will not do', 422, JSON.stringify({ ...body, models: ['o1-pro'] })],
  ])('is refused for %s, leaves nothing open, and harms nobody who calls at the same moment', async (_, status, text) => {
    const [mallory, ada] = [await someone(), await someone()]
    seen.length = 0
    const replies = await Promise.all([mallory, ada, mallory, ada].map((one) => one.ask('POST', chat, one === ada ? body : text)))
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([status, 200, status, 200])
    expect(seen).toHaveLength(2)
    await postAll(test.owner)
    const { rows } = await sql`select user_id from keyloft.holds
      union all select user_id from user_quota_limits where user_id = ${mallory.id} and (reserved_requests, used_requests) <> (0, 0)`.execute(
      test.owner.db,
    )
    expect(rows).toEqual([])
  })

  it('who got at a token that is bound to a model calls no other, by whichever way and carrier', async () => {
    const { ask } = await someone()
    expect((await ask('POST', '/api/profile/api-keys', { provider: 'openai', apiKey: 'sk-of-ada-0123456789' })).statusCode).toBe(201)
    const token = (await ask('POST', '/api/tokens', { name: 'bound', scopes: ['calls'], models: ['gpt-4o-mini'] })).json().token as string
    const json = { 'content-type': 'application/json' }
    const form = { 'content-type': 'multipart/form-data; boundary=b' }
    const field = (model: string) => `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n`
    const dear = { ...body, model: 'gpt-4o' }
    const tries: [string, Record<string, string>, object | string][] = [
      [chat, json, dear],
      [chat, json, { ...dear, model: 'openai/gpt-4o' }],
      [chat, json, { ...body, models: ['gpt-4o'] }],
      [chat, json, '{"model":"gpt-4o-mini","messages":[],"\\u006dodel":"gpt-4o"}'],
      [`${chat}?model=gpt-4o-mini`, json, dear],
      ['/v1/responses', json, { model: 'gpt-4o', input: 'x' }],
      ['/v1/moderations', json, { input: 'x' }],
      ['/v1/batches', json, { input_file_id: 'file-x' }],
      ['/v1/audio/transcriptions', form, `${field('gpt-4o')}--b--\r\n`],
      ['/v1/audio/transcriptions', form, `${field('gpt-4o-mini')}${field('gpt-4o')}--b--\r\n`],
      ['/v1/audio/transcriptions', { 'content-type': `${form['content-type']}; boundary=c` }, `${field('gpt-4o-mini')}--b--\r\n`],
      ...['', '/', '#a'].map((end): [string, Record<string, string>, object] => [`/proxy/openai/chat/completions${end}`, json, dear]),
      ['/proxy/openai/chat/completions', { 'content-type': 'text/json' }, JSON.stringify(dear)],
      ['/proxy/openai/Chat/completions', json, dear],
    ]
    seen.length = 0
    for (const carrier of ['x-api-key', 'api-key', 'x-goog-api-key', 'authorization']) {
      const credential = { [carrier]: carrier === 'authorization' ? `Bearer ${token}` : token }
      for (const [url, headers, payload] of tries) {
        const { statusCode } = await test.app.inject({ method: 'POST', url, headers: { ...headers, ...credential }, payload })
        expect([400, 403], `${carrier} ${url}`).toContain(statusCode)
      }
    }
    expect(seen).toEqual([])
  })

  it('has a key no longer, within a second, that was taken back at another process', async () => {
    const other = await test.anotherApp()
    const { ask } = await someone()
    const callElsewhere = async () => {
      seen.length = 0
      expect((await ask('POST', chat, body, other)).statusCode).toBe(200)
      return seen[0]
    }
    const { id } = (await ask('POST', '/api/profile/api-keys', { provider: 'openai', apiKey: 'sk-of-ada-0123456789' })).json()
    await vi.waitFor(async () => expect(await callElsewhere()).toContain('sk-of-ada'))
    expect(await callElsewhere()).toContain('sk-of-ada') // from the memory of opened keys
    expect((await ask('DELETE', `/api/profile/api-keys/${id}`)).statusCode).toBeLessThan(300)
    await sleep(1_000)
    expect(await callElsewhere()).toContain('sk-of-the-server')
  })

  it.each(['https://evil.example', 'null', `${publicUrl}.evil.example`, `${publicUrl}@evil.example`, 'http://evil.localhost:8787'])(
    'has a page at %s, and the browsers of others send it their cookies in vain',
    async (origin) => {
      const { cookie } = await signUp()
      for (const [url, contentType, payload] of [
        [chat, 'application/json', JSON.stringify(body)],
        ['/proxy/openai/chat/completions', 'text/plain', JSON.stringify(body)],
        ['/v1/files', 'multipart/form-data; boundary=b', '--b--'],
        ['/api/tokens', 'application/json', '{"name":"x","scopes":["calls"]}'],
      ] as const) {
        const { host } = new URL(publicUrl)
        const headers = { cookie, origin, host, 'content-type': contentType }
        expect((await test.app.inject({ method: 'POST', url, headers, payload })).statusCode, url).toBe(401)
      }
    },
  )
})

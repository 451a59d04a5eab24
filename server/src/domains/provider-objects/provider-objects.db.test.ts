import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'
import { postAll } from '../../../test/ledger.ts'
import { Hidden } from '../../base/hidden.ts'
import { usualOrder } from '../resolver/sources.ts'
import { providerObjectJobs } from './provider-objects.ts'

/** A provider that gives out ids, and says by which key it was asked for what. */
async function startProvider() {
  const seen: string[] = []
  let made = 0
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    const { method = '', url = '', headers } = request
    seen.push(`${method} ${url} ${headers.authorization?.replace('Bearer ', '')}`)
    const json = (body: object) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (method !== 'POST') return json({ id: url.split('/')[3] ?? '', output_file_id: 'file-out1', error_file_id: null })
    made++
    if (url === '/v1/files') return json({ id: `file-${made}` })
    if (url === '/v1/batches') return json({ id: `batch_${made}` })
    if (!headers.accept?.includes('event-stream')) return json({ id: `resp_${made}`, usage: { input_tokens: 1, output_tokens: 1 } })
    const event = (type: string, usage: object | null) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, response: { id: `resp_${made}`, usage } })}\n\n`
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(event('response.created', null) + event('response.completed', { input_tokens: 1, output_tokens: 1 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen }
}

describe('what a provider keeps', async () => {
  const provider = await startProvider()
  const test = await createTestApp(() => [], {
    resolver: { order: usualOrder, serverKeys: { openai: new Hidden('sk-of-the-server') } },
    providers: { baseUrls: { openai: provider.url }, added: { other: provider.url.replace('/v1', '/other') } },
  })
  // Of what is called here nobody knows the price, so no limit of what the operator pays for may hold.
  await sql`delete from quota_tiers`.execute(test.owner.db)
  await sql`delete from user_quota_limits where user_id is null`.execute(test.owner.db)

  async function someone() {
    const { id } = await test.makePerson()
    const authorization = `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}`
    const ask = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object, headers: Record<string, string> = {}) => {
      provider.seen.length = 0
      const reply = await test.app.inject({ method, url, headers: { authorization, ...headers }, ...(body ? { payload: body } : {}) })
      return { status: reply.statusCode, text: reply.body, credential: reply.headers['x-keyloft-credential'], calls: [...provider.seen] }
    }
    const upload = async () => {
      const payload = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhello\r\n--b--\r\n'
      const headers = { authorization, 'content-type': 'multipart/form-data; boundary=b' }
      const reply = await test.app.inject({ method: 'POST', url: '/v1/files', headers, payload })
      return reply.json().id as string
    }
    const addKey = async (apiKey: string, provider = 'openai') => {
      const { status, text } = await ask('POST', '/api/profile/api-keys', { provider, apiKey })
      expect(status, text).toBe(201)
      const { id } = JSON.parse(text)
      // What is remembered of a person goes when the signal has come.
      await vi.waitFor(async () => expect((await ask('GET', '/api/resolve?model=gpt-5')).text).toContain(id))
      return id as string
    }
    return { id, ask, addKey, upload }
  }
  const respond = async (person: { ask: Awaited<ReturnType<typeof someone>>['ask'] }, more: object = {}, headers = {}) => {
    const { status, text } = await person.ask('POST', '/v1/responses', { model: 'gpt-5-mini', input: 'hello', ...more }, headers)
    expect(status, text).toBe(200)
    return /"id":"(resp_\d+)"/.exec(text)?.[1] ?? expect.unreachable()
  }

  it.each([
    ['a response', {}, {}],
    ['a response that streamed', { stream: true }, { accept: 'text/event-stream' }],
  ])('%s, is reached by whom it was made for, with the key that made it, and by nobody else', async (_, more, headers) => {
    const [ada, bob] = [await someone(), await someone()]
    const id = await respond(ada, more, headers)
    await ada.addKey('sk-of-ada') // which the resolver would take for anything new
    for (const [method, path] of [
      ['GET', `/v1/responses/${id}`],
      ['GET', `/v1/responses/${id}/input_items`],
      ['POST', `/v1/responses/${id}/cancel`],
      ['DELETE', `/v1/responses/${id}`],
    ] as const) {
      expect(await ada.ask(method, path)).toMatchObject({ status: 200, calls: [`${method} ${path} sk-of-the-server`] })
      const refused = await bob.ask(method, path)
      expect(refused).toMatchObject({ status: 404, calls: [] })
      expect(JSON.parse(refused.text).error.code).toBe('gateway.unknown_object')
    }
  })

  it('is gone on with by its key, and not from another’s', async () => {
    const [ada, bob] = [await someone(), await someone()]
    const id = await respond(ada)
    await ada.addKey('sk-of-ada')
    await bob.addKey('sk-of-bob')
    const next = { model: 'gpt-5-mini', input: 'more', previous_response_id: id }
    expect((await ada.ask('POST', '/v1/responses', next)).calls).toEqual(['POST /v1/responses sk-of-the-server'])
    expect(await bob.ask('POST', '/v1/responses', next)).toMatchObject({ status: 404, calls: [] })
  })

  it('is pointed to within a call by whom it was made for, with the key that made it, and by nobody else', async () => {
    const [ada, bob] = [await someone(), await someone()]
    const fileId = await ada.upload()
    const asking = (id: string) => ({
      model: 'gpt-5-mini',
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: id }] }],
    })
    expect((await ada.ask('POST', '/v1/responses', asking(fileId))).calls).toEqual(['POST /v1/responses sk-of-the-server'])
    expect(await bob.ask('POST', '/v1/responses', asking(fileId))).toMatchObject({ status: 404, calls: [] })
    for (const id of ['file-elsewhere', 'file\\u002delsewhere']) {
      expect(await bob.ask('POST', '/v1/responses', asking(id))).toMatchObject({ status: 404, calls: [] })
    }
    const ofAnother = [
      ['/v1/responses', { ...asking(fileId), input: 'x', conversation: 'conv_of_somebody' }],
      ['/v1/responses', { ...asking(fileId), input: 'x', tools: [{ type: 'file_search', vector_store_ids: ['vs_of_somebody'] }] }],
      [
        '/v1/chat/completions',
        { model: 'gpt-5-mini', messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: fileId } }] }] },
      ],
    ] as const
    for (const [path, body] of ofAnother) expect(await bob.ask('POST', path, body)).toMatchObject({ status: 404, calls: [] })
    await bob.addKey('sk-of-bob')
    expect((await bob.ask('POST', '/v1/responses', asking('file-elsewhere'))).calls).toEqual(['POST /v1/responses sk-of-bob'])
    expect(await bob.ask('POST', '/v1/responses', asking(fileId))).toMatchObject({ status: 404, calls: [] })
  })

  it('but was not made here, is reached with a key of the caller’s own alone', async () => {
    const ada = await someone()
    expect(await ada.ask('GET', '/v1/files/file-elsewhere')).toMatchObject({ status: 404, calls: [] })
    await ada.addKey('sk-of-ada')
    expect((await ada.ask('GET', '/v1/files/file-elsewhere')).calls).toEqual(['GET /v1/files/file-elsewhere sk-of-ada'])
  })

  it('follows its person to the key that they put in the place of its own', async () => {
    const ada = await someone()
    const old = await ada.addKey('sk-of-ada-1')
    const file = await ada.upload()
    expect((await ada.ask('GET', `/v1/files/${file}/content`)).calls).toEqual([`GET /v1/files/${file}/content sk-of-ada-1`])
    expect((await ada.ask('DELETE', `/api/profile/api-keys/${old}`)).status).toBe(200)
    await vi.waitFor(async () => expect((await ada.ask('GET', '/api/resolve?model=gpt-5')).text).not.toContain(old))
    expect(await ada.ask('DELETE', `/v1/files/${file}`)).toMatchObject({ status: 422, calls: [] })
    await ada.addKey('sk-of-ada-2')
    expect((await ada.ask('DELETE', `/v1/files/${file}`)).calls).toEqual([`DELETE /v1/files/${file} sk-of-ada-2`])
  })

  it('is listed, and worked on in batches and in the background, with a key of the caller’s own alone', async () => {
    const ada = await someone()
    const file = await ada.upload()
    const batch = { input_file_id: file, endpoint: '/v1/responses', completion_window: '24h' }
    const background = { model: 'gpt-5-mini', input: 'hello', background: true }
    for (const [method, path, body] of [
      ['GET', '/v1/files', undefined],
      ['GET', '/v1/batches', undefined],
      ['POST', '/v1/batches', batch],
      ['POST', '/v1/responses', background],
      ['GET', '/proxy/openai/files', undefined],
      ['POST', '/proxy/openai/vector_stores', {}],
    ] as const) {
      const refused = await ada.ask(method, path, body)
      expect(refused).toMatchObject({ status: 422, calls: [] })
      expect(JSON.parse(refused.text).error.code, path).toBe('resolver.own_key_needed')
    }
    await ada.addKey('sk-of-ada')
    expect((await ada.ask('GET', '/v1/files?limit=2')).calls).toEqual(['GET /v1/files?limit=2 sk-of-ada'])
    expect((await ada.ask('POST', '/v1/responses', background)).calls).toEqual(['POST /v1/responses sk-of-ada'])
    const own = await ada.upload()
    const made = JSON.parse((await ada.ask('POST', '/v1/batches', { ...batch, input_file_id: own })).text)
    expect((await ada.ask('GET', `/v1/batches/${made.id}`)).status).toBe(200)
    // The batch's answer told of a file: from now on that is Ada's, and so not Bob's.
    const bob = await someone()
    await bob.addKey('sk-of-bob')
    expect((await ada.ask('GET', '/v1/files/file-out1')).calls).toEqual(['GET /v1/files/file-out1 sk-of-ada'])
    expect(await bob.ask('GET', '/v1/files/file-out1')).toMatchObject({ status: 404, calls: [] })
  })

  it('is anything beneath a provider’s base, for a key of the caller’s own', async () => {
    const ada = await someone()
    await ada.addKey('sk-of-ada')
    expect((await ada.ask('GET', '/proxy/openai/vector_stores?after=a%26b&key=klt_x')).calls).toEqual([
      'GET /v1/vector_stores?after=a%26b sk-of-ada',
    ])
    expect((await ada.ask('PATCH', '/proxy/OpenAI/a/b', {})).calls).toEqual(['PATCH /v1/a/b sk-of-ada'])
  })

  it('and what the proxy is asked for is one of our operations, if it is one: the server’s key serves it too, at that provider', async () => {
    const ada = await someone()
    const { calls, credential } = await ada.ask('POST', '/proxy/openai/responses', { model: 'gpt-5-mini', input: 'hello' })
    expect({ calls, credential }).toEqual({ calls: ['POST /v1/responses sk-of-the-server'], credential: 'server-key;provider=openai' })
    expect(await ada.ask('POST', '/proxy/other/responses', { model: 'gpt-5-mini', input: 'hello' })).toMatchObject({
      status: 422,
      calls: [],
    })
    await postAll(test.owner)
    const { rows } = await sql`select operation, provider, model, usage_basis from usage_records where user_id = ${ada.id}`.execute(
      test.owner.db,
    )
    expect(rows).toEqual([{ operation: 'responses', provider: 'openai', model: 'gpt-5-mini', usage_basis: 'reported' }])
  })

  it('is not for tokens that may call some models alone, unless it was made with one', async () => {
    const ada = await someone()
    const { text } = await ada.ask('POST', '/api/tokens', { name: 'bound', scopes: ['calls'], models: ['gpt-5-mini'] })
    const bound = {
      ask: (...[method, url, body]: Parameters<typeof ada.ask>) =>
        ada.ask(method, url, body, { authorization: `Bearer ${JSON.parse(text).token}` }),
    }
    await ada.addKey('sk-of-ada')
    const id = await respond(bound)
    expect((await bound.ask('GET', `/v1/responses/${id}`)).status).toBe(200)
    for (const [method, path, body] of [
      ['GET', '/v1/files', undefined],
      ['POST', '/v1/moderations', { input: 'hello' }],
      ['POST', '/proxy/openai/fine_tuning/jobs', {}],
      ['POST', '/v1/responses', { model: 'gpt-5', input: 'hello' }],
    ] as const) {
      const refused = await bound.ask(method, path, body)
      expect([refused.status, JSON.parse(refused.text).error.code, refused.calls]).toEqual([403, 'resolver.model_not_allowed', []])
    }
  })

  it('is forgotten after 400 days, and with its person', async () => {
    const [ada, bob] = [await someone(), await someone()]
    const [old, other] = [await ada.upload(), await bob.upload()]
    await sql`update keyloft.provider_objects set created_at = now() - interval '401 days' where object_id = ${old}`.execute(test.owner.db)
    for (const job of providerObjectJobs(test.database)) await job.run({}, { signal: new AbortController().signal } as never)
    await sql`delete from auth.users where id = ${bob.id}`.execute(test.owner.db)
    const { rows } = await sql`select from keyloft.provider_objects where object_id in (${old}, ${other})`.execute(test.owner.db)
    expect(rows).toEqual([])
  })
})

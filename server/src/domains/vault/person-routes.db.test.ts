import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'
import { createMockProvider } from '../../../test/mock-provider.ts'
import type { ProviderKey } from './provider-key.ts'

describe('a person’s provider keys', async () => {
  const mock = await createMockProvider()
  const { app, owner, makePerson } = await createTestApp(() => [], {
    providers: {
      baseUrls: { openai: `${mock.url}/v1`, anthropic: mock.url, gateway: `${mock.url}/usual/v1` },
      added: { local: `${mock.url}/local/v1` },
    },
    egress: { allow: { plainHttp: true, ports: [443, Number(mock.host.split(':')[1])], networks: ['127.0.0.0/8'] } },
  })

  type Call = (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
  ) => Promise<{ status: number; body: Record<string, unknown> }>
  async function someone(): Promise<{ id: string; call: Call }> {
    const { id } = await makePerson()
    const headers = { authorization: `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}` }
    return {
      id,
      async call(method, url, payload) {
        const reply = await app.inject({ method, url, headers, ...(payload ? { payload } : {}) })
        return { status: reply.statusCode, body: reply.body === '' ? {} : reply.json() }
      },
    }
  }
  const add = async ({ call }: { call: Call }, more: object = {}) => {
    const { status, body } = await call('POST', '/api/profile/api-keys', { provider: 'openai', apiKey: mock.goodKey, ...more })
    expect(status, JSON.stringify(body)).toBe(201)
    return body as unknown as ProviderKey
  }
  const keysOf = async ({ call }: { call: Call }) => (await call('GET', '/api/profile/api-keys')).body.items as ProviderKey[]
  const secretsOf = async (userId: string) => {
    const { rows } = await sql<{
      id: string
      host: string
      sealed: string
    }>`select id, host, sealed from keyloft.secrets where user_id = ${userId}`.execute(owner.db)
    return rows
  }
  const auditOf = async (userId: string) => {
    const { rows } = await sql<Record<string, unknown>>`
      select action, actor_id, subject, request_id, details from keyloft.audit_log where user_id = ${userId} order by id`.execute(owner.db)
    return rows
  }

  let ada: Awaited<ReturnType<typeof someone>>
  beforeEach(async () => {
    ada = await someone()
  })

  it('are added, listed by hint and fingerprint, and never shown again', async () => {
    const key = await add(ada, { keyName: 'work', dailyLimit: 100 })
    expect(key).toMatchObject({
      provider: 'openai',
      keyName: 'work',
      keyHint: '0000',
      dailyLimit: 100,
      isEnabled: true,
      isValid: true,
      lastVerifiedAt: null,
    })
    expect(await keysOf(ada)).toEqual([key])
    expect(JSON.stringify([key, await keysOf(ada)])).not.toContain(mock.goodKey.slice(0, -4))
    const [secret] = await secretsOf(ada.id)
    expect(secret).toMatchObject({ host: mock.host, sealed: expect.stringMatching(/^kl1\./) })
  })

  it('have one fingerprint where they are one key, and no hint where they are short', async () => {
    const one = await add(ada)
    const two = await add(await someone())
    const short = await add(ada, { provider: 'cursor', apiKey: 'short-key' })
    expect(one.fingerprint).toMatch(/^[0-9a-f]{16}$/)
    expect(two.fingerprint).toBe(one.fingerprint)
    expect(short).toMatchObject({ keyHint: '' })
    expect(short.fingerprint).not.toBe(one.fingerprint)
  })

  it('stand in the order they are taken', async () => {
    for (const [keyName, priority] of [
      ['third', 9],
      ['first', -1],
      ['second', 0],
    ] as const)
      await add(ada, { keyName, priority })
    expect((await keysOf(ada)).map(({ keyName }) => keyName)).toEqual(['first', 'second', 'third'])
  })

  it('of one provider need different names, whatever the provider is called', async () => {
    await add(ada, { provider: 'gemini' })
    expect(await ada.call('POST', '/api/profile/api-keys', { provider: 'google', apiKey: mock.goodKey })).toMatchObject({
      status: 409,
      body: { code: 'vault.key_exists' },
    })
    const other = await add(ada, { provider: 'GOOGLE', keyName: 'other' })
    expect(await ada.call('PUT', `/api/profile/api-keys/${other.id}`, { keyName: '' })).toMatchObject({
      status: 409,
      body: { code: 'vault.key_exists' },
    })
    expect(await keysOf(ada)).toHaveLength(2)
    expect(await secretsOf(ada.id)).toHaveLength(2)
  })

  it.each(['short', 'has a blank in it', 'line\nbreak-000', 'ключ-ключ-ключ', ' '.repeat(12), 'x'.repeat(3_000)])(
    'that look like none (%j) are refused, and not repeated',
    async (apiKey) => {
      const { status, body } = await ada.call('POST', '/api/profile/api-keys', { provider: 'openai', apiKey })
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'vault.key_malformed' })
      expect(JSON.stringify(body)).not.toContain(apiKey.trim() === '' ? 'apiKey' : apiKey.trim())
      expect(await keysOf(ada)).toEqual([])
    },
  )

  it('are a hundred at most, also when many come at once', async () => {
    await sql`
      with sealed as (
        insert into keyloft.secrets (id, user_id, kind, version, sealed)
        select id, ${ada.id}, 'provider key', 1, 'kl1.' || id || '.1.' || repeat('A', 38) from (select gen_random_uuid() as id from generate_series(1, 95)) ids
        returning id)
      insert into public.api_keys (user_id, service, key_name, secret_id) select ${ada.id}, 'openai', id::text, id from sealed`.execute(
      owner.db,
    )
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        ada.call('POST', '/api/profile/api-keys', { provider: 'xai', keyName: `${index}`, apiKey: mock.goodKey }),
      ),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([...Array(5).fill(201), ...Array(7).fill(409)])
    expect(replies.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'database.limit_reached',
      title: 'A person has at most 100 provider keys.',
    })
    expect(await secretsOf(ada.id)).toHaveLength(100)
  })

  it('are changed, and a new key in the place of an old one forgets the old secret', async () => {
    const key = await add(ada)
    const [before] = await secretsOf(ada.id)
    const changed = await ada.call('PUT', `/api/profile/api-keys/${key.id}`, {
      isEnabled: false,
      keyName: 'spare',
      monthlyLimit: 7,
      apiKey: 'sk-another-key-altogether-9999',
    })
    expect(changed).toMatchObject({
      status: 200,
      body: { id: key.id, isEnabled: false, keyName: 'spare', monthlyLimit: 7, keyHint: '9999' },
    })
    const after = await secretsOf(ada.id)
    expect(after).toHaveLength(1)
    expect(after[0]?.id).not.toBe(before?.id)
    expect((await ada.call('PUT', `/api/profile/api-keys/${key.id}`, { monthlyLimit: null })).body).toMatchObject({
      monthlyLimit: null,
      keyName: 'spare',
    })
    expect((await ada.call('PUT', `/api/profile/api-keys/${key.id}`, {})).body).toMatchObject({ keyName: 'spare' })
  })

  it('are deleted with their secret, and say first what that affects', async () => {
    const [one, two] = [await add(ada, { keyName: 'one' }), await add(ada, { keyName: 'two', priority: 1 })]
    const would = await ada.call('DELETE', `/api/profile/api-keys/${one.id}?dryRun=true`)
    expect(would.body).toEqual({
      id: one.id,
      provider: 'openai',
      deleted: false,
      nextKey: { id: two.id, keyName: 'two' },
      remainingKeys: 1,
    })
    expect(await keysOf(ada)).toHaveLength(2)
    expect((await ada.call('DELETE', `/api/profile/api-keys/${one.id}`)).body).toEqual({ ...would.body, deleted: true })
    expect((await ada.call('DELETE', `/api/profile/api-keys/${two.id}`)).body).toMatchObject({
      deleted: true,
      nextKey: null,
      remainingKeys: 0,
    })
    expect(await secretsOf(ada.id)).toEqual([])
    expect((await ada.call('DELETE', `/api/profile/api-keys/${two.id}`)).status).toBe(404)
  })

  it('leave an audit row for every change, with who and for which request, and without a value', async () => {
    const key = await add(ada, { keyName: 'pasted-sk-secret-into-the-name' })
    await ada.call('PUT', `/api/profile/api-keys/${key.id}`, { isEnabled: false, priority: 3 })
    await ada.call('DELETE', `/api/profile/api-keys/${key.id}`)
    const rows = await auditOf(ada.id)
    expect(rows.map(({ action }) => action)).toEqual(['api_key.added', 'api_key.changed', 'api_key.deleted'])
    for (const row of rows) expect(row).toMatchObject({ actor_id: ada.id, subject: key.id, request_id: expect.stringMatching(/.{8,}/) })
    expect(rows[1]?.details).toEqual({ service: 'openai', fingerprint: key.fingerprint, changed: ['priority', 'is_enabled'] })
    expect(JSON.stringify(rows)).not.toContain('pasted')
  })

  it('are nobody else’s to see, count, change, verify or delete', async () => {
    const key = await add(ada)
    const eve = await someone()
    expect(await keysOf(ada)).toHaveLength(1)
    expect(await keysOf(eve)).toEqual([])
    for (const [method, url, payload] of [
      ['PUT', `/api/profile/api-keys/${key.id}`, { isEnabled: false, userId: undefined }],
      ['PUT', `/api/profile/api-keys/${key.id}`, { apiKey: mock.goodKey }],
      ['DELETE', `/api/profile/api-keys/${key.id}`],
      ['DELETE', `/api/profile/api-keys/${key.id}?dryRun=true`],
      ['POST', `/api/profile/api-keys/${key.id}/verify`],
    ] as const) {
      const refused = await eve.call(method, url, payload)
      const nowhere = await eve.call(method, url.replace(key.id, randomUUID()), payload)
      expect(refused).toMatchObject({ status: 404, body: { code: 'vault.key_not_found' } })
      expect({ ...refused.body, requestId: '' }).toEqual({ ...nowhere.body, requestId: '' })
    }
    expect(await keysOf(ada)).toEqual([key])
  })

  it.each([{ userId: randomUUID() }, { user_id: randomUUID() }])('are not added for a person that a body names (%j)', async (more) => {
    expect((await ada.call('POST', '/api/profile/api-keys', { provider: 'openai', apiKey: mock.goodKey, ...more })).status).toBe(400)
  })

  describe('verified with the provider', () => {
    it('are valid, and sent as each provider reads them', async () => {
      for (const [provider, path, header] of [
        ['openai', '/v1/models', 'authorization'],
        ['anthropic', '/v1/models', 'x-api-key'],
        ['local', '/local/v1/models', 'authorization'],
        ['gateway', '/usual/v1/credits', 'authorization'],
      ]) {
        mock.seen.length = 0
        const key = await add(ada, { provider, verify: true })
        expect(key).toMatchObject({ isValid: true, validationError: null, lastVerifiedAt: expect.any(String) })
        expect(mock.seen).toMatchObject([{ path, headers: { [header as string]: expect.stringContaining(mock.goodKey) } }])
      }
    })

    it('are marked when refused, in our own words, and valid again when they are', async () => {
      const key = await add(ada, { apiKey: 'sk-wrong-key-000000000000', verify: true })
      expect(key).toMatchObject({ isValid: false, validationError: 'refused', lastVerifiedAt: expect.any(String) })
      expect(JSON.stringify(key)).not.toContain('Incorrect')
      const again = await ada.call('PUT', `/api/profile/api-keys/${key.id}`, { apiKey: mock.goodKey, verify: true })
      expect(again.body).toMatchObject({ isValid: true, validationError: null })
    })

    it.each([
      [429, 'unexpected_answer'],
      [500, 'unexpected_answer'],
      [302, 'unexpected_answer'],
      ['reset', 'unreachable'],
      ['endless', 'unreachable'],
    ])('keep what was known when the provider answers with %s', async (fault, validationError) => {
      const key = await add(ada, { verify: true })
      const usual = mock.answer
      mock.answer = (_request, response) => {
        if (fault === 'reset') return void response.destroy()
        if (fault === 'endless') return void response.writeHead(200).end(Buffer.alloc(3_000_000))
        response.writeHead(Number(fault), { location: 'http://169.254.169.254/' }).end(`{"quotes":"${mock.goodKey}"}`)
      }
      try {
        const { status, body } = await ada.call('POST', `/api/profile/api-keys/${key.id}/verify`)
        expect({ status, body }).toMatchObject({
          status: 200,
          body: { isValid: true, validationError, lastVerifiedAt: key.lastVerifiedAt },
        })
      } finally {
        mock.answer = usual
      }
    })

    it('hold up nobody while the provider hangs', async () => {
      const key = await add(ada)
      const release = mock.hang()
      const hanging = Array.from({ length: 30 }, () => ada.call('POST', `/api/profile/api-keys/${key.id}/verify`))
      await expect.poll(() => mock.seen.filter(({ path }) => path === '/v1/models').length).toBeGreaterThanOrEqual(30)
      const bob = await someone()
      await add(bob)
      expect(await keysOf(bob)).toHaveLength(1)
      release()
      for (const { body } of await Promise.all(hanging)) expect(body).toMatchObject({ validationError: 'unreachable' })
    })

    it('cannot be, where the provider is only stored', async () => {
      const key = await add(ada, { provider: 'cursor' })
      expect(await ada.call('POST', `/api/profile/api-keys/${key.id}/verify`)).toMatchObject({
        status: 409,
        body: { code: 'vault.not_verifiable' },
      })
    })
  })

  describe('of a gateway', () => {
    const own = () => `http://${mock.host}/own/v1`

    it('go to the host they were entered for, and to no other', async () => {
      mock.seen.length = 0
      expect((await ada.call('PUT', '/api/profile/gateway', { baseUrl: own(), apiKey: mock.goodKey })).body).toEqual({
        baseUrl: own(),
        isOwn: true,
        hasKey: true,
      })
      const [key] = await keysOf(ada)
      expect((await ada.call('POST', `/api/profile/api-keys/${key?.id}/verify`)).body).toMatchObject({ isValid: true })
      expect(mock.seen).toMatchObject([{ path: '/own/v1/models' }])

      const moved = { baseUrl: 'https://evil.example.com/v1' }
      expect(await ada.call('PUT', '/api/profile/gateway', moved)).toMatchObject({
        status: 409,
        body: { code: 'vault.gateway_key_needed' },
      })
      expect((await ada.call('GET', '/api/profile/gateway')).body).toMatchObject({ baseUrl: own() })
      expect((await ada.call('PUT', '/api/profile/gateway', { ...moved, apiKey: 'sk-for-the-other-host-00' })).body).toMatchObject(moved)
      expect((await keysOf(ada)).map(({ keyHint }) => keyHint)).toEqual(['t-00'])
    })

    it('are not sent after a base URL that was changed behind them', async () => {
      await ada.call('PUT', '/api/profile/gateway', { baseUrl: own(), apiKey: mock.goodKey })
      const [key] = await keysOf(ada)
      await sql`update public.api_gateway_configs set base_url = 'https://evil.example.com/v1' where user_id = ${ada.id}`.execute(owner.db)
      mock.seen.length = 0
      expect(await ada.call('POST', `/api/profile/api-keys/${key?.id}/verify`)).toMatchObject({
        status: 409,
        body: { code: 'vault.host_changed' },
      })
      expect(mock.seen).toEqual([])
    })

    it.each(['http://169.254.169.254/latest', 'https://user:pw@example.com', 'ftp://example.com', 'https://localhost', 'nonsense'])(
      'are refused at %s',
      async (baseUrl) => {
        const { status, body } = await ada.call('PUT', '/api/profile/gateway', { baseUrl })
        expect(status).toBe(400)
        expect(body.code).toMatch(/^egress\./)
      },
    )

    it('are forgotten with it', async () => {
      await add(ada, { provider: 'vercel', baseUrl: own() })
      expect((await ada.call('GET', '/api/profile/gateway')).body).toEqual({ baseUrl: own(), isOwn: true, hasKey: true })
      expect((await ada.call('DELETE', '/api/profile/gateway')).status).toBe(204)
      expect((await ada.call('GET', '/api/profile/gateway')).body).toEqual({ baseUrl: `${mock.url}/usual/v1`, isOwn: false, hasKey: false })
      expect(await secretsOf(ada.id)).toEqual([])
    })

    it('alone have a base URL', async () => {
      const misplaced = { provider: 'openai', apiKey: mock.goodKey, baseUrl: own() }
      expect(await ada.call('POST', '/api/profile/api-keys', misplaced)).toMatchObject({
        status: 400,
        body: { code: 'vault.base_url_misplaced' },
      })
    })
  })

  it('may be of every provider that is listed', async () => {
    const { body } = await ada.call('GET', '/api/providers')
    const ids = (body.items as { id: string; canVerify: boolean }[]).map(({ id }) => id)
    expect(ids).toEqual(['openai', 'anthropic', 'google', 'xai', 'openrouter', 'gateway', 'cursor', 'local'])
    for (const provider of ids) await add(ada, { provider })
    expect(await ada.call('POST', '/api/profile/api-keys', { provider: 'nobody', apiKey: mock.goodKey })).toMatchObject({
      status: 400,
      body: { code: 'vault.unknown_provider' },
    })
  })
})

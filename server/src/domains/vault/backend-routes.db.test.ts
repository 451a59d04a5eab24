import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createClient } from '@supabase/supabase-js'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'

/*
 * What an app's backend did with PostgREST and Supabase Vault before: the runbook's curl commands, and supabase-js.
 */
describe('the functions of the vault over HTTP', async () => {
  const { app, owner, makePerson } = await createTestApp()
  const [anonKey, serviceKey] = [await projectJwt({ role: 'anon' }), await projectJwt({ role: 'service_role' })]

  async function rpc(name: string, payload: object, key = serviceKey) {
    const reply = await app.inject({
      method: 'POST',
      url: `/rest/v1/rpc/${name}`,
      headers: { authorization: `Bearer ${key}`, apikey: key },
      payload,
    })
    return { status: reply.statusCode, body: reply.body === '' ? undefined : reply.json() }
  }
  const auditOf = async (userId: string) => {
    const { rows } = await sql<{ action: string; actor_role: string }>`
      select action, actor_role from keyloft.audit_log where user_id = ${userId} order by id`.execute(owner.db)
    return rows.map(({ action, actor_role }) => `${action} by ${actor_role}`)
  }

  it('go through a key’s whole life for the service role', async () => {
    const { id } = await makePerson()
    const of = { p_user_id: id, p_service: 'openai' }
    const inserted = await rpc('insert_user_api_key', { ...of, p_api_key: 'sk-test-key' })
    expect(inserted).toEqual({ status: 200, body: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(await rpc('get_user_api_key', of)).toEqual({ status: 200, body: 'sk-test-key' })
    expect(await rpc('touch_user_api_key', of)).toEqual({ status: 204, body: undefined })
    const { rows } = await sql<{
      last_used: Date
      secret_id: string
    }>`select last_used, secret_id from api_keys where user_id = ${id}`.execute(owner.db)
    expect(rows).toEqual([{ last_used: expect.any(Date), secret_id: inserted.body }])
    expect(await rpc('delete_user_api_key', of)).toEqual({ status: 204, body: undefined })
    expect(await rpc('get_user_api_key', of)).toEqual({ status: 200, body: null })
    expect(await auditOf(id)).toEqual([
      'api_key.added by service_role',
      'api_key.revealed by service_role',
      'api_key.deleted by service_role',
    ])
  })

  it('answer the runbook’s commands as printed with 400: "test-user" is no uuid', async () => {
    for (const [name, more] of [
      ['insert_user_api_key', { p_api_key: 'sk-test-key' }],
      ['get_user_api_key', {}],
      ['touch_user_api_key', {}],
      ['delete_user_api_key', {}],
    ] as const) {
      expect(await rpc(name, { p_user_id: 'test-user', p_service: 'openai', ...more })).toEqual({
        status: 400,
        body: { code: '22P02', message: 'invalid input syntax for type uuid: "test-user"', details: null, hint: null },
      })
    }
  })

  it('put a key in the place of the one before, and find it by any spelling of the service', async () => {
    const { id } = await makePerson()
    await rpc('insert_user_api_key', { p_user_id: id.toUpperCase(), p_service: ' OpenAI ', p_api_key: 'sk-first-key' })
    await rpc('insert_user_api_key', { p_user_id: id, p_service: 'openai', p_api_key: 'sk-second-key' })
    expect((await rpc('get_user_api_key', { p_user_id: id, p_service: 'OPENAI' })).body).toBe('sk-second-key')
    const { rows } = await sql`select from keyloft.secrets where user_id = ${id}`.execute(owner.db)
    expect(rows).toHaveLength(1)
  })

  it('keep a person’s gateway and read their choice', async () => {
    const { id } = await makePerson()
    const of = { p_user_id: id }
    expect((await rpc('get_user_gateway_base_url', of)).body).toBeNull()
    expect((await rpc('upsert_user_gateway_config', { ...of, p_base_url: 'https://my-gateway.vercel.sh/v1' })).status).toBe(204)
    expect((await rpc('get_user_gateway_base_url', of)).body).toBe('https://my-gateway.vercel.sh/v1')
    await rpc('insert_user_api_key', { ...of, p_service: 'gateway', p_api_key: 'vck-of-the-gateway' })
    const { rows } = await sql`select host from keyloft.secrets where user_id = ${id}`.execute(owner.db)
    expect(rows).toEqual([{ host: 'my-gateway.vercel.sh' }])
    expect((await rpc('delete_user_gateway_config', of)).status).toBe(204)
    expect((await rpc('get_user_gateway_base_url', of)).body).toBeNull()
    expect((await rpc('get_user_allow_gateway_fallback', of)).body).toBe(true)
    await sql`insert into user_settings (user_id, allow_gateway_fallback) values (${id}, false)`.execute(owner.db)
    expect((await rpc('get_user_allow_gateway_fallback', of)).body).toBe(false)
    expect(await rpc('upsert_user_gateway_config', { ...of, p_base_url: 'http://169.254.169.254/' })).toMatchObject({
      status: 400,
      body: { code: expect.stringMatching(/^egress\./) },
    })
  })

  it('say whether the vault is well', async () => {
    expect(await rpc('check_byok_vault_health', {})).toEqual({ status: 200, body: true })
    const { rows } = await sql`select from keyloft.secrets where kind = 'health probe'`.execute(owner.db)
    expect(rows).toEqual([])
  })

  it('are refused to everybody else, whatever the arguments, in PostgREST’s form', async () => {
    const { id } = await makePerson()
    const person = await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })
    for (const payload of [{ p_user_id: id, p_service: 'openai', p_api_key: 'deny' }, { p_user_id: 'test' }, {}]) {
      for (const name of ['insert_user_api_key', 'get_user_api_key', 'delete_user_gateway_config', 'check_byok_vault_health']) {
        expect(await rpc(name, payload, anonKey)).toMatchObject({ status: 401, body: { code: '42501', details: null } })
        expect(await rpc(name, payload, person)).toMatchObject({ status: 403, body: { code: '42501', details: null } })
        expect(await rpc(name, payload, 'not-a-jwt')).toMatchObject({ status: 401, body: { code: 'PGRST301' } })
      }
    }
  })

  it('refuse what they cannot do in words, and never repeat a key', async () => {
    const { id } = await makePerson()
    const refused = await Promise.all([
      rpc('insert_user_api_key', { p_user_id: randomUUID(), p_service: 'openai', p_api_key: 'sk-of-nobody' }),
      rpc('insert_user_api_key', { p_user_id: id, p_service: 'nobody', p_api_key: 'sk-of-nobody' }),
      rpc('insert_user_api_key', { p_user_id: id, p_service: 'openai', p_api_key: 'sk of nobody' }),
      rpc('insert_user_api_key', { p_user_id: id, p_service: 'openai' }),
    ])
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual([
      [409, '23503'],
      [400, 'vault.unknown_provider'],
      [400, 'vault.key_malformed'],
      [400, 'PGRST102'],
    ])
    expect(JSON.stringify(refused)).not.toMatch(/of.nobody/)
  })

  it('reveal nothing when that cannot be written down', async () => {
    const { id } = await makePerson()
    const of = { p_user_id: id, p_service: 'openai' }
    await rpc('insert_user_api_key', { ...of, p_api_key: 'sk-never-shown' })
    await sql`revoke insert on keyloft.audit_log from keyloft_definer`.execute(owner.db)
    try {
      const { status, body } = await rpc('get_user_api_key', of)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(JSON.stringify(body)).not.toContain('never-shown')
    } finally {
      await sql`grant insert on keyloft.audit_log to keyloft_definer`.execute(owner.db)
    }
    expect((await rpc('get_user_api_key', of)).body).toBe('sk-never-shown')
  })

  it('serve supabase-js unchanged but for its address', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
    const { id } = await makePerson()
    const of = { p_user_id: id, p_service: 'anthropic' }
    const options = { auth: { persistSession: false, autoRefreshToken: false } }
    const service = createClient(url, serviceKey, options)

    const inserted = await service.rpc('insert_user_api_key', { ...of, p_api_key: 'sk-ant-test-key' })
    expect(inserted).toMatchObject({ error: null, status: 200, data: expect.any(String) })
    expect(await service.rpc('get_user_api_key', of)).toMatchObject({ error: null, data: 'sk-ant-test-key' })
    expect(await service.rpc('touch_user_api_key', of)).toMatchObject({ error: null, status: 204 })
    expect(await service.rpc('delete_user_api_key', of)).toMatchObject({ error: null, status: 204 })
    expect(await service.rpc('get_user_api_key', of)).toMatchObject({ error: null, data: null })

    const refused = await createClient(url, anonKey, options).rpc('get_user_api_key', of)
    expect(refused).toMatchObject({
      status: 401,
      data: null,
      error: { code: '42501', message: expect.any(String), hint: expect.any(String) },
    })
  })
})

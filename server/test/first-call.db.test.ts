import { type AddressInfo, createServer } from 'node:net'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { loadShippedModels } from '../src/domains/models/models.ts'
import { usualOrder } from '../src/domains/resolver/sources.ts'
import { createTestApp } from './app.ts'
import { postTo } from './gateway.ts'
import { jwtSecret, projectJwt, publicUrl } from './identity.ts'
import { postAll } from './ledger.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('a first call, without any key', async () => {
  const test = await createTestApp()
  await loadShippedModels(test.database)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const app = await test.anotherApp({
    url,
    config: {
      http: { host: '127.0.0.1', port, publicUrl, corsOrigins: [], trustedProxies: undefined },
      auth: { jwtSecret, externalIssuer: undefined, signInWith: {} },
      providers: { baseUrls: {}, added: {} },
      mockProvider: true,
      servesUnaccounted: false,
      eraseAfterDays: 30,
      mail: undefined,
      resolver: { order: usualOrder, serverKeys: {} },
    },
  })
  await app.listen({ host: '127.0.0.1', port })

  it.each([false, true])('is answered by the mock provider and stands in the books (stream: %s)', async (stream) => {
    const { id } = await test.makePerson()
    const authorization = `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}`
    const body = { model: 'mock-1', messages: [{ role: 'user', content: 'hello' }], stream }
    const reply = await postTo(`${url}/v1/chat/completions`, body, { authorization })
    expect(reply).toMatchObject({ status: 200, isCut: false, headers: { 'x-keyloft-credential': 'server-key;provider=mock' } })
    expect(reply.body.toString()).toContain(stream ? 'data: [DONE]' : 'You said: hello')
    await postAll(test.owner)
    const { rows } = await sql`
      select provider, model, outcome, usage_basis, input_tokens::int, output_tokens::int, decisions -> 0 ->> 'verdict' as verdict
        from usage_records where user_id = ${id}`.execute(test.owner.db)
    expect(rows).toEqual([
      {
        provider: 'mock',
        model: 'mock-1',
        outcome: 'completed',
        usage_basis: 'reported',
        input_tokens: 4,
        output_tokens: 3,
        verdict: 'chosen',
      },
    ])
  })
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { createSecrets } from '../../platform/secrets/secrets.ts'

/** The vault as the database has it, past the server: what holds whoever asks. */
describe('the vault in the database', async () => {
  const { database, owner, url, keyring, makePerson } = await createTestDatabase()
  const secrets = createSecrets({ database, keyring, clock: Date.now })
  const sealFor = (userId: string, provider = 'openai', host = 'api.openai.com') =>
    secrets.seal({ userId, kind: 'provider key', provider, host }, 'sk-in-the-clear')
  const insert = (userId: string, sealed: string, more = sql`, p_host => 'api.openai.com'`) =>
    database.system('test', (tx) =>
      sql`select public.insert_user_api_key(p_user_id => ${userId}, p_service => 'openai', p_api_key => ${sealed}${more})`.execute(tx),
    )

  it.each(['sk-proj-0123456789', '', 'kl1.', `kl1.${randomUUID()}.1.short`, `kl1.${randomUUID()}.x.${'A'.repeat(40)}`, 'aabbcc:ddeeff'])(
    'takes no key that is not sealed (%j), and says where to send it',
    async (text) => {
      const { id } = await makePerson()
      await expect(insert(id, text)).rejects.toMatchObject({
        status: 400,
        code: 'database.refused',
        message: 'p_api_key is not sealed, and the database takes no key as it is.',
        hint: expect.stringContaining('/rest/v1/rpc/insert_user_api_key'),
        cause: { code: 'KL001' },
      })
    },
  )

  it('takes a sealed key with the host it was sealed for, and gives it back sealed', async () => {
    const { id } = await makePerson()
    const secret = await sealFor(id)
    await expect(insert(id, secret.sealed, sql``)).rejects.toMatchObject({ cause: { code: 'KL002' } })
    await insert(id, secret.sealed)
    const { rows } = await database.system('test', (tx) =>
      sql<{ sealed: string }>`select public.get_user_api_key(p_user_id => ${id}, p_service => 'OpenAI ') as sealed`.execute(tx),
    )
    expect(rows).toEqual([{ sealed: secret.sealed }])
  })

  it('keeps no key under a person it was not sealed for: it never opens there', async () => {
    const [ada, eve] = [await makePerson(), await makePerson()]
    const secret = await sealFor(ada.id)
    await insert(eve.id, secret.sealed)
    await expect(async () =>
      secrets.open({ ...secret, user_id: eve.id }, { userId: eve.id, kind: 'provider key', provider: 'openai' }),
    ).rejects.toMatchObject({ code: 'secret.cannot_open' })
  })

  it('lets no row point to another person’s secret', async () => {
    const [ada, eve] = [await makePerson(), await makePerson()]
    const secret = await sealFor(ada.id)
    await insert(ada.id, secret.sealed)
    const pointing = sql`insert into public.api_keys (user_id, service, secret_id) values (${eve.id}, 'openai', ${secret.id})`.execute(
      owner.db,
    )
    await expect(pointing).rejects.toMatchObject({ code: '23503', constraint: 'api_keys_secret_id_fkey' })
  })

  it('asks even a superuser what they act as, as the runbook’s psql session must', async () => {
    const { id } = await makePerson()
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const get = () => client.query('select public.get_user_api_key($1, $2)', [id, 'openai'])
      await expect(get()).rejects.toMatchObject({ code: 'P0001', message: 'Must be called as service role' })
      await client.query(`select set_config('request.jwt.claims', '', false)`)
      await expect(get()).rejects.toMatchObject({ code: 'P0001' })
      await client.query(`select set_config('request.jwt.claims', '{"role":"service_role"}', false)`)
      expect((await get()).rows).toEqual([{ get_user_api_key: null }])
    } finally {
      await client.end()
    }
  })

  it('refuses its functions to people, forged claims or not', async () => {
    const { id, principal } = await makePerson()
    const forged = { ...principal, claims: { ...principal.claims, role: 'service_role' as const } }
    for (const who of [principal, forged]) {
      for (const call of [
        sql`select public.get_user_api_key(p_user_id => ${id}, p_service => 'openai')`,
        sql`select public.delete_user_gateway_config(p_user_id => ${id})`,
        sql`select keyloft.find_secret(in_user_id => ${id}, in_id => ${id})`,
        sql`select keyloft.sealed_api_key(in_api_key_id => ${id})`,
        sql`select secret_id from public.api_keys`,
      ]) {
        await expect(database.asPrincipal(who, (tx) => call.execute(tx))).rejects.toMatchObject({ cause: { code: '42501' } })
      }
    }
  })

  it('forgets secrets with the runbook’s purge, and with their person', async () => {
    const [ada, bob] = [await makePerson(), await makePerson()]
    for (const { id } of [ada, bob]) await insert(id, (await sealFor(id)).sealed)
    const left = async () => (await sql`select from keyloft.secrets where user_id in (${ada.id}, ${bob.id})`.execute(owner.db)).rows.length
    await sql`delete from auth.users where id = ${ada.id}`.execute(owner.db)
    expect(await left()).toBe(1)
    await sql`delete from public.api_keys`.execute(owner.db)
    expect(await left()).toBe(0)
  })

  /** The five success criteria of the OpenRouter integration. */
  describe('as the OpenRouter integration was promised', () => {
    const integrationOf = async (principal: Parameters<typeof database.asPrincipal>[0]) => {
      const { rows } = await database.asPrincipal(principal, (tx) =>
        sql<Record<string, unknown>>`select * from public.user_openrouter_integrations`.execute(tx),
      )
      return rows
    }

    it('has the table’s columns', async () => {
      const { rows } = await sql<{ column: string }>`
        select column_name || ' ' || data_type as column from information_schema.columns
         where table_schema = 'public' and table_name = 'user_openrouter_integrations' order by ordinal_position`.execute(owner.db)
      expect(rows.map(({ column }) => column)).toEqual([
        'user_id uuid',
        'encrypted_api_key text',
        'is_valid boolean',
        'last_verified_at timestamp with time zone',
        'is_enabled boolean',
        'created_at timestamp with time zone',
        'updated_at timestamp with time zone',
      ])
    })

    it('lets a person see their own alone, and not even of that what is sealed; service_role sees it', async () => {
      const [ada, eve] = [await makePerson(), await makePerson()]
      const secret = await sealFor(ada.id, 'openrouter', 'openrouter.ai')
      await database.system('test', (tx) =>
        sql`select public.insert_user_api_key(p_user_id => ${ada.id}, p_service => 'openrouter', p_api_key => ${secret.sealed}, p_host => 'openrouter.ai')`.execute(
          tx,
        ),
      )
      expect(await integrationOf(ada.principal)).toMatchObject([
        { user_id: ada.id, encrypted_api_key: null, is_valid: true, is_enabled: true },
      ])
      expect(await integrationOf({ ...ada.principal, claims: { ...ada.principal.claims, role: 'service_role' } })).toMatchObject([
        { encrypted_api_key: null },
      ])
      expect(await integrationOf(eve.principal)).toEqual([])
      const { rows } = await database.system('test', (tx) =>
        sql`select * from public.user_openrouter_integrations where user_id = ${ada.id}`.execute(tx),
      )
      expect(rows).toMatchObject([{ encrypted_api_key: secret.sealed }])
    })

    it('knows resources of type openrouter_instant, with their configuration, that outlive the model they name', async () => {
      const { id } = await makePerson()
      const publish = (type: string, model: string | null = null) =>
        database.system('test', (tx) =>
          sql<{ id: string }>`
            insert into public.x402_resources (user_id, slug, name, resource_type, openrouter_model_id, openrouter_config)
            values (${id}, ${randomUUID()}, 'Haiku', ${type}, ${model}, ${JSON.stringify({ systemPrompt: 'Write a haiku.', params: { temperature: 1 } })}::jsonb)
            returning id`.execute(tx),
        )
      for (const type of ['external', 'proxy', 'prompt', 'static', 'prompt_template']) await publish(type)
      await expect(publish('something_else')).rejects.toMatchObject({ cause: { constraint: 'x402_resources_resource_type_check' } })

      const { rows: models } = await sql<{ id: string }>`
        insert into public.ai_models (provider, model, display_name) values ('openrouter', 'test/model', 'Test') returning id`.execute(
        owner.db,
      )
      const { rows } = await publish('openrouter_instant', models[0]?.id)
      await sql`delete from public.ai_models where model = 'test/model'`.execute(owner.db)
      const { rows: left } =
        await sql`select openrouter_model_id, openrouter_config -> 'params' as params from public.x402_resources where id = ${rows[0]?.id}`.execute(
          owner.db,
        )
      expect(left).toEqual([{ openrouter_model_id: null, params: { temperature: 1 } }])
    })
  })
})

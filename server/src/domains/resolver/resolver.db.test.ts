import { inspect } from 'node:util'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'
import { callId, makeCall } from '../../../test/ledger.ts'
import { Hidden } from '../../base/hidden.ts'
import { type Principal, userPrincipal } from '../../base/principal.ts'
import { createEgress } from '../../platform/egress/egress.ts'
import { createSecrets } from '../../platform/secrets/secrets.ts'
import { deaf, type Signals } from '../../platform/signals/signals.ts'
import { createMetrics } from '../../platform/telemetry/metrics.ts'
import type { Traced } from '../../platform/telemetry/tracing.ts'
import { createProviders } from '../providers/providers.ts'
import { createResolver, type ResolverDeps, type ResolverSettings } from './resolver.ts'
import { usualOrder } from './sources.ts'

const serverCanary = 'sk-canary-of-the-server-0000'
const teamCanary = 'vck_canary-of-the-team-0000'
const settings: ResolverSettings = { order: usualOrder, serverKeys: { openai: new Hidden(serverCanary), gateway: new Hidden(teamCanary) } }
const providerSettings = { baseUrls: { openai: 'https://openai.operator.example/v1' }, added: {} }
const userKey = 'sk-canary-of-a-person-0000'
const userGateway = 'https://gateway.example.com/v1'
const allServed = ['user-key openai', 'user-key openrouter', 'server-key openai', 'team-gateway gateway']

describe('resolving for a person', async () => {
  const test = await createTestApp(() => [], { resolver: settings, providers: providerSettings })
  const { app, owner, database, keyring } = test
  const egress = createEgress()
  const providers = createProviders(providerSettings)
  const secrets = createSecrets({ database, keyring, clock: Date.now })
  const make = (change: Partial<ResolverDeps> = {}) =>
    createResolver({ settings, database, secrets, providers, egress, signals: deaf, clock: Date.now, metrics: createMetrics(), ...change })
  const resolver = make()

  async function someone() {
    const { id, principal } = await test.makePerson()
    const headers = { authorization: `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}` }
    const call = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, by = app) => {
      const reply = await by.inject({ method, url, headers, ...(payload ? { payload } : {}) })
      return { status: reply.statusCode, body: reply.body === '' ? {} : reply.json(), text: reply.body }
    }
    const add = async (more: object = {}) => {
      const { status, body } = await call('POST', '/api/profile/api-keys', { provider: 'openai', apiKey: userKey, ...more })
      expect(status, JSON.stringify(body)).toBe(201)
      return body.id as string
    }
    const nameGateway = async () => {
      const named = { baseUrl: userGateway, apiKey: 'gw-canary-of-a-person-0000' }
      expect((await call('PUT', '/api/profile/gateway', named)).status).toBe(200)
    }
    return { id, principal, headers, call, add, nameGateway }
  }
  const namesOf = (decisions: readonly { source: string; provider: string }[]) =>
    decisions.map(({ source, provider }) => `${source} ${provider}`)
  const resolve = (principal: Principal, model: string | undefined = 'gpt-4o-mini', by = resolver) =>
    by.resolve(principal, { model, protocol: 'chat.completions' })

  it('tells which way rests only to whoever asks beforehand: who makes the call looks at the moment of each try', async () => {
    const ada = await someone()
    const id = await ada.add()
    const aware = make({
      restsUntil: ({ keyId, origin, modelId }) =>
        keyId === id && /openai/.test(origin) && modelId === 'gpt-4o-mini' ? Date.now() + 9_000 : undefined,
    })
    const { passedOver } = await aware.explain(ada.id, { model: 'gpt-4o-mini', protocol: 'chat.completions' })
    expect(passedOver).toMatchObject([{ key: { id }, because: 'resting' }])
    const { candidates } = await aware.resolve(ada.principal, { model: 'gpt-4o-mini', protocol: 'chat.completions' })
    expect(candidates[0]).toMatchObject({ keyId: id })
  })

  it('gives every way to make the call, in order, each with its own address and key', async () => {
    const ada = await someone()
    const id = await ada.add()
    await ada.add({ provider: 'anthropic' })
    await ada.nameGateway()
    const { candidates, trace, passedOver } = await resolve(ada.principal)
    const shown = await Promise.all(
      candidates.map(async ({ source, destination, modelId, modelReplaced, authHeaders }) => ({
        source,
        to: destination.origin + destination.path,
        by: destination.namedBy,
        modelId,
        modelReplaced,
        headers: await authHeaders(),
      })),
    )
    expect(shown).toEqual([
      {
        source: 'user-gateway',
        to: `${userGateway}/chat/completions`,
        by: 'user',
        modelId: 'openai/gpt-4o-mini',
        modelReplaced: true,
        headers: { authorization: 'Bearer gw-canary-of-a-person-0000' },
      },
      {
        source: 'user-key',
        to: 'https://openai.operator.example/v1/chat/completions',
        by: 'operator',
        modelId: 'gpt-4o-mini',
        modelReplaced: false,
        headers: { authorization: `Bearer ${userKey}` },
      },
      {
        source: 'server-key',
        to: 'https://openai.operator.example/v1/chat/completions',
        by: 'operator',
        modelId: 'gpt-4o-mini',
        modelReplaced: false,
        headers: { authorization: `Bearer ${serverCanary}` },
      },
      {
        source: 'team-gateway',
        to: 'https://ai-gateway.vercel.sh/v1/chat/completions',
        by: 'operator',
        modelId: 'openai/gpt-4o-mini',
        modelReplaced: true,
        headers: { authorization: `Bearer ${teamCanary}` },
      },
    ])
    expect(passedOver.map(({ key, because }) => [key.provider.id, because])).toEqual([['anthropic', 'other_model']])
    expect(trace).toContainEqual({ source: 'user-key', provider: 'openai', key: id, model: 'gpt-4o-mini', verdict: 'candidate' })
    expect(trace).toContainEqual({ source: 'user-key', provider: 'anthropic', key: expect.any(String), verdict: 'other_model' })
  })

  it('opens a key at once where its data key is in memory, and carries it as the protocol does', async () => {
    const ada = await someone()
    await ada.add({ provider: 'anthropic' })
    const [chat] = (await resolver.resolve(ada.principal, { model: 'claude-sonnet-4-5', protocol: 'chat.completions' })).candidates
    const [messages] = (await resolver.resolve(ada.principal, { model: 'claude-sonnet-4-5', protocol: 'messages' })).candidates
    await chat?.authHeaders()
    expect(chat?.authHeaders()).toEqual({ authorization: `Bearer ${userKey}` })
    expect(messages?.authHeaders()).toEqual({ 'x-api-key': userKey })
    expect(messages?.destination.path).toBe('/v1/messages')
  })

  it('never mixes two people, however many ask at once', async () => {
    const live: Signals = { isLive: () => true, onChanged: () => {} }
    const shared = make({ signals: live })
    const people = await Promise.all(Array.from({ length: 12 }, someone))
    await Promise.all(people.map(({ add }, index) => add({ apiKey: `sk-of-person-number-${index}-0000` })))
    const asked = Array.from({ length: 240 }, (_, index) => index % people.length)
    await Promise.all(
      asked.map(async (index) => {
        const { candidates } = await resolve(people[index]?.principal as Principal, 'gpt-4o-mini', shared)
        expect(await candidates[0]?.authHeaders()).toEqual({ authorization: `Bearer sk-of-person-number-${index}-0000` })
      }),
    )
  })

  it('lets a key that does not open fail the call, and tries no other for it', async () => {
    const ada = await someone()
    await ada.add()
    await sql`update keyloft.secrets set provider = 'xai' where user_id = ${ada.id}`.execute(owner.db)
    const [first] = (await resolve(ada.principal)).candidates
    expect(first?.source).toBe('user-key')
    await expect((async () => first?.authHeaders())()).rejects.toMatchObject({ code: 'secret.cannot_open' })
  })

  describe('over HTTP', () => {
    it('says what would serve and what would not, without a secret or a host', async () => {
      const ada = await someone()
      const id = await ada.add()
      const disabled = await ada.add({ provider: 'openrouter' })
      await ada.call('PUT', `/api/profile/api-keys/${disabled}`, { isEnabled: false })
      const { status, body, text } = await ada.call('GET', '/api/resolve?model=gpt-4o-mini')
      expect(status).toBe(200)
      expect(body).toEqual({
        model: 'gpt-4o-mini',
        decisions: [
          {
            source: 'user-key',
            provider: 'openai',
            keyId: id,
            modelId: 'gpt-4o-mini',
            modelReplaced: false,
            reason: 'the person’s own key',
          },
          {
            source: 'server-key',
            provider: 'openai',
            keyId: null,
            modelId: 'gpt-4o-mini',
            modelReplaced: false,
            reason: 'the server’s key',
          },
          {
            source: 'team-gateway',
            provider: 'gateway',
            keyId: null,
            modelId: 'openai/gpt-4o-mini',
            modelReplaced: true,
            reason: expect.any(String),
          },
        ],
        passedOver: [{ source: 'user-key', provider: 'openrouter', keyId: disabled, code: 'disabled', reason: 'It is disabled.' }],
        refusal: null,
      })
      expect(text).not.toMatch(/canary|example|vercel\.sh|kl1\./)
    })

    it('tells the app’s backend of any person, and nobody else', async () => {
      const ada = await someone()
      await ada.add()
      const service = { authorization: `Bearer ${await projectJwt({ role: 'service_role' })}` }
      const reply = await app.inject({
        method: 'POST',
        url: '/api/resolve',
        headers: service,
        payload: { userId: ada.id, model: 'gpt-4o-mini' },
      })
      expect(reply.json()).toEqual((await ada.call('GET', '/api/resolve?model=gpt-4o-mini')).body)
      const eve = await someone()
      expect((await eve.call('POST', '/api/resolve', { userId: ada.id })).status).toBe(403)
      expect((await eve.call('GET', `/api/resolve?model=gpt-4o-mini&userId=${ada.id}`)).status).toBe(400)
    })

    it('changes nothing for hosts that a header names, and refuses a query or a body that names one', async () => {
      const ada = await someone()
      await ada.add()
      const usual = (await ada.call('GET', '/api/resolve?model=gpt-4o-mini')).body
      const headers = {
        ...ada.headers,
        'x-base-url': 'https://evil.example',
        'x-forwarded-host': 'evil.example',
        'x-keyloft-provider': 'evil',
        'openai-base-url': 'https://evil.example',
      }
      expect((await app.inject({ url: '/api/resolve?model=gpt-4o-mini', headers })).json()).toEqual(usual)
      for (const name of ['base_url', 'baseUrl', 'api_base', 'host', 'provider', 'url']) {
        const refused = await ada.call('GET', `/api/resolve?model=gpt-4o-mini&${name}=https%3A%2F%2Fevil.example`)
        expect([refused.status, refused.body.code], name).toEqual([400, 'http.invalid'])
      }
      const service = { authorization: `Bearer ${await projectJwt({ role: 'service_role' })}` }
      for (const field of ['base_url', 'baseUrl', 'api_base', 'host', 'destination']) {
        const payload = { userId: ada.id, model: 'gpt-4o-mini', [field]: 'https://evil.example' }
        expect((await app.inject({ method: 'POST', url: '/api/resolve', headers: service, payload })).statusCode).toBe(400)
      }
      for (const model of [
        'https://evil.example/gpt-4o-mini',
        '//evil.example/x',
        '../../evil',
        'gpt-4o-mini@evil.example',
        'openai/../evil',
        'openai//evil',
      ]) {
        const { candidates } = await resolve(ada.principal, model)
        for (const { destination } of candidates)
          expect(destination.origin).toMatch(/^https:\/\/(openai\.operator\.example|ai-gateway\.vercel\.sh)$/)
      }
    })

    it('keeps a token to its models', async () => {
      const ada = await someone()
      const { body } = await ada.call('POST', '/api/tokens', { name: 'one model', scopes: ['read'], models: ['gpt-4o-mini'] })
      const asked = async (model: string) =>
        (await app.inject({ url: `/api/resolve?model=${model}`, headers: { authorization: `Bearer ${body.token}` } })).json()
      expect((await asked('gpt-4o-mini')).decisions).toHaveLength(2)
      expect(await asked('gpt-4o')).toMatchObject({ decisions: [], refusal: { code: 'resolver.model_not_allowed', status: 403 } })
      await expect(resolve({ ...ada.principal, models: ['gpt-4o-mini'] }, 'o3')).rejects.toMatchObject({
        code: 'resolver.model_not_allowed',
        status: 403,
      })
    })
  })

  describe('a host that a person named', () => {
    it('carries their own key alone: not the server’s, nor the team’s, whatever else is there', async () => {
      const ada = await someone()
      await ada.nameGateway()
      const { candidates } = await resolve(ada.principal)
      for (const { source, destination, authHeaders } of candidates) {
        const isTheirs = destination.origin === 'https://gateway.example.com'
        expect(isTheirs).toBe(source === 'user-gateway')
        if (isTheirs) expect(await authHeaders()).toEqual({ authorization: 'Bearer gw-canary-of-a-person-0000' })
      }
      expect(candidates).toHaveLength(3)
    })

    it('carries no key that was entered for another host', async () => {
      const ada = await someone()
      await ada.nameGateway()
      await sql`update public.api_gateway_configs set base_url = 'https://evil.example.com/v1' where user_id = ${ada.id}`.execute(owner.db)
      const { candidates, passedOver } = await resolve(ada.principal)
      expect(passedOver.map(({ because }) => because)).toEqual(['host_changed'])
      for (const { destination } of candidates) expect(destination.origin).not.toContain('evil')
    })

    it('is passed over where the operator does not let it be called', async () => {
      const ada = await someone()
      await ada.nameGateway()
      const host = '169.254.169.254'
      await sql`update public.api_gateway_configs set base_url = ${`https://${host}/v1`} where user_id = ${ada.id}`.execute(owner.db)
      await sql`update keyloft.secrets set host = ${host} where user_id = ${ada.id}`.execute(owner.db)
      const { passedOver } = await resolve(ada.principal)
      expect(passedOver.map(({ because }) => because)).toEqual(['host_refused'])
    })
  })

  describe('what a person chose', () => {
    const choose = (id: string, change: { own_keys_only?: boolean; allow_gateway_fallback?: boolean }) =>
      database.asPrincipal(userPrincipal(id), (tx) =>
        tx
          .insertInto('user_settings')
          .values({ user_id: id, ...change })
          .onConflict((conflict) => conflict.column('user_id').doUpdateSet(change))
          .execute(),
      )

    it('keeps every key away that is not theirs', async () => {
      const ada = await someone()
      await choose(ada.id, { own_keys_only: true })
      await expect(resolve(ada.principal)).rejects.toMatchObject({ code: 'resolver.own_keys_only', status: 422 })
      await ada.add()
      expect(namesOf((await resolve(ada.principal)).candidates)).toEqual(['user-key openai'])
    })

    it('keeps the team’s gateway away', async () => {
      const ada = await someone()
      await choose(ada.id, { allow_gateway_fallback: false })
      expect(namesOf((await resolve(ada.principal)).candidates)).toEqual(['server-key openai'])
      const teamAlone = make({ settings: { ...settings, serverKeys: { gateway: new Hidden(teamCanary) } } })
      await expect(resolve(ada.principal, 'gpt-4o-mini', teamAlone)).rejects.toMatchObject({
        code: 'resolver.fallback_disabled',
        message: 'User has disabled Gateway fallback; no per-user BYOK keys found.',
      })
    })

    it('is theirs alone to choose', async () => {
      const [ada, eve] = [await someone(), await someone()]
      await choose(ada.id, { own_keys_only: true })
      await database.asPrincipal(eve.principal, (tx) =>
        tx.updateTable('user_settings').set({ own_keys_only: false }).where('user_id', '=', ada.id).execute(),
      )
      expect((await ada.call('GET', '/api/resolve')).body.refusal).toMatchObject({ code: 'resolver.own_keys_only' })
    })
  })

  it('says in one sentence that there is no key at all', async () => {
    const ada = await someone()
    const nothing = make({ settings: { order: usualOrder, serverKeys: {} } })
    await expect(resolve(ada.principal, 'gpt-4o-mini', nothing)).rejects.toMatchObject({
      code: 'resolver.no_key',
      status: 422,
      message: expect.stringMatching(
        /^No provider key found for user and no server-side fallback keys configured; please add a provider API key \(BYOK\) for one of: openai, openrouter, anthropic, xai, or configure server-side fallback keys: /,
      ),
    })
  })

  describe('limits of a key', () => {
    const use = async (userId: string, keyId: string, startedAtMs: number) => {
      const { requestId, operation, provider, model } = makeCall()
      await sql`
        insert into usage_records (user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, decisions, outcome, usage_basis, cost_usd)
        values (${userId}, ${callId(startedAtMs)}, ${new Date(startedAtMs)}, ${requestId}, ${operation}, ${provider}, ${model}, 'user-key', ${keyId}, '[]', 'completed', 'none', 0)`.execute(
        owner.db,
      )
    }
    const noon = Date.UTC(2026, 10, 21, 12)
    const DAY = 86_400_000

    it('count the calls of this day and this month, those under way included', async () => {
      const ada = await someone()
      const id = await ada.add({ dailyLimit: 2, monthlyLimit: 4 })
      let now = noon
      const limited = make({ clock: () => now, settings: { order: usualOrder, serverKeys: {} } })
      const verdict = async (at: number) => {
        now = at
        return (await limited.explain(ada.id, { model: 'gpt-4o-mini' })).trace[0]?.verdict
      }
      await use(ada.id, id, Date.UTC(2026, 9, 31, 23, 59, 59, 999)) // last month
      await use(ada.id, id, Date.UTC(2026, 10, 1)) // this month
      await use(ada.id, id, noon - 1)
      expect(await verdict(noon)).toBe('candidate')
      await sql`
        insert into keyloft.holds (user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, decisions, lease_until)
        values (${ada.id}, ${callId(noon)}, ${new Date(noon)}, 'request', 'chat.completions', 'openai', 'gpt-4o-mini', 'user-key', ${id}, '[]', now())`.execute(
        owner.db,
      )
      expect(await verdict(noon + 60_000)).toBe('daily_limit')
      expect(await verdict(noon + DAY)).toBe('candidate')
      await use(ada.id, id, noon + DAY)
      expect(await verdict(noon + DAY + 60_000)).toBe('monthly_limit')
      await expect(limited.resolve(ada.principal, { model: 'gpt-4o-mini' })).rejects.toMatchObject({
        code: 'resolver.key_limit_reached',
        status: 429,
      })
      expect(await verdict(Date.UTC(2026, 11, 1))).toBe('candidate')
    })

    it('are counted once a second at most, and nothing is counted for a key without any', async () => {
      const ada = await someone()
      let counted = 0
      let now = noon
      const counting = make({
        clock: () => now,
        database: {
          ...database,
          system: (job, work) => {
            counted++
            return database.system(job, work)
          },
        },
      })
      await ada.add()
      await resolve(ada.principal, 'gpt-4o-mini', counting)
      expect(counted).toBe(0)
      await ada.add({ keyName: 'limited', dailyLimit: 2 })
      await Promise.all(Array.from({ length: 20 }, () => resolve(ada.principal, 'gpt-4o-mini', counting)))
      now += 999
      await resolve(ada.principal, 'gpt-4o-mini', counting)
      expect(counted).toBe(1)
      now += 60_000
      await resolve(ada.principal, 'gpt-4o-mini', counting)
      expect(counted).toBe(2)
    })
  })

  describe('a lookup that fails', () => {
    const failing = (broken: 'resolver_facts(uuid)' | 'uses_of_keys(uuid, uuid[], timestamptz)') => ({
      begin: () => sql.raw(`revoke execute on function keyloft.${broken} from service_role`).execute(owner.db),
      end: () => sql.raw(`grant execute on function keyloft.${broken} to service_role`).execute(owner.db),
    })

    it.each(['resolver_facts(uuid)', 'uses_of_keys(uuid, uuid[], timestamptz)'] as const)(
      'stops everything, keys of the server included (%s)',
      async (broken) => {
        const ada = await someone()
        await ada.add({ dailyLimit: 10 })
        const { begin, end } = failing(broken)
        await begin()
        try {
          await expect(resolve(ada.principal, 'gpt-4o-mini', make())).rejects.toMatchObject({ code: 'resolver.lookup_failed', status: 503 })
          const { status, body } = await (await someone()).call('GET', '/api/resolve?model=gpt-4o-mini')
          if (broken.startsWith('resolver')) expect({ status, code: body.code }).toEqual({ status: 503, code: 'resolver.lookup_failed' })
        } finally {
          await end()
        }
        expect(namesOf((await resolve(ada.principal, 'gpt-4o-mini', make())).candidates)[0]).toBe('user-key openai')
      },
    )

    it('is a key without its secret, too', async () => {
      const ada = await someone()
      await ada.add()
      const gone = {
        ...database,
        systemOnce: async (...asked: Parameters<typeof database.systemOnce>) => {
          const row = (await database.systemOnce(...asked)) as { keys?: { secret: unknown }[] }
          for (const key of row.keys ?? []) key.secret = null
          return row as Record<string, unknown>
        },
      }
      await expect(resolve(ada.principal, 'gpt-4o-mini', make({ database: gone }))).rejects.toMatchObject({
        code: 'resolver.lookup_failed',
      })
    })
  })

  it('is counted by how it ended and whose key came first, and traced without the person', async () => {
    const ada = await someone()
    await ada.add()
    const metrics = createMetrics()
    const spans: unknown[] = []
    const traced: Traced = async (name, attributes, work) => {
      const result = await work({ set: (more) => void spans.push({ name, ...attributes, ...more }) })
      return result
    }
    const it = make({ metrics, traced, settings: { order: usualOrder, serverKeys: {} } })
    await resolve(ada.principal, 'gpt-4o-mini', it)
    const other = await someone() // who has no key
    await expect(resolve(other.principal, 'gpt-4o-mini', it)).rejects.toMatchObject({ status: 422 })
    const { text } = await metrics.render()
    expect(text).toContain('providers_resolve_total{status="resolved",path="user-key"} 1\n')
    expect(text).toContain('providers_resolve_total{status="refused",path="none"} 1\n')
    expect(spans).toEqual([{ name: 'providers.resolve', 'keyloft.user': '[redacted]', 'keyloft.path': 'user-key' }])
  })

  describe('what is remembered', () => {
    function counting(signals: Partial<Signals> & { forget?: (topic: string, key?: string) => void } = {}) {
      const forgetters: { topic: string; forget: (key: string | undefined) => void }[] = []
      const it = {
        asked: 0,
        live: true,
        now: Date.now(),
        hold: undefined as Promise<void> | undefined,
        forget(topic: string, key?: string) {
          for (const told of forgetters) if (told.topic === topic) told.forget(key)
        },
        resolver,
      }
      it.resolver = make({
        clock: () => it.now,
        signals: { isLive: () => it.live, onChanged: (topic, forget) => void forgetters.push({ topic, forget }), ...signals },
        database: {
          ...database,
          systemOnce: async (job, statement) => {
            if (job.startsWith('look up a person')) it.asked++
            const row = await database.systemOnce(job, statement)
            if (job.startsWith('look up a person')) await it.hold
            return row
          },
        },
      })
      return it
    }

    it('is asked for once, until a signal, or a minute', async () => {
      const ada = await someone()
      const it = counting()
      const ask = () => resolve(ada.principal, 'gpt-4o-mini', it.resolver)
      await Promise.all([ask(), ask(), ask()])
      await ask()
      expect(it.asked).toBe(1)
      it.forget('facts', ada.id)
      await ask()
      it.forget('facts', '00000000-0000-4000-8000-000000000000')
      await ask()
      expect(it.asked).toBe(2)
      it.forget('facts')
      await ask()
      it.now += 60_000
      await ask()
      expect(it.asked).toBe(4)
    })

    it('counts for nothing where changes are not heard', async () => {
      const ada = await someone()
      const it = counting()
      await resolve(ada.principal, 'gpt-4o-mini', it.resolver)
      it.live = false
      await ada.add()
      expect(namesOf((await resolve(ada.principal, 'gpt-4o-mini', it.resolver)).candidates)[0]).toBe('user-key openai')
      expect(it.asked).toBe(2)
    })

    it('is not what was asked before a change and answered after it', async () => {
      const ada = await someone()
      const it = counting()
      let release = () => {}
      it.hold = new Promise((resolve) => {
        release = resolve
      })
      const before = resolve(ada.principal, 'gpt-4o-mini', it.resolver)
      await expect.poll(() => it.asked).toBe(1)
      await ada.add()
      it.forget('facts', ada.id)
      it.hold = undefined
      expect(namesOf((await resolve(ada.principal, 'gpt-4o-mini', it.resolver)).candidates)[0]).toBe('user-key openai')
      release()
      await before
      expect(namesOf((await resolve(ada.principal, 'gpt-4o-mini', it.resolver)).candidates)[0]).toBe('user-key openai')
    })
  })

  it('is forgotten by every process within a second of a change', async () => {
    const second = await test.anotherApp()
    const ada = await someone()
    const seenBySecond = async () => namesOf((await ada.call('GET', '/api/resolve?model=gpt-4o-mini', undefined, second)).body.decisions)
    await expect.poll(seenBySecond, { timeout: 5_000 }).toEqual(allServed.slice(2))
    const within = (expected: string[]) => expect.poll(seenBySecond, { timeout: 1_000, interval: 20 }).toEqual(expected)

    const openai = await ada.add()
    const openrouter = await ada.add({ provider: 'openrouter' })
    await within(allServed)
    await ada.call('PUT', `/api/profile/api-keys/${openai}`, { isEnabled: false })
    await within(allServed.slice(1))
    await ada.call('DELETE', `/api/profile/api-keys/${openrouter}`)
    await within(allServed.slice(2))
    await ada.nameGateway()
    await within(['user-gateway gateway', ...allServed.slice(2)])
    await sql`insert into user_settings (user_id, own_keys_only) values (${ada.id}, true)`.execute(owner.db)
    await within(['user-gateway gateway'])
    await ada.call('DELETE', '/api/profile/gateway')
    await within([])
    await sql`delete from user_settings where user_id = ${ada.id}`.execute(owner.db)
    await within(allServed.slice(2))
    await sql`insert into ai_models (provider, model, display_name) values ('google', 'gpt-4o-mini', 'A model')`.execute(owner.db)
    await ada.add({ provider: 'google' })
    await within(['user-key google', ...allServed.slice(2)])
    await sql`delete from ai_models where provider = 'google' and model = 'gpt-4o-mini'`.execute(owner.db)
    await within(allServed.slice(2))
  })

  it('shows no secret in what it gives, until somebody opens it', async () => {
    const ada = await someone()
    await ada.add()
    const resolved = await resolve(ada.principal)
    const all = [
      JSON.stringify(resolved),
      inspect(resolved, { depth: 12, showHidden: true }),
      JSON.stringify(resolved.trace),
      inspect(settings, { depth: 9, showHidden: true }),
    ]
    for (const text of all) expect(text).not.toContain('canary')
  })
})

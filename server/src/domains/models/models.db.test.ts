import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { projectJwt } from '../../../test/identity.ts'
import { importModels, loadShippedModels } from './load-models.ts'
import { readModelFile, shippedModelFile } from './model-file.ts'

describe('models and prices', async () => {
  const { app, database, owner, makePerson } = await createTestApp()
  const ada = await makePerson()
  const jwt = await projectJwt({ role: 'authenticated', sub: ada.id, aud: 'authenticated' })
  const get = (url: string) => app.inject({ url, headers: { authorization: `Bearer ${jwt}` } })
  const pricesOf = async (model: string) =>
    (
      await owner.db
        .selectFrom('model_prices')
        .select(['effective_from', 'input_per_million', 'source'])
        .where('model', '=', model)
        .orderBy('effective_from')
        .orderBy('from_input_tokens')
        .execute()
    ).map(({ effective_from, input_per_million, source }) => [effective_from.toISOString().slice(0, 10), input_per_million, source])
  const fileOf = (date: string, model: string, input: string, more: object = {}) => {
    const read = readModelFile(
      JSON.stringify({ date, models: [{ provider: 'openai', model, name: model, prices: [{ input, output: '2' }], ...more }] }),
    )
    if ('faults' in read) throw new Error(read.faults.join())
    return read.file
  }
  const { date, models } = shippedModelFile()

  it('that are shipped are loaded once, by however many processes at once', async () => {
    const loaded = await Promise.all([1, 2, 3, 4].map(() => loadShippedModels(database)))
    expect(loaded.reduce((sum, { newModels }) => sum + newModels, 0)).toBe(models.length)
    expect(await loadShippedModels(database)).toEqual({ newModels: 0, newPrices: 0 })
    expect(await pricesOf('gpt-4o-mini')).toEqual([[date, '0.15', 'shipped']])
    expect(await pricesOf('gpt-4o-mini-2024-07-18')).toEqual(await pricesOf('gpt-4o-mini'))
  })

  it('keep what the operator decided, whatever is loaded afterwards', async () => {
    await database.system('test', (tx) =>
      tx.updateTable('ai_models').set({ is_curated: true, is_active: false }).where('model', '=', 'gpt-4o').execute(),
    )
    await loadShippedModels(database)
    await importModels(database, fileOf('2026-01-05', 'gpt-4o', '3'))
    const kept = await owner.db
      .selectFrom('ai_models')
      .select(['is_curated', 'is_active'])
      .where('model', '=', 'gpt-4o')
      .where('provider', '=', 'openai')
      .execute()
    expect(kept).toEqual([{ is_curated: true, is_active: false }])
    await loadShippedModels(database)
    expect(await pricesOf('gpt-4o')).toEqual([
      [date, '2.5', 'shipped'],
      ['2026-01-05', '3', 'imported'],
    ])
  })

  it('get a new row when a price changes, and none when it is said again', async () => {
    expect(await importModels(database, fileOf('2026-02-01', 'changing', '1'))).toEqual({ newModels: 1, newPrices: 1 })
    expect(await importModels(database, fileOf('2026-02-01', 'changing', '1.00'))).toEqual({ newModels: 0, newPrices: 0 })
    expect(await importModels(database, fileOf('2026-03-01', 'changing', '1'))).toEqual({ newModels: 0, newPrices: 0 })
    expect(await importModels(database, fileOf('2026-04-01', 'changing', '1.5'))).toEqual({ newModels: 0, newPrices: 1 })
    expect(
      await importModels(
        database,
        fileOf('2026-05-01', 'changing', '1.5', {
          prices: [
            { input: '1.5', output: '2' },
            { fromInputTokens: 10, input: '9' },
          ],
        }),
      ),
    ).toEqual({ newModels: 0, newPrices: 2 })
    expect((await pricesOf('changing')).map(([from, input]) => `${from} ${input}`)).toEqual([
      '2026-02-01 1',
      '2026-04-01 1.5',
      '2026-05-01 1.5',
      '2026-05-01 9',
    ])
  })

  it('are not overwritten by a file of the same date or an older one, which changes nothing at all', async () => {
    const count = async () => (await owner.db.selectFrom('ai_models').select('id').execute()).length
    const before = await count()
    const file = fileOf('2026-04-30', 'changing', '7')
    file.models.unshift({ ...(file.models[0] as (typeof file.models)[number]), model: 'beside it' })
    await expect(importModels(database, file)).rejects.toMatchObject({
      code: 'models.outdated',
      message: 'Prices of 2026-04-30 or later are there already, and differ: openai changing.',
    })
    expect(await count()).toBe(before)
  })

  it('of the price table refuse what is no price', async () => {
    for (const value of ['NaN', 'Infinity', '-1', '1000001']) {
      const made = sql`insert into model_prices (provider, model, effective_from, source, input_per_million) values ('mock', 'x', now(), 'imported', ${value}::numeric)`
      await expect(made.execute(owner.db)).rejects.toMatchObject({ code: '23514' })
    }
  })

  it('are listed page by page, each once, with the price in force', async () => {
    const seen: string[] = []
    let cursor = ''
    do {
      const page = (await get(`/api/models?limit=7${cursor && `&cursor=${cursor}`}`)).json()
      seen.push(...page.items.map(({ provider, model }: { provider: string; model: string }) => `${provider} ${model}`))
      cursor = page.nextCursor ?? ''
    } while (cursor)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.length).toBe(models.length - 1 + 1) // one is not listed, one was imported
    const [sonnet] = (await get('/api/models?provider=anthropic&search=SONNET%204.5')).json().items
    expect(sonnet).toMatchObject({
      model: 'claude-sonnet-4-5',
      pricedFrom: `${date}T00:00:00.000Z`,
      prices: [
        { fromInputTokens: 0, input: '3', cacheWrite1h: '6', image: null },
        { fromInputTokens: 200_001, input: '6' },
      ],
    })
    const [changing] = (await get('/api/models?search=changing')).json().items
    expect(changing.prices.map(({ input }: { input: string }) => input)).toEqual(['1.5', '9'])
  })

  it('are listed with the curated ones first, and by what is asked of them', async () => {
    await database.system('test', (tx) => tx.updateTable('ai_models').set({ is_curated: true }).where('model', '=', 'grok-3').execute())
    const first = (await get('/api/models?limit=1')).json()
    expect(first.items[0]).toMatchObject({ model: 'grok-3', isCurated: true })
    const second = (await get(`/api/models?limit=1&cursor=${first.nextCursor}`)).json().items[0]
    expect(second).toMatchObject({ provider: 'anthropic', isCurated: false })
    const all = (await get('/api/models?limit=100')).json().items
    type Listed = (typeof all)[number]
    const listed = async (query: string) => (await get(`/api/models?limit=100&${query}`)).json().items.map(({ model }: Listed) => model)
    const those = (fits: (one: Listed) => boolean) => all.filter(fits).map(({ model }: Listed) => model)
    const price = ({ prices }: Listed) => Number(prices[0]?.input ?? Number.NaN)
    const asked: [string, (one: Listed) => boolean][] = [
      ['curated=true', ({ isCurated }) => isCurated],
      ['vision=true&tools=false', ({ vision, tools }) => vision && !tools],
      ['minContext=200000', ({ contextLength }) => contextLength >= 200_000],
      ['modality=embedding', ({ modality }) => modality === 'embedding'],
      ['inputAtLeast=0.5&inputAtMost=2.50', (one) => price(one) >= 0.5 && price(one) <= 2.5],
      ['provider=xai&webSearch=true', ({ provider, webSearch }) => provider === 'xai' && webSearch],
    ]
    for (const [query, fits] of asked) expect(await listed(query), query).toEqual(those(fits))
    expect(those(asked[4]?.[1] as never).length).toBeGreaterThan(0)
    for (const query of ['inputAtMost=cheap', 'minContext=0', 'vision=maybe', 'modality=smell'])
      expect((await get(`/api/models?${query}`)).json(), query).toMatchObject({ status: 400, code: 'http.invalid' })
    const { total, curated, providers, modalities } = (await get('/api/models/facets')).json()
    const sum = (of: { count: number }[]) => of.reduce((all, { count }) => all + count, 0)
    expect({ curated, sums: [sum(providers), sum(modalities)] }).toEqual({ curated: 1, sums: [total, total] })
  })

  it('are told to admins with every price they had, the latest first', async () => {
    const admin = await makePerson()
    await owner.db.insertInto('user_standing').values({ user_id: admin.id, is_admin: true }).execute()
    const authorization = `Bearer ${await projectJwt({ role: 'authenticated', sub: admin.id, aud: 'authenticated' })}`
    const ask = async (query: string) => (await app.inject({ url: `/api/admin/prices?${query}`, headers: { authorization } })).json()
    const { items } = await ask('model=CHANGING')
    expect(
      items.map(({ effectiveFrom, input, isInForce }: Record<string, unknown>) => [String(effectiveFrom).slice(0, 10), input, isInForce]),
    ).toEqual(
      expect.arrayContaining([
        ['2026-05-01', '1.5', true],
        ['2026-05-01', '9', true],
        ['2026-04-01', '1.5', false],
        ['2026-02-01', '1', false],
      ]),
    )
    const first = await ask('model=changing&limit=3')
    const second = await ask(`model=changing&limit=3&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items]).toEqual(items)
    expect(second.nextCursor).toBeNull()
    expect((await get('/api/admin/prices')).statusCode).toBe(403)
  })

  it('are listed in the form of OpenAI', async () => {
    const { object, data } = (await get('/v1/models')).json()
    expect(object).toBe('list')
    expect(data).toContainEqual({ id: 'grok-3', object: 'model', created: expect.any(Number), owned_by: 'xai' })
    expect(data.map(({ id }: { id: string }) => id)).not.toContain('gpt-4o')
  })

  it('lead on from a name as long as names may be, in any script', async () => {
    const model = '界'.repeat(200)
    await sql`insert into ai_models (provider, model, display_name) values ('aaa', ${model}, 'x'), ('aaa', ${`${model.slice(1)}z`}, 'y')`.execute(
      owner.db,
    )
    const first = (await get('/api/models?provider=aaa&limit=1')).json()
    const second = await get(`/api/models?provider=aaa&limit=1&cursor=${first.nextCursor}`)
    await sql`delete from ai_models where provider = 'aaa'`.execute(owner.db)
    expect([...first.items, ...second.json().items].map(({ name }: { name: string }) => name).sort()).toEqual(['x', 'y'])
  })

  it('refuse a cursor that no list gave, and nobody known', async () => {
    const nul = '[true,"a","\\u0000"]'
    for (const cursor of [
      'x',
      Buffer.from(nul).toString('base64url'),
      Buffer.from('{}').toString('base64url'),
      Buffer.from('["a", "b"]').toString('base64url'),
    ])
      expect((await get(`/api/models?cursor=${cursor}`)).json()).toMatchObject({ status: 400, code: 'http.invalid' })
    expect((await app.inject('/api/models')).statusCode).toBe(401)
    expect((await app.inject('/v1/models')).statusCode).toBe(401)
  })
})

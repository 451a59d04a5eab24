import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestIdentity } from '../../../test/identity.ts'
import { anonymous } from '../../base/principal.ts'
import { makeToken as makeElsewhere } from './token-format.ts'
import { createTokens } from './tokens.ts'

describe('an API token', async () => {
  const test = await createTestIdentity()
  const { identity, clock, sent, owner, makeToken } = test
  const ada = await test.makePerson()
  const bear = async (token: string, who = identity) => who.authenticate({ authorization: `Bearer ${token}` })
  const refused = (internal: RegExp) => ({ code: 'identity.unauthorized', status: 401, internal: expect.stringMatching(internal) })
  const lookups = () => sent.filter(({ text }) => text.includes('find_api_token')).length

  it('is its owner, with its scopes and models and nothing of its secret', async () => {
    const { token, publicId } = await test.issueToken(ada.id, { scopes: ['calls', 'read'], allowed_models: ['gpt-4o', 'claude-*'] })
    expect(await bear(token)).toEqual({
      role: 'authenticated',
      claims: { sub: ada.id, role: 'authenticated' },
      scopes: ['calls', 'read'],
      models: ['gpt-4o', 'claude-*'],
      tokenId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    const plain = await bear((await test.issueToken(ada.id)).token)
    expect(plain.scopes).toEqual(['calls', 'read', 'account'])
    expect(plain).not.toHaveProperty('models')
    expect(JSON.stringify(await bear(token))).not.toContain(publicId)
  })

  it('is refused when its secret is wrong, it is unknown, revoked, expired, or its owner gone', async () => {
    const { publicId } = await test.issueToken(ada.id)
    await expect(bear(makeToken(publicId).token)).rejects.toMatchObject(refused(/wrong secret/))
    await expect(bear(makeToken().token)).rejects.toMatchObject(refused(/unknown token/))
    await expect(bear((await test.issueToken(ada.id, { revoked_at: new Date(0) })).token)).rejects.toMatchObject(refused(/revoked/))
    await expect(bear((await test.issueToken(ada.id, { expires_at: new Date(clock.now) })).token)).rejects.toMatchObject(refused(/expired/))
    const bob = await test.makePerson()
    const { token } = await test.issueToken(bob.id)
    await sql`delete from auth.users where id = ${bob.id}`.execute(owner.db)
    await expect(bear(token)).rejects.toMatchObject(refused(/unknown/))
  })

  it('that is remembered still ends at its time, and within a second of being revoked', async () => {
    const short = await test.issueToken(ada.id, { expires_at: new Date(clock.now + 500) })
    const long = await test.issueToken(ada.id)
    await bear(short.token)
    await bear(long.token)
    await sql`update api_tokens set revoked_at = now() where public_id = ${long.publicId}`.execute(owner.db)
    clock.now += 500
    await expect(bear(short.token)).rejects.toMatchObject(refused(/expired/))
    clock.now += 500
    await expect(bear(long.token)).rejects.toMatchObject(refused(/revoked/))
  })

  it('costs one query when it is new, however many ask at once, and none while it is remembered', async () => {
    const { token } = await test.issueToken(ada.id)
    const before = lookups()
    await Promise.all(Array.from({ length: 200 }, () => bear(token)))
    for (let again = 0; again < 1_000; again++) await bear(token)
    expect(lookups() - before).toBe(1)
    clock.now += 1_000
    await bear(token)
    expect(lookups() - before).toBe(2)
  })

  it('that is gone costs one query in ten seconds, and one with a wrong checksum none', async () => {
    const { token } = makeToken()
    await bear(token).catch(() => {})
    const before = lookups()
    for (let again = 0; again < 2_000; again++) {
      await expect(bear(token)).rejects.toMatchObject({ status: 401 })
      await expect(bear(`${token.slice(0, -1)}_`)).rejects.toMatchObject({ status: 401 })
    }
    expect(lookups() - before).toBe(0)
  })

  it('that nobody issued costs no query, however many there are, and real ones are found at once among them', async () => {
    const elsewhere = randomBytes(32)
    const real = await Promise.all(Array.from({ length: 3 }, () => test.issueToken(ada.id)))
    await bear(makeToken().token).catch(() => {})
    sent.length = 0
    let waiting = 0
    const flood = Array.from({ length: 5_000 }, async () => {
      waiting++
      const { status } = await bear(makeElsewhere(elsewhere).token).catch((error) => error)
      waiting--
      return status
    })
    expect(waiting).toBe(5_000)
    const found = await Promise.all(real.map(({ token }) => bear(token)))
    expect(found.map(({ claims }) => claims.sub)).toEqual([ada.id, ada.id, ada.id])
    expect(new Set(await Promise.all(flood))).toEqual(new Set([401]))
    expect(lookups()).toBe(2) // the first one's, and the two that came while it was under way
    expect(sent).toHaveLength(2 * 4)
  })

  it('of this server, each another, costs a query per group and holds one connection', async () => {
    const before = lookups()
    const many = Array.from({ length: 3_000 }, () => bear(makeToken().token).catch((error) => error.status))
    expect(new Set(await Promise.all(many))).toEqual(new Set([401]))
    expect(lookups() - before).toBeLessThan(15)
    expect(test.database.pools.service.totalCount).toBe(1)
  })

  it('is told from invented ones by a key that no caller can read', async () => {
    for (const principal of [ada.principal, anonymous]) {
      for (const query of [sql`select keyloft.token_mark_key()`, sql`select * from keyloft.token_marks`]) {
        const read = test.database.asPrincipal(principal, (tx) => query.execute(tx))
        await expect(read).rejects.toMatchObject({ code: 'database.forbidden' })
      }
    }
  })

  it('is not found while the database is away, which is no verdict and is not remembered', async () => {
    const { token } = await test.issueToken(ada.id)
    let isAway = true
    const tokens = createTokens({
      clock: () => clock.now,
      database: { ...test.database, system: (job, work) => (isAway ? Promise.reject(new Error('away')) : test.database.system(job, work)) },
    })
    const asked = Promise.allSettled([tokens.check(token), tokens.check(makeToken().token)])
    expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    isAway = false
    await sleep(0)
    expect(await tokens.check(token)).toMatchObject({ principal: { claims: { sub: ada.id } } })
  })

  it('is kept as a hash that its owner does not even see, and is written by nobody who signs in', async () => {
    const { publicId } = await test.issueToken(ada.id)
    const { rows } = await sql<{ row: string }>`select api_tokens::text as row from api_tokens`.execute(owner.db)
    expect(rows.length).toBeGreaterThan(5)
    const read = (columns: string) =>
      test.database.asPrincipal(
        ada.principal,
        async (tx) => (await sql.raw<object>(`select ${columns} from api_tokens where public_id = '${publicId}'`).execute(tx)).rows,
      )
    expect(await read('name, token_prefix, scopes')).toHaveLength(1)
    await expect(read('secret_hash')).rejects.toMatchObject({ code: 'database.forbidden' })
    await expect(read('*')).rejects.toMatchObject({ code: 'database.forbidden' })
    const asAda = test.database.asPrincipal(ada.principal, (tx) => sql`select * from keyloft.find_api_token(${publicId})`.execute(tx))
    await expect(asAda).rejects.toMatchObject({ code: 'database.forbidden' })
  })

  it('is what is found of an id that nobody has, so that it takes as long, and nothing of it is told', async () => {
    const { publicId } = await test.issueToken(ada.id)
    const find = (id: string) =>
      test.database.system('check API tokens', (tx) =>
        sql<Record<string, unknown>>`select * from keyloft.find_api_token(${id})`.execute(tx),
      )
    expect((await find(publicId)).rows).toMatchObject([{ is_known: true, user_id: ada.id, is_closed: false }])
    const [found = {}] = (await find(publicId.slice(0, -1))).rows // comes before it
    const { is_known, ...told } = found
    expect(is_known).toBe(false)
    expect(new Set(Object.values(told))).toEqual(new Set([null]))
  })

  it.each([
    ['no scope', { scopes: [] }],
    ['an unknown scope', { scopes: ['calls', 'everything'] }],
    ['an absent scope among them', { scopes: ['calls', null] }],
    ['an empty list of models', { allowed_models: [] }],
    ['a hash of another length', { secret_hash: Buffer.alloc(31) }],
    ['a prefix that names another', { token_prefix: 'klt_AAAAAAAAAAAA' }],
    ['no name', { name: '' }],
  ])('cannot be kept with %s', async (_, columns) => {
    await expect(test.issueToken(ada.id, columns)).rejects.toMatchObject({ code: '23514' })
  })
})

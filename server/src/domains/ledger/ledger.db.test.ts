import { setImmediate as turnEnds } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, makeCall, readBooks, unevenHours } from '../../../test/ledger.ts'
import { createDatabase, type Statement } from '../../platform/database/database.ts'
import { databaseErrors } from '../../platform/database/errors.ts'
import { createLedger, type Ledger, type LedgerSettings } from './ledger.ts'

describe('the ledger of a process', async () => {
  const { database, owner, urls } = await createTestDatabase()
  const ledgers: Ledger[] = []
  afterAll(() => Promise.all(ledgers.map((ledger) => ledger.stop())))

  /** One that counts what it sends, and whose database goes away and comes back as told. */
  function makeLedger(settings: Partial<LedgerSettings> = {}) {
    const control = {
      now: Date.now(),
      fault: undefined as Error | undefined,
      hold: undefined as Promise<void> | undefined,
      sent: [] as { job: string; rows: number }[],
    }
    const ledger = createLedger({
      clock: () => control.now,
      settings,
      database: {
        systemOnce: async (job: string, statement: Statement) => {
          const [first, second] = statement.values.map(String)
          if (job === 'note ends') control.sent.push({ job, rows: `${first}`.split('\x1e').length })
          else if (job !== 'post ends') control.sent.push({ job, rows: `${second}`.split(',').length })
          await control.hold
          if (control.fault) throw control.fault
          return database.systemOnce(job, statement)
        },
      },
    })
    ledgers.push(ledger)
    return { ledger, control }
  }
  const away = () => databaseErrors.unavailable()

  it('has written an intent when open resolves, and the end when settle does', async () => {
    const { ledger } = makeLedger()
    const call = makeCall()
    await ledger.open(call)
    expect((await readBooks(owner)).holds.has(call.id)).toBe(true)
    await ledger.settle(call, ended())
    const { holds, records } = await readBooks(owner)
    expect(holds.has(call.id)).toBe(false)
    expect(records.get(call.id)).toMatchObject({ outcome: 'completed', input: '100' })
    expect(ledger.pending).toBe(0)
  })

  it('sends what has gathered when the flush before it returns', async () => {
    const { ledger, control } = makeLedger()
    const first = makeCall()
    const opening = [ledger.open(first)]
    await turnEnds()
    const calls = Array.from({ length: 700 }, () => makeCall())
    opening.push(...calls.map((call) => ledger.open(call)))
    await Promise.all(opening)
    expect(control.sent.map(({ rows }) => rows)).toEqual([1, 500, 200])
    await Promise.all([first, ...calls].map((call) => ledger.settle(call, ended())))
    expect(control.sent.slice(3).map(({ job, rows }) => `${job} ${rows}`)).toEqual(['note ends 500', 'note ends 201'])
    const { holds, records } = await readBooks(owner)
    expect(holds.size).toBe(0)
    expect(calls.every(({ id }) => records.has(id))).toBe(true)
  })

  it('sends together what comes within one turn of the event loop, and not the first of it alone', async () => {
    const { ledger, control } = makeLedger()
    const opening: Promise<void>[] = []
    for (let index = 0; index < 3; index++) {
      opening.push(ledger.open(makeCall()))
      await Promise.resolve()
    }
    await Promise.all(opening)
    expect(control.sent).toEqual([{ job: 'open calls', rows: 3 }])
  })

  it('writes a call once that ends while its intent still waits', async () => {
    const { ledger, control } = makeLedger()
    const [ahead, call] = [makeCall(), makeCall()]
    const release = Promise.withResolvers<void>()
    control.hold = release.promise
    const opening = [ledger.open(ahead)]
    await turnEnds()
    opening.push(ledger.open(call))
    const settled = ledger.settle(call, ended())
    control.hold = undefined
    release.resolve()
    await Promise.all([...opening, settled])
    expect(control.sent).toEqual([
      { job: 'open calls', rows: 1 },
      { job: 'note ends', rows: 1 },
    ])
    const { holds, records } = await readBooks(owner)
    expect([holds.has(call.id), records.has(call.id), holds.has(ahead.id)]).toEqual([false, true, true])
  })

  it('sends the end of a call behind its intent when that is on its way', async () => {
    const { ledger, control } = makeLedger()
    const call = makeCall()
    const release = Promise.withResolvers<void>()
    control.hold = release.promise
    const opening = ledger.open(call)
    await turnEnds()
    const settled = ledger.settle(call, ended())
    await vi.waitFor(() => expect(control.sent).toHaveLength(1))
    release.resolve()
    await Promise.all([opening, settled])
    expect(control.sent.map(({ job }) => job)).toEqual(['open calls', 'note ends'])
    expect((await readBooks(owner)).holds.has(call.id)).toBe(false)
  })

  it.each<[string, object]>([
    ['an id that is none', { id: 'nonsense' }],
    ['an id that would end the array', { id: '","' }],
    ['a key id that is none', { keyId: '}' }],
    ['decisions that are no JSON', { decisions: '{' }],
    ['a zero byte in its model', { model: 'a\0b' }],
    ['a zero byte in its decisions', { decisions: '["\0"]' }],
    ['a time that is none', { startedAtMs: Number.NaN }],
    ['a model that is too long', { model: 'm'.repeat(201) }],
  ])('refuses a call with %s, and none that travels with it', async (_, change) => {
    const { ledger } = makeLedger()
    const good = Array.from({ length: 20 }, () => makeCall())
    const bad = { ...makeCall(), ...change }
    const calls = [...good.slice(0, 10), bad, ...good.slice(10)]
    const outcomes = await Promise.allSettled(calls.map((call) => ledger.open(call)))
    expect(outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [[index, outcome.reason.code]] : []))).toEqual([
      [10, 'ledger.invalid_call'],
    ])
    await Promise.all(good.map((call) => ledger.settle(call, ended())))
    const { records } = await readBooks(owner)
    expect(good.every(({ id }) => records.has(id))).toBe(true)
  })

  it('keeps quotes, backslashes and every other character as they are', async () => {
    const { ledger } = makeLedger()
    const text = `a"b\\c,{}'NULL' \u2028 😀`
    const call = makeCall({ model: text, decisions: JSON.stringify([text]) })
    await ledger.settle(call, ended({}, { providerUsage: JSON.stringify({ [text]: 1 }) }))
    await ledger.posted()
    const row = await owner.db
      .selectFrom('usage_records')
      .select(['model', 'decisions', 'provider_usage'])
      .where('id', '=', call.id)
      .executeTakeFirst()
    expect(row).toEqual({ model: text, decisions: [text], provider_usage: { [text]: 1 } })
  })

  it('writes a call without its provider’s words where those cannot be kept', async () => {
    const { ledger } = makeLedger()
    const calls = ['{"a":"\\u0000"}', '{"a":"\\ud800"}', 'no JSON', undefined].map((providerUsage) => ({ call: makeCall(), providerUsage }))
    await Promise.all(
      calls.map(({ call, providerUsage }) => ledger.settle(call, ended({}, { providerUsage, status: 200.5, firstByteMs: Number.NaN }))),
    )
    const { records } = await readBooks(owner)
    for (const { call } of calls) expect(records.get(call.id)).toMatchObject({ input: '100', basis: 'reported' })
  })

  it('tries again where the database was away or busy, and nobody notices', async () => {
    const { ledger, control } = makeLedger()
    const call = makeCall()
    control.fault = databaseErrors.busy()
    const opening = ledger.open(call)
    await vi.waitFor(() => expect(control.sent.length).toBeGreaterThan(1))
    control.fault = undefined
    await opening
    expect((await readBooks(owner)).holds.has(call.id)).toBe(true)
  })

  it('refuses to open when the database stays away, and writes an end still when it comes back', async () => {
    const { ledger, control } = makeLedger({ waitMs: 1_000 })
    const [known, unknown] = [makeCall(), makeCall()]
    await ledger.open(known)
    control.fault = away()
    const outcomes = Promise.allSettled([ledger.open(unknown), ledger.settle(known, ended())])
    await vi.waitFor(() => expect(control.sent.length).toBeGreaterThan(3))
    control.now += 1_001
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ledger.unavailable', status: 503, cause: control.fault } })
    control.fault = undefined
    await vi.waitFor(() => expect(ledger.pending).toBe(0), { timeout: 5_000 })
    const { holds, records } = await readBooks(owner)
    expect([holds.has(unknown.id), records.has(known.id)]).toEqual([false, true])
  })

  it('refuses at once what would wait behind too many, but never the end of what it let begin', async () => {
    const { ledger, control } = makeLedger({ mostPending: 5 })
    const known = makeCall()
    await ledger.open(known)
    control.fault = away()
    const waiting = Array.from({ length: 5 }, () => ledger.open(makeCall()))
    await expect(ledger.open(makeCall())).rejects.toMatchObject({ code: 'ledger.unavailable' })
    await expect(ledger.settle(makeCall(), ended())).rejects.toMatchObject({ code: 'ledger.unavailable' })
    const settled = ledger.settle(known, ended())
    control.fault = undefined
    await Promise.all([...waiting, settled])
  })

  it('renews the leases of calls that go on, and of no other', async () => {
    const { ledger } = makeLedger({ renewEveryMs: 40, leaseSeconds: 60 })
    const [living, over] = [makeCall({ startedAtMs: Date.now() - 1_000 }), makeCall({ startedAtMs: Date.now() - 1_000 })]
    await Promise.all([ledger.open(living), ledger.open(over)])
    const leases = async () =>
      new Map(
        (await sql<{ id: string; past: boolean }>`select id, lease_until < now() as past from keyloft.holds`.execute(owner.db)).rows.map(
          ({ id, past }) => [id, past],
        ),
      )
    const expire = (id: string) =>
      sql`update keyloft.holds set lease_until = now() - interval '1 second' where id = ${id}`.execute(owner.db)
    await expire(living.id)
    await vi.waitFor(async () => expect((await leases()).get(living.id)).toBe(false))
    await ledger.settle(over, ended())
    await ledger.posted()
    expect((await leases()).has(over.id)).toBe(false)
    await ledger.settle(living, ended())
  })

  it('writes what waits when it is stopped, and takes nothing any more', async () => {
    const { ledger } = makeLedger()
    const call = makeCall()
    const settled = ledger.settle(call, ended())
    await ledger.stop()
    await settled
    expect((await sql`select from usage_records where id = ${call.id}`.execute(owner.db)).rows).toHaveLength(1)
    await expect(ledger.open(makeCall())).rejects.toMatchObject({ code: 'ledger.unavailable' })
  })

  it('stops in time though the database is away', async () => {
    const { ledger, control } = makeLedger()
    control.fault = away()
    const settled = ledger.settle(makeCall(), ended())
    const refused = expect(settled).rejects.toMatchObject({ code: 'ledger.unavailable' })
    await ledger.stop({ timeoutMs: 50 })
    await refused
  })

  it('agrees with other processes that write the same calls at once', async () => {
    const other = createDatabase(urls, { poolSize: 4, onError: () => {} })
    const pair = [database, other].map((one) => createLedger({ database: one, clock: Date.now, settings: { mostAtOnce: 20, flights: 2 } }))
    const users = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']
    const calls = Array.from({ length: 300 }, (_, n) => makeCall({ userId: users[n % 2] as string, model: `shared-${n % 3}` }))
    await Promise.all(
      pair.flatMap((ledger, index) =>
        (index ? calls.toReversed() : calls).map(async (call) => {
          await ledger.open(call)
          await ledger.settle(call, ended({ inputTokens: 10 }))
        }),
      ),
    )
    await Promise.all(pair.map((ledger) => ledger.stop()))
    await other.end()
    const { records, holds } = await readBooks(owner)
    expect(calls.filter(({ id }) => !records.has(id) || holds.has(id))).toEqual([])
    expect(await unevenHours(owner)).toEqual([])
    const [sum] = await owner.db
      .selectFrom('usage_hourly')
      .select((of) => of.fn.sum('requests').as('requests'))
      .where('user_id', 'in', users)
      .execute()
    expect(Number(sum?.requests)).toBe(300)
  })
})

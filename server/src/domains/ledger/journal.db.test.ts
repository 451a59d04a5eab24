import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it, vi } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { ended, makeCall, readBooks, unevenHours } from '../../../test/ledger.ts'
import { sanitise } from './call.ts'
import { sweepCalls } from './jobs.ts'
import { createLedger } from './ledger.ts'
import { noteEnds, postEnds, writeEnds } from './statements.ts'

describe('the journal', async () => {
  const { database, owner, makePerson } = await createTestDatabase()
  const make = () => createLedger({ database, clock: Date.now })
  const end = (call = makeCall(), outcome = ended(), wasOpened = true) => ({ call, outcome: sanitise(outcome), wasOpened })
  /** As a process that goes away at once. */
  const note = (...ends: ReturnType<typeof end>[]) => database.systemOnce('note', noteEnds(ends))
  const noteText = (text: string) => database.systemOnce('note', { name: 'note', text: 'select keyloft.note_ends($1)', values: [text] })
  const post = () => database.systemOnce('post', postEnds(50, true))
  const stands = async (id: string) => (await sql`select from usage_records where id = ${id}`.execute(owner.db)).rows.length === 1
  const waiting = async () => (await sql<{ fault: string | null }>`select fault from keyloft.journal order by id`.execute(owner.db)).rows

  it('is posted by itself a moment after something was noted', async () => {
    const ledger = make()
    const call = makeCall()
    await ledger.settle(call, ended())
    await vi.waitFor(async () => expect(await stands(call.id)).toBe(true))
    expect(await waiting()).toEqual([])
    await ledger.stop()
  })

  it('is posted for whoever asks what stands in the books, whichever process noted it', async () => {
    const ledger = make()
    await ledger.posted() // what it does at its start is done
    const { call } = end()
    await note(end(call))
    await ledger.posted()
    expect(await stands(call.id)).toBe(true)
    await ledger.stop()
  })

  it('is posted by the next process that begins, and by the sweeper before it presumes anything', async () => {
    const [first, second] = [makeCall(), makeCall()]
    await note(end(first))
    const ledger = make()
    await vi.waitFor(async () => expect(await stands(first.id)).toBe(true))
    await ledger.open(second)
    await sql`update keyloft.holds set lease_until = now() - interval '1 second' where id = ${second.id}`.execute(owner.db)
    await note(end(second))
    expect(await sweepCalls(database)).toBe(0)
    expect((await readBooks(owner)).records.get(second.id)).toMatchObject({ outcome: 'completed' })
    await ledger.stop()
  })

  it('is posted once by many at the same time', async () => {
    const calls = Array.from({ length: 60 }, () => makeCall({ userId: '00000000-0000-4000-8000-00000000000c', model: 'at-once' }))
    await Promise.all(calls.map((call) => note(end(call))))
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        database.systemOnce('post', postEnds(10, n % 2 === 0)).then(() => database.systemOnce('post', postEnds(10, true))),
      ),
    )
    while (Number((await post()).taken) > 0);
    const { records } = await readBooks(owner)
    expect(calls.filter(({ id }) => !records.has(id))).toEqual([])
    expect(await unevenHours(owner)).toEqual([])
    expect(await waiting()).toEqual([])
  })

  it('keeps aside what cannot be read or written, says so, and posts what came with it', async () => {
    const [good, another, long, told] = [
      end(),
      end(),
      end(makeCall({ model: 'm'.repeat(201) })),
      end(makeCall(), ended({}, { providerUsage: '{"a":' })),
    ]
    await noteText(`${writeEnds([good])}\x1eno row at all\x1e${writeEnds([long, another])}`)
    await note(told)
    expect(await post()).toMatchObject({ taken: 2, faulty: 2 })
    for (const { call } of [good, another, told]) expect(await stands(call.id)).toBe(true)
    expect((await waiting()).map(({ fault }) => fault).sort()).toEqual(['invalid', expect.stringContaining('malformed record literal')])
    expect(await post()).toMatchObject({ taken: 0 })
    expect(await waiting()).toHaveLength(2)
    await sql`delete from keyloft.journal`.execute(owner.db)
  })

  it.each(['x"),("y', 'x\x1ey', "x\\',\\", 'x\0y', '\ud800', 'a,b(c)', '', ' x '])(
    'takes no text for the end of a row, or of a place: %j',
    async (text) => {
      const before = (await readBooks(owner)).records.size
      const hostile = end(
        makeCall({ requestId: `${text}-`, decisions: JSON.stringify([text]) }),
        ended({}, { providerUsage: JSON.stringify({ text }) }),
      )
      const next = end()
      await note(hostile, next)
      expect(await post()).toMatchObject({ faulty: 0 })
      expect((await readBooks(owner)).records.size).toBe(before + 2)
      const { rows } = await sql<{ request_id: string }>`select request_id from usage_records where id = ${hostile.call.id}`.execute(
        owner.db,
      )
      expect(rows).toEqual([{ request_id: `${text.toWellFormed().replaceAll('\0', '\ufffd').replaceAll('\x1e', '\ufffd')}-` }])
    },
  )

  it('takes nothing that is wrong with the database for the fault of an end', async () => {
    const { call } = end()
    await note(end(call))
    await sql`revoke insert on usage_records from keyloft_definer`.execute(owner.db)
    await expect(post()).rejects.toMatchObject({ code: 'database.forbidden' })
    expect(await waiting()).toEqual([{ fault: null }])
    await sql`grant insert on usage_records to keyloft_definer`.execute(owner.db)
    expect(await post()).toMatchObject({ taken: 1, faulty: 0 })
    expect(await stands(call.id)).toBe(true)
  })

  it('has of a call what was known at its end', async () => {
    const ledger = make()
    const call = makeCall({ model: 'unknown' })
    await ledger.open(call)
    await ledger.settle({ ...call, model: 'known-late' }, ended())
    await ledger.posted()
    expect((await sql`select model from usage_records where id = ${call.id}`.execute(owner.db)).rows).toEqual([{ model: 'known-late' }])
    await ledger.stop()
  })

  it('holds nothing for a call that ended while it was asked for a second time', async () => {
    const { id: userId } = await makePerson()
    await sql`insert into user_quota_limits (user_id, type, request_limit) values (${userId}, 'daily', 1)`.execute(owner.db)
    const held = Promise.withResolvers<void>()
    let isHeld = false
    const ledger = createLedger({
      clock: Date.now,
      database: {
        systemOnce: async (job, statement) => {
          if (isHeld && job === 'post ends') await held.promise
          return database.systemOnce(job, statement)
        },
      },
    })
    await ledger.posted()
    const [first, second] = [makeCall({ userId }), makeCall({ userId })]
    await ledger.open(first)
    isHeld = true
    const refused = expect(ledger.open(second)).rejects.toMatchObject({ code: 'ledger.quota_exceeded' })
    await note(end(first, ended({}, { usageBasis: 'none' })))
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(1))
    await ledger.settle(second, ended({}, { outcome: 'aborted', usageBasis: 'none' }))
    held.resolve()
    await refused
    await ledger.posted()
    const { rows } = await sql`select reserved_requests::int as reserved from user_quota_limits where user_id = ${userId}`.execute(owner.db)
    expect(rows).toEqual([{ reserved: 0 }])
    expect((await readBooks(owner)).holds.has(second.id)).toBe(false)
    await ledger.stop()
  })

  it('refuses nobody for what is reserved for calls that have ended', async () => {
    const { id: userId } = await makePerson()
    await sql`insert into user_quota_limits (user_id, type, token_limit) values (${userId}, 'daily', 100)`.execute(owner.db)
    const ledger = make()
    await ledger.posted()
    const of = { userId, mostInputTokens: 60, mostOutputTokens: 30 }
    const first = makeCall(of)
    await ledger.open(first)
    await expect(ledger.open(makeCall(of))).rejects.toMatchObject({ code: 'ledger.quota_exceeded' })
    await note(end(first, ended({ inputTokens: 5, outputTokens: 5 })))
    await ledger.open(makeCall(of))
    await expect(ledger.open(makeCall(of))).rejects.toMatchObject({ code: 'ledger.quota_exceeded' })
    await ledger.stop()
  })

  it('is posted once for all who ask at the same moment, and not for each', async () => {
    let posts = 0
    const ledger = createLedger({
      clock: Date.now,
      database: {
        systemOnce: (job, statement) => {
          if (job === 'post ends') posts++
          return database.systemOnce(job, statement)
        },
      },
    })
    await ledger.posted()
    const before = posts
    await note(end())
    await Promise.all(Array.from({ length: 100 }, () => ledger.posted()))
    expect(posts - before).toBeLessThanOrEqual(3)
    expect(await waiting()).toEqual([])
    await ledger.stop()
  })

  it('goes on when the database comes back, and tells that it could not', async () => {
    let fault: Error | undefined
    const told: unknown[] = []
    const ledger = createLedger({
      clock: Date.now,
      database: {
        systemOnce: async (job, statement) => {
          if (fault && job === 'post ends') throw fault
          return database.systemOnce(job, statement)
        },
      },
    })
    ledger.watch({ flushed: () => {}, posted: () => {}, failedToPost: (error) => told.push(error), reserved: () => {}, refused: () => {} })
    await ledger.posted()
    fault = new Error('away')
    const call = makeCall({ userId: randomUUID() })
    await ledger.settle(call, ended())
    await vi.waitFor(() => expect(told).toEqual([fault]))
    fault = undefined
    await vi.waitFor(async () => expect(await stands(call.id)).toBe(true), { timeout: 5_000 })
    await ledger.stop()
  })
})

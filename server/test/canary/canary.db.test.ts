import { sql } from 'kysely'
import { describe, expect, inject, it } from 'vitest'
import { everyCase } from './cases/every-case.ts'
import { faults, faultsOfSealing } from './faults.ts'
import { bodyCalls, brokenCalls, headerCalls } from './hostile-calls.ts'
import { createHouse } from './house.ts'
import { leakingRoute, type ways } from './leaks.ts'
import { compare, readDocument, secretFields } from './secret-fields.ts'

/*
 * Secrets are planted in every field and header that may carry one, with the database as talkative as it can be made
 * and everything failing in turn. Afterwards they are looked for in all that anybody could read.
 */
const isLong = process.env.KEYLOFT_TEST_LONG !== undefined
const cases = Object.entries(everyCase)
const askedFor = cases.flatMap(([, one]) => (one.askedFor ?? []).map(([field]) => field))
const covered = [...cases.flatMap(([, { fields }]) => fields), ...askedFor]

// Of a server that is only known by its address nobody can search the files.
describe.skipIf(inject('serverPrograms') === '')('a secret', async () => {
  const house = await createHouse()
  const document = await readDocument(house.app)

  describe('that somebody sends', () => {
    const expectNoLeak = async (where?: 'outside the database') => {
      const oneOfEach = new Map((await house.findLeaks(where)).map((leak) => [leak.split(':', 2).join(), leak]))
      expect([...oneOfEach.values()]).toEqual([])
    }

    it('has a case for every field that holds one, in a file of server/test/canary/cases', () => {
      const known = ['POST /api/tokens/revoke body.token', 'POST /api/auth/sign-up/email body.password']
      expect(secretFields(document)).toEqual(expect.arrayContaining(known))
      expect(compare(document, covered)).toEqual({ missing: [], stale: [] })
    })

    it('is nowhere after calls that went as they should', async () => {
      for (const [name, { run, reaches }] of cases) {
        const statuses = new Set<number>()
        const send: typeof house.send = async (...call) => {
          const reply = await house.send(...call)
          statuses.add(reply.statusCode)
          return reply
        }
        await run({ ...house, send })
        expect.soft([...statuses].sort(), name).toEqual([...reaches].sort())
      }
      await expectNoLeak('outside the database')
    })

    it('is nowhere after bodies that are broken, of another form or too long', async () => {
      const callers = [(await house.person()).headers, await house.service(), {}]
      for (const field of secretFields(document).filter((one) => !askedFor.includes(one))) {
        for (const headers of callers) for (const call of bodyCalls(house, field, headers)) await house.send(call)
      }
      await expectNoLeak('outside the database')
    })

    it('is nowhere after it came in any header or address of any route', async () => {
      for (const call of headerCalls(house, document)) await house.send(call)
      await brokenCalls(house, await house.anotherApp())
      await expectNoLeak('outside the database')
    })

    it.each(Object.entries({ ...faultsOfSealing, ...faults }))('is nowhere when %s', async (name, fault) => {
      const concerned = cases.filter(([, { sealsNothing }]) => !(sealsNothing && name in faultsOfSealing))
      for (let round = 0; round < (isLong ? 10 : 1); round++) {
        await fault(house, async () => {
          for (const [, { run }] of concerned) await run(house)
        })
      }
      await expectNoLeak('outside the database')
    })

    it('is in no file, log or backup of the database after all of that', () => expectNoLeak())
  })

  /** One way for each sink, ten in all: what is not found above is not there. */
  describe('that leaks', async () => {
    const leaky = await house.anotherApp({ moreRoutes: [leakingRoute(house.sinks)] })
    const expectCaught = async (sink: RegExp, where?: 'outside the database') => {
      const leaks = (await house.findLeaks(where)).join('\n')
      expect(leaks).toMatch(sink)
      return leaks
    }

    it.each<[(typeof ways)[number], RegExp]>([
      ['log', /^the log: raw/m],
      ['packed log', /^the log: raw, in gzip/m],
      ['error', /^an error: raw/m],
      ['cause', /^an error: raw/m],
      ['header', /^the reply to POST .*: raw/m],
      ['body', /^the reply to POST .*: base64/m],
    ])('by way of the %s of a handler is caught', async (way, sink) => {
      house.moveTo(leaky)
      await house.send({ method: 'POST', url: `/api/leaks/${encodeURIComponent(way)}`, payload: { apiKey: house.plant() } })
      house.moveTo(house.app)
      await expectCaught(sink, 'outside the database')
    })

    it('as the label of a metric is caught', async () => {
      house.sinks.note('the reply to GET /metrics', `calls_total{key="${house.plant()}"} 1`)
      await expectCaught(/^the reply to GET \/metrics: raw/m, 'outside the database')
    })

    it('into a row, in hex, is caught in the rows and in the files', async () => {
      await sql`create table public.leaks as select ${Buffer.from(house.plant()).toString('hex')}::text as it`.execute(house.owner.db)
      expect(await expectCaught(/^the rows of public.leaks: hex/m)).toMatch(/^data\/base\/\d+\/\d+: hex/m)
      await sql`drop table leaks`.execute(house.owner.db)
    })

    it('into a row that was rolled back is caught in the write-ahead log', async () => {
      await sql`create table public.leaks (it bytea)`.execute(house.owner.db)
      const undone = house.owner.db.transaction().execute(async (tx) => {
        await sql`insert into leaks values (${Buffer.from(house.plant())})`.execute(tx)
        throw new Error('undo')
      })
      await expect(undone).rejects.toThrow('undo')
      await sql`drop table leaks`.execute(house.owner.db)
      await expectCaught(/^data\/pg_wal\/[0-9A-F]+: raw/m)
    })

    it('to PostgreSQL, as the value of a statement, is caught in its log', async () => {
      await sql`select ${house.plant()}::text`.execute(house.owner.db)
      await expectCaught(/^server\.log: raw/m)
    })

    it('from a field that has no case is named before it can', async () => {
      const withIt = await readDocument(leaky)
      expect(compare(withIt, covered).missing).toEqual(['POST /api/leaks/{way} body.apiKey'])
      expect(compare(withIt, [...covered, 'POST /api/gone body.apiKey']).stale).toEqual(['POST /api/gone body.apiKey'])
    })
  })
})

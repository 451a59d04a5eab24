import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { makeCall, readBooks } from '../../../test/ledger.ts'
import { createMetrics } from '../../platform/telemetry/metrics.ts'
import { ledgerJobs } from './jobs.ts'
import { openCalls } from './statements.ts'

it('tells by metrics how many calls were closed for processes that went away, and whether looking for them works', async () => {
  const { database, owner } = await createTestDatabase()
  const metrics = createMetrics()
  let isAway = false
  const system: typeof database.system = (name, work) => (isAway ? Promise.reject(new Error('away')) : database.system(name, work))
  const job = ledgerJobs({ system }, metrics).find(({ name }) => name === 'ledger.sweep-calls')
  const sweep = () => job?.run({}, { signal: new AbortController().signal, jobId: 'one', attempt: 1 })
  const told = async () => (await metrics.render()).text.split('\n').filter((line) => /^ledger_sw/.test(line))

  await sweep()
  expect(await told()).toEqual(['ledger_swept_total 0', 'ledger_sweeps_total{outcome="done"} 1'])
  await database.systemOnce('open', openCalls([makeCall(), makeCall()], 60))
  await sql`update keyloft.holds set lease_until = now() - interval '1 second'`.execute(owner.db)
  await sweep()
  expect(await told()).toEqual(['ledger_swept_total 2', 'ledger_sweeps_total{outcome="done"} 2'])
  expect([...(await readBooks(owner)).records.values()].map(({ outcome }) => outcome)).toEqual(['presumed', 'presumed'])
  isAway = true
  await expect(sweep()).rejects.toThrow('away')
  expect(await told()).toContain('ledger_sweeps_total{outcome="failed"} 1')
})

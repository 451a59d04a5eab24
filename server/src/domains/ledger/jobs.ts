import { sql } from 'kysely'
import { z } from 'zod'
import type { Database } from '../../platform/database/database.ts'
import { type AnyJob, defineJob } from '../../platform/queue/job.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'

const batchSize = 1_000
const notesAtOnce = 50
/** Two are made before they are needed: a job that fails for a month is noticed in time. */
const monthsAhead = 2

/** @param metrics of a process that can be asked for them */
export function ledgerJobs(database: Pick<Database, 'system'>, metrics?: Pick<Metrics, 'counter'>): AnyJob[] {
  const closed = metrics?.counter('ledger_swept_total', 'Calls left open by processes that went away, which this process closed.', [])
  const sweeps = metrics?.counter('ledger_sweeps_total', 'Looks for such calls, by how they went: done or failed.', ['outcome'])
  return [
    defineJob({
      name: 'ledger.sweep-calls',
      schedule: '* * * * *',
      input: z.object({}).transform(() => ({})),
      run: async (_, { signal }) => {
        try {
          let swept = batchSize
          while (swept === batchSize) {
            signal.throwIfAborted()
            swept = await sweepCalls(database)
            closed?.of({}).add(swept)
          }
          sweeps?.of({ outcome: 'done' }).add()
        } catch (error) {
          sweeps?.of({ outcome: 'failed' }).add()
          throw error
        }
      },
    }),
    defineJob({
      name: 'ledger.make-partitions',
      schedule: '23 2 * * *',
      input: z.object({}).transform(() => ({})),
      run: async () => {
        await makePartitions(database)
      },
    }),
  ]
}

/** Books calls of processes that went away; first those of which it is noted how they ended. */
export async function sweepCalls(database: Pick<Database, 'system'>): Promise<number> {
  await postNoted(database)
  return database.system('sweep calls', async (tx) => {
    const { rows } = await sql<{ swept: number }>`select keyloft.sweep_calls(in_limit => ${batchSize}) as swept`.execute(tx)
    return rows[0]?.swept ?? 0
  })
}

/** For commands, which have no ledger of their own: what is noted by now stands in the books afterwards. */
export async function postNoted(database: Pick<Database, 'system'>): Promise<void> {
  for (let taken = notesAtOnce; taken === notesAtOnce; ) {
    taken = await database.system('post what was noted', async (tx) => {
      const { rows } = await sql<{
        taken: number
      }>`select taken from keyloft.post_ends(in_most => ${notesAtOnce}, in_waits => true)`.execute(tx)
      return rows[0]?.taken ?? 0
    })
  }
}

/** Those of this month and the next ones. Also at every start: a new database has none. */
export async function makePartitions(database: Pick<Database, 'system'>): Promise<number> {
  return database.system('make usage partitions', async (tx) => {
    const { rows } = await sql<{ made: number }>`select keyloft.make_usage_partitions(in_months_ahead => ${monthsAhead}) as made`.execute(
      tx,
    )
    return rows[0]?.made ?? 0
  })
}

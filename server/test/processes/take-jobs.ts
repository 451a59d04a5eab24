import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { z } from 'zod'
import { type AnyJob, defineJob, type Job, type JobContext } from '../../src/platform/queue/job.ts'
import { createQueue } from '../../src/platform/queue/queue.ts'

/*
 * A worker to be killed. Run as a program it takes one kind of job, given by its name, and says on stdout, in lines of
 * JSON, how far it is. What a job does is a row in test_effects: one per attempt that got so far.
 */

/** Where the first attempt is to be killed. Later attempts run through. */
const moments = ['before the work', 'after the work', 'while the finish is written'] as const
export type Moment = (typeof moments)[number]

export interface Said {
  taken: string
  attempt: number
  n: number
  moment: Moment
  late?: boolean
  aborted?: boolean
}

type Effect = (context: JobContext) => Promise<unknown>
type Say = (said: Said) => void

const input = z.object({ n: z.int(), moment: z.enum(moments) })
type Input = z.infer<typeof input>

export function testJobs(effect: Effect, say: Say): Record<'killed' | 'slow' | 'frozen', Job<Input>> {
  const jobOf = (name: string, run: Job<Input>['run']) => defineJob({ name, retryLimit: 8, retryDelaySeconds: 1, input, run })
  return {
    killed: jobOf('test.killed', async ({ n, moment }, context) => {
      const said = { taken: context.jobId, attempt: context.attempt, n, moment }
      if (moment !== 'before the work' || context.attempt > 1) await effect(context)
      say(said)
      if (context.attempt === 1 && moment !== 'while the finish is written') await sleep(600_000)
    }),
    slow: jobOf('test.slow', async ({ n, moment }, context) => {
      say({ taken: context.jobId, attempt: context.attempt, n, moment })
      await sleep(25_000) // longer than the silence that counts as death
      await effect(context)
    }),
    frozen: jobOf('test.frozen', async ({ n, moment }, context) => {
      const said = { taken: context.jobId, attempt: context.attempt, n, moment }
      say(said)
      if (context.attempt === 1) await sleep(5_000)
      await effect(context)
      say({ ...said, late: true, aborted: context.signal.aborted })
    }),
  }
}

if (process.argv[1] === import.meta.filename) {
  const { QUEUE_URL = '', EFFECTS_URL = '' } = process.env
  const effects = new pg.Pool({ connectionString: EFFECTS_URL, max: 1 })
  const effect: Effect = ({ jobId, attempt }) => effects.query('insert into test_effects values ($1, $2)', [jobId, attempt])
  const jobs: Record<string, AnyJob> = testJobs(effect, (said) => process.stdout.write(`${JSON.stringify(said)}\n`))
  const complain = (said: object, text: string) => void process.stderr.write(`${text} ${JSON.stringify(said)}\n`)
  const log = { debug() {}, info() {}, warn: complain, error: complain } as never
  const job = jobs[process.argv[2] ?? '']
  const queue = createQueue({ databaseUrl: QUEUE_URL, jobs: job ? [job] : [], log, pace: { pollSeconds: 0.5, cronSeconds: 30 } })
  await queue.start()
}

import { randomUUID } from 'node:crypto'
import { type SendOptions as BossSendOptions, fromKysely, type JobWithMetadata, type KyselyTransactionLike, PgBoss } from 'pg-boss'
import { AppError } from '../../base/errors.ts'
import { sqlstateOf, translateSqlError } from '../database/sql-errors.ts'
import { type Tracing, untraced } from '../telemetry/tracing.ts'
import { connectQueue, type QueueLog } from './connection.ts'
import { queueErrors } from './errors.ts'
import { createInspection, type Inspection } from './inspection.ts'
import { type AnyJob, deadLetterQueueOf, type Job } from './job.ts'
import { runJob } from './run-job.ts'
import {
  bossOptions,
  deadLetterOptions,
  defaultPace,
  heartbeatRefreshSeconds,
  type Pace,
  queueOptions,
  scheduleOptions,
} from './settings.ts'

interface SendOptions {
  /** While a job of this key waits or runs, another is not taken up: `send` answers undefined. */
  singletonKey?: string
  startAfter?: Date
  /**
   * Sends with the caller's transaction: the job exists if and only if that commits. It must be one of the login
   * keyloft_auth; any other login has no rights on the queue, and the transaction is refused and must be rolled back.
   */
  db?: KyselyTransactionLike
}

export interface Queue extends Inspection {
  /** The names of those that are registered here. */
  readonly jobs: string[]
  /** Registers the jobs, keeps the schedules and begins to take jobs. */
  start(): Promise<void>
  /** Takes no more; running jobs get the signal and this time, and what then still runs is tried again elsewhere. */
  stop(options?: { timeoutMs?: number }): Promise<void>
  /** @returns the job's id, or undefined where one of the same singletonKey is under way */
  send<I>(job: Job<I>, input: NoInfer<I>, options?: SendOptions): Promise<string | undefined>
}

export interface QueueDependencies {
  /** Of the login keyloft_auth, past any transaction pooler. */
  databaseUrl: string
  jobs: readonly AnyJob[]
  log: QueueLog
  tracing?: Tracing
  pace?: Pace
}

const stopTimeoutMs = 5_000

/** Nothing dials before the first use. A process that only sends never calls `start`. */
export function createQueue({ databaseUrl, jobs, log, tracing = untraced, pace = defaultPace }: QueueDependencies): Queue {
  refuseTwins(jobs)
  const connection = connectQueue(databaseUrl, log)
  const boss = new PgBoss({ ...bossOptions(pace), db: connection })
  // pg-boss speaks of each failed round; while the database is away the connection has said so once.
  boss.on('error', ({ message }) => connection.isAway || log.error({ reason: message }, 'the job queue failed at something'))
  boss.on('warning', ({ message }) => log.warn({ reason: message }, 'the job queue warns')) // its data may quote rows
  const stopping = new AbortController()
  let registered: Promise<void> | undefined
  let stopped: Promise<void> | undefined

  const register = () => {
    registered ??= registerAll(boss, jobs).catch((error) => {
      registered = undefined // tried again by whoever comes next
      throw translateSqlError(error)
    })
    return registered
  }

  const windDown = async (timeoutMs: number) => {
    // pg-boss bounds its wait for jobs, and not its statements in a database that does not answer.
    const late = new Promise((resolve) => setTimeout(resolve, timeoutMs + 500).unref())
    await Promise.race([boss.stop({ timeout: timeoutMs }).catch(() => {}), late])
    await connection.end()
  }

  return {
    ...createInspection(connection, boss),
    jobs: jobs.map(({ name }) => name),

    async start() {
      try {
        await boss.start()
        await register()
        for (const job of jobs) await keepSchedule(boss, job)
        for (const job of jobs) {
          const options = {
            includeMetadata: true,
            perJobResults: true, // how an attempt ended is our answer, not what pg-boss makes of an error
            localConcurrency: job.concurrency,
            pollingIntervalSeconds: pace.pollSeconds,
            heartbeatRefreshSeconds,
          } as const
          await boss.work(job.name, options, (taken: JobWithMetadata[]) =>
            Promise.all(taken.map((one) => runJob(job, one, { connection, stopping: stopping.signal, log, tracing }))),
          )
        }
      } catch (error) {
        await boss.stop({ graceful: false }).catch(() => {})
        throw translateSqlError(error)
      }
    },

    stop({ timeoutMs = stopTimeoutMs } = {}) {
      stopping.abort()
      stopped ??= windDown(timeoutMs)
      return stopped
    },

    async send(job, input, { singletonKey, startAfter, db } = {}) {
      if (!jobs.includes(job)) throw queueErrors.unknown_job({ internal: job.name })
      const read = job.input.safeParse(input)
      if (!read.success) {
        const fields = read.error.issues.map(({ path }) => path.join('.') || '(itself)').join(', ')
        throw queueErrors.invalid_input({ internal: `${job.name}: ${fields}` })
      }
      await register()
      const options: BossSendOptions = { singletonKey: singletonKey ?? randomUUID() }
      if (startAfter) options.startAfter = startAfter
      if (db) options.db = fromKysely(db)
      try {
        return (await boss.send(job.name, input as object, options)) ?? undefined
      } catch (error) {
        if (db && isForbidden(error)) throw queueErrors.cannot_join({ cause: error })
        throw translateSqlError(error)
      }
    },
  }
}

function isForbidden(error: unknown): boolean {
  return sqlstateOf(error) === '42501' || (error as { code?: string }).code === 'database.forbidden'
}

function refuseTwins(jobs: readonly AnyJob[]) {
  const names = jobs.map(({ name }) => name)
  const twin = names.find((name, index) => names.indexOf(name) !== index)
  if (twin) throw new Error(`two jobs are called ${twin}`)
}

/** Safe from several processes at once: pg-boss makes a queue only once, and settings are written over with themselves. */
async function registerAll(boss: PgBoss, jobs: readonly AnyJob[]) {
  for (const job of jobs) {
    const deadLetter = deadLetterQueueOf(job.name)
    await boss.createQueue(deadLetter, deadLetterOptions)
    await boss.updateQueue(deadLetter, deadLetterOptions)
    const options = { ...queueOptions(job), deadLetter }
    await boss.createQueue(job.name, { ...options, policy: 'exclusive' })
    await boss.updateQueue(job.name, options)
  }
}

async function keepSchedule(boss: PgBoss, { name, schedule }: AnyJob) {
  if (schedule === undefined) return boss.unschedule(name)
  try {
    await boss.schedule(name, schedule, {}, scheduleOptions)
  } catch (error) {
    const ours = translateSqlError(error)
    throw ours instanceof AppError ? ours : new Error(`job ${name}: its schedule is no cron`, { cause: error })
  }
}

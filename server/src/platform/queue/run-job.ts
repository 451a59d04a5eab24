import type { JobResult, JobWithMetadata } from 'pg-boss'
import { AppError } from '../../base/errors.ts'
import { translateAnyError } from '../database/sql-errors.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import type { QueueConnection, QueueLog } from './connection.ts'
import type { AnyJob } from './job.ts'

export interface RunOptions {
  connection: QueueConnection
  /** Aborted when this process stops. */
  stopping: AbortSignal
  log: QueueLog
  tracing: Tracing
}

/** What is kept of a failure and shown to the operator. No stack, no cause, nothing of the input. */
interface Reason {
  code: string
  message: string
}

const longestMessage = 300

/** One attempt. Never throws: how it ended is the answer, and only what stands in it is written into the database. */
export async function runJob(job: AnyJob, taken: JobWithMetadata, { connection, stopping, log, tracing }: RunOptions): Promise<JobResult> {
  const { id, retryCount } = taken
  const said = { job: job.name, jobId: id, attempt: retryCount + 1 }
  if (stopping.aborted) return handBack(taken, connection)

  const input = job.input.safeParse(taken.data ?? {})
  if (!input.success) {
    const fields = input.error.issues.map(({ path }) => path.join('.') || '(itself)').join(', ')
    log.error({ ...said, fields }, 'a job has input of another form than it takes; it is a dead letter')
    // No retry would change that.
    return { id, status: 'deadletter', output: { code: 'queue.invalid_input', message: `Wrong fields: ${fields}.` } satisfies Reason }
  }
  const begun = performance.now()
  let ended = false // pg-boss aborts the signal of every attempt, when it is over at the latest
  taken.signal.addEventListener('abort', () => {
    if (!ended && !stopping.aborted) log.warn(said, 'a job ran out of time, or another process has taken it over')
  })
  try {
    const signal = AbortSignal.any([taken.signal, stopping])
    const attributes = { 'keyloft.job': job.name, 'keyloft.job_id': id, 'keyloft.attempt': retryCount + 1 }
    await tracing.traced(`job ${job.name}`, attributes, () => job.run(input.data, { signal, jobId: id, attempt: retryCount + 1 }))
    log.debug({ ...said, ms: Math.round(performance.now() - begun) }, 'a job is done')
    return { id, status: 'completed' }
  } catch (error) {
    if (stopping.aborted && !taken.signal.aborted) return handBack(taken, connection)
    const reason = reasonOf(error)
    const internal = error instanceof AppError ? error.internal : undefined
    if (retryCount < taken.retryLimit) log.warn({ ...said, ...reason, internal }, 'a job failed and will be tried again')
    else log.error({ ...said, ...reason, internal }, 'a job failed for good; it is a dead letter')
    return { id, status: 'failed', output: reason }
  } finally {
    ended = true
  }
}

function reasonOf(error: unknown): Reason {
  const ours = translateAnyError(error)
  if (ours instanceof AppError) return { code: ours.code, message: ours.message }
  if (ours instanceof Error) return { code: ours.name, message: ours.message.slice(0, longestMessage) }
  return { code: 'unknown', message: 'Something that is not an error was thrown.' }
}

/**
 * A job that a clean stop interrupts goes back at once and at no cost. The limit rises with the count, not the count
 * falls: the count tells attempts apart, so the answer below no longer fits the job and changes nothing.
 */
async function handBack({ id, name, retryCount }: JobWithMetadata, connection: QueueConnection): Promise<JobResult> {
  await connection
    .query(
      `update pgboss.job set state = 'retry', retry_limit = retry_limit + 1, start_after = now(), heartbeat_on = null
        where name = $1 and id = $2 and state = 'active' and retry_count = $3`,
      [name, id, retryCount],
    )
    .catch(() => {}) // then the answer counts, and costs an attempt
  return { id, status: 'failed', output: { code: 'queue.stopped', message: 'The process stopped.' } satisfies Reason }
}

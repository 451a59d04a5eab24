import { SetupError } from '../platform/database/setup-error.ts'
import type { Inspection } from '../platform/queue/inspection.ts'
import { createQueue } from '../platform/queue/queue.ts'
import type { Output } from './output.ts'
import { withDatabase } from './with-database.ts'

const time = (date: Date | null) => date?.toISOString().replace(/\.\d+Z$/, 'Z') ?? '-'

export async function list(output: Output, failed: boolean): Promise<void> {
  await withQueue('jobs list', async (queue) => {
    if (failed) {
      const deadLetters = await queue.deadLetters()
      output.result({ deadLetters }, [
        ...deadLetters.map(
          ({ id, job, attempts, failedAt, reason }) => `${id}  ${time(failedAt)}  ${job}  after ${count(attempts, 'attempt')}: ${reason}`,
        ),
        deadLetters.length === 0 ? 'No job has failed for good.' : 'Send them back: keyloft jobs retry <id>, or --all',
      ])
      return
    }
    const [queues, jobs] = [await queue.counts(), await queue.unfinished()]
    output.result({ queues, jobs }, [
      ...queues.map(
        ({ job, waiting, running, deadLetters, schedule }) =>
          `${job}  ${waiting} waiting, ${running} running, ${count(deadLetters, 'dead letter')}${schedule ? `, at ${schedule} UTC` : ''}`,
      ),
      ...jobs.map(
        ({ id, job, state, attempt, startsAfter }) =>
          `  ${id}  ${job}  ${state}, attempt ${attempt}${state === 'waiting' ? `, from ${time(startsAfter)}` : ''}`,
      ),
      ...(queues.length === 0 ? ['No process has worked on jobs yet.'] : []),
    ])
  })
}

export async function show(output: Output, id: string): Promise<void> {
  requireId(id)
  await withQueue('jobs show', async (queue) => {
    const job = await queue.find(id)
    if (!job) throw new SetupError(`There is no job ${id}.`, 'Finished jobs are kept for a day, dead letters for 90.')
    output.result({ job }, [
      `${job.job}  ${job.id}`,
      `  State     ${job.state}, attempt ${job.attempt}${job.attemptsLeft > 0 ? ` (${job.attemptsLeft} more)` : ''}`,
      `  Created   ${time(job.createdAt)}`,
      `  Started   ${time(job.startedAt)}`,
      `  Ended     ${time(job.endedAt)}`,
      ...(job.reason ? [`  Reason    ${job.reason}`] : []),
      ...Object.entries(job.input).map(([key, kind]) => `  Input     ${key}: ${kind}`),
    ])
  })
}

export async function retry(output: Output, id: string | undefined, all: boolean): Promise<void> {
  if ((id === undefined) === !all) throw new SetupError('Which one?', 'Name one dead letter, or say --all: keyloft jobs list --failed')
  if (id !== undefined) requireId(id)
  await withQueue('jobs retry', async (queue) => {
    const sentBack = await queue.retry(id === undefined ? 'all' : [id])
    if (id !== undefined && sentBack === 0) await explain(queue, id)
    output.result({ sentBack }, [`${count(sentBack, 'job')} sent back.`])
  })
}

async function explain(queue: Inspection, id: string): Promise<never> {
  const found = await queue.find(id)
  if (!found) throw new SetupError(`There is no job ${id}.`, 'keyloft jobs list --failed')
  if (found.state === 'dead letter')
    throw new SetupError(`A job of the same key as ${id} is under way.`, 'Try again when that has ended: keyloft jobs list')
  throw new SetupError(`Job ${id} is no dead letter (${found.state}).`, 'keyloft jobs list --failed')
}

function requireId(id: string) {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
    throw new SetupError(`${id} is not the id of a job.`, 'Ids are as `keyloft jobs list` shows them.')
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

async function withQueue(command: string, work: (queue: Inspection) => Promise<void>): Promise<void> {
  await withDatabase(command, async ({ logins }) => {
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const queue = createQueue({ databaseUrl: logins.keyloft_auth, jobs: [], log })
    try {
      await work(queue)
    } finally {
      await queue.stop()
    }
  })
}

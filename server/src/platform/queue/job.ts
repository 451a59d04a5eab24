import { z } from 'zod'

export interface JobContext {
  /** Aborted when the process stops, when the time is up, and when another process has taken the job over. */
  signal: AbortSignal
  jobId: string
  /** 1 for the first. */
  attempt: number
}

/**
 * What to do, as data. A job runs at least once: a process may die after the work and before the finish is written, so
 * `run` must bear being repeated. It ends once: only the newest attempt's finish is accepted.
 */
export interface Job<I> {
  readonly name: string
  /** Cron of five fields, in UTC. The input of a scheduled run is `{}`. */
  readonly schedule: string | undefined
  /** Attempts after the first, before the job becomes a dead letter. A killed process costs one, a clean stop none. */
  readonly retryLimit: number
  /** Before the first retry; doubles with each, with jitter, up to an hour. */
  readonly retryDelaySeconds: number
  /** How long one attempt may take, however alive its process is. */
  readonly expireSeconds: number
  /** At once in one process. */
  readonly concurrency: number
  readonly input: z.ZodType<I>
  readonly run: (input: I, context: JobContext) => Promise<void>
}

// biome-ignore lint/suspicious/noExplicitAny: a list holds jobs of every input; each checks its own
export type AnyJob = Job<any>

type Defaulted = 'schedule' | 'retryLimit' | 'retryDelaySeconds' | 'expireSeconds' | 'concurrency'

/** Numbers and names that pg-boss would take and do something else with are refused here, where they are written. */
const definition = z.object({
  name: z
    .string()
    .max(100)
    .regex(/^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$/, 'must read domain.verb-noun')
    .refine((name) => !isDeadLetterQueue(name), 'must not end in .dead'),
  schedule: z
    .string()
    .regex(/^\S+( \S+){4}$/, 'must be cron of five fields')
    .optional(),
  retryLimit: z.int().min(0).max(100).default(4),
  retryDelaySeconds: z.int().min(1).max(3_600).default(2),
  expireSeconds: z
    .int()
    .min(1)
    .max(24 * 60 * 60 - 1)
    .default(15 * 60),
  concurrency: z.int().min(1).max(100).default(1),
})

export function defineJob<I>(job: Omit<Job<I>, Defaulted> & Partial<Pick<Job<I>, Defaulted>>): Job<I> {
  const { input, run, ...rest } = job
  const read = definition.safeParse(rest)
  if (!read.success) throw new Error(`job ${job.name}: ${z.prettifyError(read.error)}`)
  const { schedule, ...numbers } = read.data
  if (schedule !== undefined && !input.safeParse({}).success) throw new Error(`job ${job.name}: a scheduled job must take {} as its input`)
  return Object.freeze({ ...numbers, schedule, input, run })
}

const deadLetterSuffix = '.dead'
export const deadLetterQueueOf = (name: string) => `${name}${deadLetterSuffix}`
const isDeadLetterQueue = (name: string) => name.endsWith(deadLetterSuffix)

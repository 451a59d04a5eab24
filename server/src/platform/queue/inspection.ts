import type { PgBoss } from 'pg-boss'
import type { QueueConnection } from './connection.ts'

interface QueueCounts {
  job: string
  waiting: number
  running: number
  deadLetters: number
  schedule: string | null
}

interface UnfinishedJob {
  id: string
  job: string
  state: 'waiting' | 'running'
  attempt: number
  createdAt: Date
  startsAfter: Date
}

interface DeadLetter {
  /** The id that `send` gave and the log names. */
  id: string
  job: string
  attempts: number
  createdAt: Date
  failedAt: Date
  reason: string
}

interface JobDetails extends Omit<UnfinishedJob, 'state'> {
  state: 'waiting' | 'running' | 'done' | 'dead letter' | 'failed'
  attemptsLeft: number
  startedAt: Date | null
  endedAt: Date | null
  reason: string | null
  /** Each key of the input and what kind of value it has; never the value. */
  input: Record<string, string>
}

export interface Inspection {
  counts(): Promise<QueueCounts[]>
  unfinished(options?: { limit?: number }): Promise<UnfinishedJob[]>
  deadLetters(options?: { limit?: number }): Promise<DeadLetter[]>
  find(id: string): Promise<JobDetails | undefined>
  /** Sends dead letters back to their queues as new jobs with all their attempts. @returns how many */
  retry(which: readonly string[] | 'all'): Promise<number>
}

const most = 100
const batch = 1_000

const reasonIn = (column: string) =>
  `coalesce(${column} ->> 'message', ${column} -> 'value' ->> 'message', ${column} ->> 'value', ${column} ->> 'code')`
const ofOurs = `name not like '\\_\\_pgboss%'`
const isDead = `name like '%.dead' and state <> 'active' and source_id is not null`

export function createInspection(connection: QueueConnection, boss: PgBoss): Inspection {
  return {
    counts: () =>
      connection.query<QueueCounts>(
        `select name as job,
                (select count(*)::int from pgboss.job where job.name = queue.name and state < 'active') as waiting,
                (select count(*)::int from pgboss.job where job.name = queue.name and state = 'active') as running,
                (select count(*)::int from pgboss.job where job.name = queue.dead_letter) as "deadLetters",
                (select cron from pgboss.schedule where schedule.name = queue.name limit 1) as schedule
           from pgboss.queue
          where ${ofOurs} and name not like '%.dead'
          order by name`,
      ),

    unfinished: ({ limit = most } = {}) =>
      connection.query<UnfinishedJob>(
        `select id, name as job, case when state = 'active' then 'running' else 'waiting' end as state,
                retry_count + case when state = 'retry' then 2 else 1 end as attempt,
                created_on as "createdAt", start_after as "startsAfter"
           from pgboss.job
          where state <= 'active' and ${ofOurs} and name not like '%.dead'
          order by created_on desc limit $1`,
        [limit],
      ),

    deadLetters: ({ limit = most } = {}) =>
      connection.query<DeadLetter>(
        `select source_id as id, source_name as job, source_retry_count + 1 as attempts,
                source_created_on as "createdAt", created_on as "failedAt", ${reasonIn('source_output')} as reason
           from pgboss.job where ${isDead}
          order by created_on desc limit $1`,
        [limit],
      ),

    async find(id) {
      const [found] = await connection.query<JobDetails>(
        `select coalesce(source_id, id) as id, coalesce(source_name, name) as job,
                case when ${isDead} then 'dead letter' when state = 'active' then 'running' when state < 'active' then 'waiting'
                     when state = 'completed' then 'done' else 'failed' end as state,
                coalesce(source_retry_count, retry_count) + case when state = 'retry' then 2 else 1 end as attempt,
                case when state <= 'active' and source_id is null then retry_limit - retry_count else 0 end as "attemptsLeft",
                coalesce(source_created_on, created_on) as "createdAt", start_after as "startsAfter", started_on as "startedAt",
                case when ${isDead} then created_on else completed_on end as "endedAt",
                coalesce(${reasonIn('source_output')}, ${reasonIn('output')}) as reason,
                coalesce((select jsonb_object_agg(key, case jsonb_typeof(value)
                                   when 'string' then 'text of ' || length(value #>> '{}')
                                   when 'array' then 'list of ' || jsonb_array_length(value)
                                   else jsonb_typeof(value) end)
                            from jsonb_each(case when jsonb_typeof(data) = 'object' then data else '{}' end)), '{}') as input
           from pgboss.job
          where id = $1 or source_id = $1
          order by ${isDead} desc limit 1`,
        [id],
      )
      return found
    },

    async retry(which) {
      const rows = await connection.query<{ queue: string; ids: string[] }>(
        `select name as queue, array_agg(id) as ids
           from pgboss.job where ${isDead} and ($1::uuid[] is null or source_id = any($1) or id = any($1))
          group by name`,
        [which === 'all' ? null : which],
      )
      let moved = 0
      for (const { queue, ids } of rows) {
        for (let from = 0; from < ids.length; from += batch) {
          const some = ids.slice(from, from + batch)
          await boss.retry(queue, some) // one whose twin was under way last time is marked as failed, and would be left out
          moved += await boss.redrive(queue, { ids: some, limit: batch })
        }
      }
      return moved
    },
  }
}

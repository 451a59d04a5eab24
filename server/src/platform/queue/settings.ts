import type { ConstructorOptions, QueueOptions, ScheduleOptions } from 'pg-boss'
import type { AnyJob } from './job.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/**
 * A running job's process says every 3 s that it lives. After 15 s of silence the job is somebody else's, which a
 * look every 5 s finds: a killed process is noticed within 20 s, and a live one has five chances before it counts as
 * dead. A job's own time limit (expireSeconds) is for work that hangs in a live process.
 */
const heartbeatSeconds = 15
export const heartbeatRefreshSeconds = 3
const superviseSeconds = 5

/** How often this process looks for work. Tests look more often. */
export interface Pace {
  pollSeconds: number
  cronSeconds: number
}
export const defaultPace: Pace = { pollSeconds: 2, cronSeconds: 30 }

export function bossOptions({ cronSeconds }: Pace): ConstructorOptions {
  return {
    migrate: false, // the schema is our migration's
    createSchema: false,
    persistQueueStats: false, // would make a partition a day
    persistWarnings: false,
    reindex: false, // keyloft_auth does not own the indexes
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    maintenanceIntervalSeconds: hour,
    cronMonitorIntervalSeconds: cronSeconds,
    cronWorkerIntervalSeconds: Math.min(5, cronSeconds),
  }
}

export function queueOptions(job: AnyJob): QueueOptions {
  return {
    retryLimit: job.retryLimit,
    retryDelay: job.retryDelaySeconds,
    retryBackoff: true,
    retryDelayMax: hour,
    expireInSeconds: job.expireSeconds,
    heartbeatSeconds,
    retentionSeconds: 14 * day,
    deleteAfterSeconds: day,
  }
}

/** Nobody takes jobs from it; an operator sends them back (`keyloft jobs retry`), or they go after this time. */
export const deadLetterOptions: QueueOptions = { retentionSeconds: 90 * day, deleteAfterSeconds: 90 * day }

/** What was due while no process ran is done once. A run does not begin while the one before it still runs or waits. */
export const scheduleOptions: ScheduleOptions = { tz: 'UTC', missed: 'once', singletonKey: 'schedule' }

import type { Logger } from 'pino'
import { forgetExpired } from './domains/identity/forget-expired.ts'
import { ledgerJobs } from './domains/ledger/jobs.ts'
import { providerObjectJobs } from './domains/provider-objects/provider-objects.ts'
import { eraseAccounts } from './domains/settings/erase-accounts.ts'
import { dropOldMonths } from './domains/usage/jobs.ts'
import type { Database } from './platform/database/database.ts'
import { directUrlOf } from './platform/database/direct-url.ts'
import type { LoginUrls } from './platform/database/logins.ts'
import { forgetOldRequests } from './platform/http/forget-old-requests.ts'
import type { AnyJob } from './platform/queue/job.ts'
import { createQueue, type Queue } from './platform/queue/queue.ts'
import type { Metrics } from './platform/telemetry/metrics.ts'
import type { Tracing } from './platform/telemetry/tracing.ts'

export interface JobsOptions {
  logins: LoginUrls
  directUrl: string | undefined
  database: Pick<Database, 'pools' | 'system'>
  log: Logger
  tracing: Tracing
  metrics?: Metrics
  keepUsageMonths: number | undefined
  /** False in a process that only sends. */
  works: boolean
}

/** Every domain's jobs: the one place that registers them. */
function allJobs({ database, metrics, keepUsageMonths }: JobsOptions): AnyJob[] {
  return [
    forgetExpired(database.pools.auth),
    forgetOldRequests(database),
    ...ledgerJobs(database, metrics),
    dropOldMonths(database, keepUsageMonths),
    eraseAccounts(database),
    ...providerObjectJobs(database),
  ]
}

/** The queue of this process, working where it is to work. Who starts it stops it, before the pools that jobs use. */
export async function startJobs(options: JobsOptions): Promise<Queue> {
  const { logins, directUrl, log, tracing, works } = options
  const queue = createQueue({ databaseUrl: directUrlOf(logins.keyloft_auth, directUrl), jobs: allJobs(options), log, tracing })
  if (!works) return queue
  try {
    await queue.start()
    return queue
  } catch (error) {
    await queue.stop()
    throw error
  }
}

import type { Logger } from 'pino'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { Ledger } from './ledger.ts'

const sizes = [1, 2, 5, 10, 25, 50, 100, 250, 500]

/** What the ledger of this process does, for /metrics. */
export function measureLedger(ledger: Pick<Ledger, 'watch'>, metrics: Pick<Metrics, 'counter' | 'timer'>, log: Pick<Logger, 'error'>) {
  const durations = metrics.timer('ledger_flush_seconds', 'From sending a batch of calls to its commit.', ['lane'])
  const flushed = metrics.timer('ledger_flush_calls', 'Calls in a batch.', ['lane'], sizes)
  const lowered = metrics.counter('ledger_lowered_total', 'Calls that had been presumed lost and were heard of late.', [])
  const posts = metrics.counter('ledger_posts_total', 'Times that ended calls were posted to the books, by how it went: done or failed.', [
    'outcome',
  ])
  const faulty = metrics.counter(
    'ledger_faulty_total',
    'Ended calls that could not be posted, and wait in keyloft.journal for somebody to look at them.',
    [],
  )
  const reservations = metrics.counter('quota_reservations_total', 'Calls for which hard limits were asked, and that were let pass.', [])
  const refusals = metrics.counter('quota_refusals_total', 'Calls that a hard limit refused.', ['reason', 'type', 'set_by', 'limits'])
  ledger.watch({
    flushed(lane, calls, seconds) {
      durations.of({ lane }).observe(seconds)
      flushed.of({ lane }).observe(calls)
    },
    posted({ lowered: late, faulty: aside }) {
      lowered.of({}).add(late)
      faulty.of({}).add(aside)
      posts.of({ outcome: 'done' }).add()
    },
    failedToPost(error) {
      posts.of({ outcome: 'failed' }).add()
      log.error({ err: error }, 'what was noted was not posted to the books')
    },
    reserved: () => reservations.of({}).add(),
    refused({ type = 'unknown', setBy = 'unknown', limits = 'unknown', resetsAt }) {
      refusals.of({ reason: resetsAt === undefined ? 'unbounded' : 'over', type, set_by: setBy, limits }).add()
    },
  })
}

import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { Ledger } from './ledger.ts'

const sizes = [1, 2, 5, 10, 25, 50, 100, 250, 500]

/** What the ledger of this process does, for /metrics. */
export function measureLedger(ledger: Pick<Ledger, 'watch'>, metrics: Pick<Metrics, 'counter' | 'timer'>) {
  const durations = metrics.timer('ledger_flush_seconds', 'From sending a batch of calls to its commit.', ['lane'])
  const flushed = metrics.timer('ledger_flush_calls', 'Calls in a batch.', ['lane'], sizes)
  const lowered = metrics.counter('ledger_lowered_total', 'Calls that had been presumed lost and were heard of late.', [])
  const reservations = metrics.counter('quota_reservations_total', 'Calls for which hard limits were asked, and that were let pass.', [])
  const refusals = metrics.counter('quota_refusals_total', 'Calls that a hard limit refused.', ['reason', 'type', 'set_by', 'limits'])
  ledger.watch({
    flushed(lane, calls, seconds) {
      durations.of({ lane }).observe(seconds)
      flushed.of({ lane }).observe(calls)
    },
    lowered: () => lowered.of({}).add(),
    reserved: () => reservations.of({}).add(),
    refused({ type = 'unknown', setBy = 'unknown', limits = 'unknown', resetsAt }) {
      refusals.of({ reason: resetsAt === undefined ? 'unbounded' : 'over', type, set_by: setBy, limits }).add()
    },
  })
}

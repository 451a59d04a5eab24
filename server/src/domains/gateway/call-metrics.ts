import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { Count, Spread } from '../../platform/telemetry/series.ts'
import type { Call, Outcome } from '../ledger/call.ts'

/** In seconds: an answer takes from a moment to many minutes. */
const bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

/** Tells of a call that has ended. @param streamed its answer came as a stream */
export type ObserveCall = (call: Call, outcome: Outcome, streamed: boolean) => void

interface Rows {
  readonly ended: Readonly<Record<Outcome['outcome'], Count>>
  readonly duration: Spread
  readonly firstToken: Spread
}

/** Calls to providers as the ledger has them: one for each key that was tried. Rows are kept, so that a call makes no text. */
export function createCallMetrics(metrics: Pick<Metrics, 'counter' | 'timer'>): ObserveCall {
  const requests = metrics.counter('gateway_requests_total', 'Calls to providers that have ended, and how.', [
    'operation',
    'provider',
    'outcome',
  ])
  const labels = ['operation', 'provider'] as const
  const duration = metrics.timer('gateway_call_duration_seconds', 'From the request to the last byte of the answer.', labels, bounds)
  const first = metrics.timer('gateway_first_token_seconds', 'From the request to the first bytes of a stream.', labels, bounds)
  const rows = new Map<string, Map<string, Rows>>()

  function rowsOf({ operation, provider }: Call): Rows {
    const known = rows.get(provider)?.get(operation)
    if (known) return known
    const ended = (outcome: Outcome['outcome']) => requests.of({ operation, provider, outcome })
    const made: Rows = {
      ended: { completed: ended('completed'), failed: ended('failed'), aborted: ended('aborted') },
      duration: duration.of({ operation, provider }),
      firstToken: first.of({ operation, provider }),
    }
    const ofProvider = rows.get(provider) ?? new Map<string, Rows>()
    rows.set(provider, ofProvider.set(operation, made))
    return made
  }

  return (call, { outcome, endedAtMs, firstByteMs }, streamed) => {
    const { ended, duration, firstToken } = rowsOf(call)
    ended[outcome].add()
    duration.observe((endedAtMs - call.startedAtMs) / 1_000)
    if (streamed && firstByteMs !== undefined) firstToken.observe(firstByteMs / 1_000)
  }
}

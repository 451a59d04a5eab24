import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import type { AppError } from '../../base/errors.ts'
import type { Finding } from './breaker.ts'
import type { Limits } from './limits.ts'

/** What to do after an attempt that brought no answer which should be passed on. */
export type Judgement =
  /** The same again, after a pause. */
  | { kind: 'retry'; afterMs: number; status?: number }
  /** The next candidate. */
  | { kind: 'move on'; status?: number }
  | { kind: 'give up'; status?: number }

export interface May {
  mayRetry: boolean
  mayMove: boolean
}

/**
 * A provider that is busy or failing is tried once more, if the pause it asks for is short; then comes the next
 * candidate; and where there is none, its own words go to the client. A refusal of the key or of the request is an
 * answer: another key must not pay for it in silence.
 */
export function judgeAnswer(
  status: number,
  headers: IncomingHttpHeaders,
  { mayRetry, mayMove }: May,
  limits: Limits,
  clock: Clock,
): { judgement: Judgement | 'pass on'; finding: Finding } {
  const isBusy = status === 429 || status === 408
  if (!isBusy && status < 500) return { judgement: 'pass on', finding: { kind: 'works' } }
  const pauseMs = readPause(headers, clock)
  const isLong = pauseMs !== undefined && pauseMs > limits.longestWaitMs
  const finding: Finding = isLong ? { kind: 'asks for a pause', ms: pauseMs } : { kind: isBusy ? 'works' : 'fails' }
  if (mayRetry && !isLong && headers['x-should-retry'] !== 'false') {
    return { judgement: { kind: 'retry', afterMs: pauseMs ?? jittered(limits.backoffMs), status }, finding }
  }
  return { judgement: mayMove ? { kind: 'move on', status } : 'pass on', finding }
}

/** Nothing came of it. What may have been worked on is not asked for again; a connection that never was, is. */
export function judgeFailure(error: AppError, { mayRetry, mayMove }: May, limits: Limits): Judgement {
  const hungUp = error.code === 'gateway.unreachable'
  if (mayRetry && hungUp) return { kind: 'retry', afterMs: jittered(limits.backoffMs / 4) }
  return mayMove ? { kind: 'move on' } : { kind: 'give up' }
}

/** In milliseconds, in seconds, or as a date. */
function readPause(headers: IncomingHttpHeaders, clock: Clock): number | undefined {
  const { 'retry-after-ms': inMs, 'retry-after': text } = headers
  if (typeof inMs === 'string' && /^\d{1,8}(\.\d+)?$/.test(inMs)) return Number(inMs)
  if (text === undefined) return undefined
  if (/^\d{1,6}(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock())
}

const jittered = (ms: number) => ms * (0.75 + Math.random() / 2)

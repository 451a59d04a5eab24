import type { Egress } from '../egress/egress.ts'

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** What a piece of work may say of itself while it runs. */
interface Span {
  set(attributes: Attributes): void
}

/**
 * Runs the work as a span beneath the one it runs in. Names and keys are constants of ours (`providers.resolve`);
 * values are ids, counts and codes, never what somebody sent. Of an error only its code is kept.
 */
export type Traced = <T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>) => Promise<T>

/** A span that ends elsewhere than it begins. */
export interface OpenSpan extends Span {
  /** Whatever is traced in there lies beneath it. */
  enclose<T>(work: () => T): T
  end(outcome: { failed: boolean }): void
}

export interface Tracing {
  readonly traced: Traced
  /** Begins a request's span, in the caller's trace where a `traceparent` names one. Absent while tracing is off. */
  readonly openRequest?: (name: string, traceparent?: string) => OpenSpan
  /** Sends what has not been sent yet, for as long as there is time. */
  close(withinMs: number): Promise<void>
}

export interface TracingSettings {
  /** Where an OTLP receiver takes traces. */
  readonly url: string
  readonly format: 'protobuf' | 'json'
  /** May hold a credential. */
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
}

export interface TracingDependencies {
  egress: Pick<Egress, 'namedByOperator' | 'request'>
  version: string
  onProblem: (message: string) => void
}

const silent: Span = { set() {} }

export const untraced: Tracing = { traced: (_name, _attributes, work) => work(silent), close: async () => {} }

/** Nothing of OpenTelemetry is loaded unless somebody receives it. */
export async function createTracing(settings: TracingSettings | undefined, dependencies: TracingDependencies): Promise<Tracing> {
  if (!settings) return untraced
  const { startTracing } = await import('./open-telemetry.ts')
  return startTracing(settings, dependencies)
}

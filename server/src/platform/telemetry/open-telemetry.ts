import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, type Span as OtelSpan, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { AppError } from '../../base/errors.ts'
import { createExporter } from './exporter.ts'
import { redact } from './log.ts'
import type { Attributes, OpenSpan, Traced, Tracing, TracingDependencies, TracingSettings } from './tracing.ts'

/**
 * Loaded when tracing is on, and not before. Nothing is registered globally: a library that would trace by itself, and
 * put statements or addresses into its spans, finds nobody to tell.
 */
export function startTracing(settings: TracingSettings, { egress, version, onProblem }: TracingDependencies): Tracing {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': settings.serviceName, 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor({ exporter: createExporter(settings, egress, onProblem) })],
    spanLimits: { attributeValueLengthLimit: 1_000 },
  })
  const tracer = provider.getTracer('keyloft', version)
  const contexts = new AsyncLocalStorage<Context>()

  const traced: Traced = async (name, attributes, work) => {
    const parent = contexts.getStore() ?? ROOT_CONTEXT
    const span = tracer.startSpan(name, { attributes: cleaned(attributes) }, parent)
    try {
      return await contexts.run(trace.setSpan(parent, span), () => work({ set: (more) => void span.setAttributes(cleaned(more)) }))
    } catch (error) {
      fail(span, error)
      throw error
    } finally {
      span.end()
    }
  }

  return {
    traced,
    openRequest(name, traceparent) {
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, parentOf(traceparent))
      const context = trace.setSpan(ROOT_CONTEXT, span)
      const open: OpenSpan = {
        set: (attributes) => void span.setAttributes(cleaned(attributes)),
        enclose: (work) => contexts.run(context, work),
        end({ failed }) {
          if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
          span.end()
        },
      }
      return open
    },
    // That the last spans found nobody was said already.
    close: (withinMs) => Promise.race([provider.shutdown().catch(() => {}), sleep(Math.max(0, withinMs), undefined, { ref: false })]),
  }
}

function parentOf(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? null : parseTraceParent(traceparent)
  return parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT
}

/** A message may quote what somebody sent; a code cannot. */
function fail(span: OtelSpan, error: unknown) {
  span.setAttributes({ 'error.type': error instanceof AppError ? error.code : error instanceof Error ? error.name : 'unknown' })
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** The second net, as in the log: an id that a caller chose may be their key. */
function cleaned(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]))
}

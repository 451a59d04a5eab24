import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OpenSpan, Tracing } from '../telemetry/tracing.ts'

/**
 * A span for each request: method, the route's pattern, status, request id. Neither the address nor a header or body,
 * since keys and people stand in them. Without an exporter there is no hook.
 */
export function traceRequests(app: FastifyInstance, { openRequest }: Tracing) {
  if (!openRequest) return
  const spans = new WeakMap<FastifyRequest, OpenSpan>()

  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? 'unknown'
    const { traceparent } = request.headers
    const span = openRequest(`${request.method} ${route}`, typeof traceparent === 'string' ? traceparent : undefined)
    span.set({ 'http.request.method': request.method, 'http.route': route, 'keyloft.request_id': request.id })
    spans.set(request, span)
    span.enclose(done)
  })
  // A body arrives outside of what the first hook enclosed.
  app.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request)
    if (span) span.enclose(done)
    else done()
  })
  const end = (request: FastifyRequest, status: number | undefined) => {
    const span = spans.get(request)
    spans.delete(request)
    span?.set(status === undefined ? { 'keyloft.aborted': true } : { 'http.response.status_code': status })
    span?.end({ failed: status === undefined || status >= 500 })
  }
  app.addHook('onResponse', async (request, reply) => end(request, reply.statusCode))
  app.addHook('onRequestAbort', async (request) => end(request, undefined))
}

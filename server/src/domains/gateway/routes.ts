import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { type MakeCallDeps, makeCall, refusalsOfCalls } from './make-call.ts'
import type { Operation } from './operations/operation.ts'
import { operations } from './operations/operations.ts'
import type { FindProvider } from './ports.ts'
import { proxyRoutes } from './proxy.ts'

export function gatewayRoutes(deps: MakeCallDeps & { findProvider: FindProvider }): Route[] {
  const served = operations.flatMap((operation: Operation) => {
    const { path, alsoAt } = operation
    return [path, ...(alsoAt ? [alsoAt] : [])].map((at) => routeOf(operation, at, deps))
  })
  return [...served, ...proxyRoutes(deps)]
}

function routeOf(operation: Operation, path: string, deps: MakeCallDeps): Route {
  const { method, dialect, summary, params, body, reply, takes, stream } = operation
  const isForm = takes === 'form'
  return defineRoute({
    method,
    path,
    policy: { allow: 'user', scope: 'calls' },
    takes: isForm ? 'stream' : 'bytes',
    bodyLimitBytes: isForm ? deps.limits.uploadBytes : deps.limits.bodyBytes,
    errorForm: dialect.errorForm,
    schema: {
      summary,
      ...(params ? { params } : {}),
      ...(body ? { body } : {}),
      ...(isForm ? { consumes: ['multipart/form-data'] } : {}),
      reply,
      ...(stream ? { produces: ['application/json', 'text/event-stream'] } : {}),
      refusals: [...refusalsOfCalls, ...(path.includes(':id') ? [404] : [])],
    },
    handler: (asking) => makeCall(deps, asking, operation),
  })
}

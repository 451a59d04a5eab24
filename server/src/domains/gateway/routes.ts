import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { type MakeCallDeps, makeCall, refusalsOfCalls } from './make-call.ts'
import type { Operation } from './operations/operation.ts'
import { operations } from './operations/operations.ts'
import type { FindProvider } from './ports.ts'
import { proxyRoutes } from './proxy.ts'

export function gatewayRoutes(deps: MakeCallDeps & { findProvider: FindProvider }): Route[] {
  return [...operations.map((operation) => routeOf(operation, deps)), ...proxyRoutes(deps)]
}

function routeOf(operation: Operation, deps: MakeCallDeps): Route {
  const { method, path, dialect, summary, params, body, reply, takes } = operation
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
      refusals: [...refusalsOfCalls, ...(path.includes(':id') ? [404] : [])],
    },
    handler: (asking) => makeCall(deps, asking, operation),
  })
}

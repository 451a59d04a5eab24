import { defineRoute, type Route, takenOver } from '../../platform/http/define-route.ts'
import { readJsonRequest } from './json-request.ts'
import type { Operation } from './operations/operation.ts'
import { type OperationName, operations } from './operations/operations.ts'
import { type PlaceCallDeps, PlacedCall } from './place-call.ts'
import type { Resolve } from './ports.ts'

export function gatewayRoutes(resolve: Resolve, deps: PlaceCallDeps): Route[] {
  return operations.map((operation) => routeOf(operation, resolve, deps))
}

function routeOf(operation: Operation<OperationName>, resolve: Resolve, deps: PlaceCallDeps): Route {
  const { method, path, dialect, summary, body, reply } = operation
  return defineRoute({
    method,
    path,
    policy: { allow: 'user', scope: 'calls' },
    takesBytes: true,
    bodyLimitBytes: deps.limits.bodyBytes,
    errorForm: dialect.errorForm,
    schema: { summary, body, reply, refusals: [422] },
    async handler({ principal, bytes, request: { id, headers }, reply }) {
      const request = readJsonRequest(bytes, operation.request)
      const resolved = await resolve(principal, { model: request.model, protocol: operation.name })
      const call = new PlacedCall(deps, {
        principal,
        requestId: id,
        operation,
        headers,
        request,
        response: reply.raw,
        ownHeaders: ownHeaders(reply.getHeaders(), id),
        takeOver: () => void reply.hijack(),
      })
      await call.place(resolved)
      return takenOver
    },
  })
}

/** What the server set for every reply. A provider has a request id of its own, and its clients look for that. */
function ownHeaders(set: Record<string, unknown>, requestId: string): string[] {
  const headers = ['x-keyloft-request-id', requestId, 'x-content-type-options', 'nosniff']
  for (const name in set) headers.push(name, String(set[name]))
  return headers
}

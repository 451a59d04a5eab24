import { z } from 'zod'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { bodiless, type CallRequest } from './call-request.ts'
import { anthropic, openAi } from './dialects.ts'
import { gatewayErrors } from './errors.ts'
import { type Asking, type MakeCallDeps, makeCall, place, refusalsOfCalls } from './make-call.ts'
import type { Operation } from './operations/operation.ts'
import { operations } from './operations/operations.ts'
import { passed } from './operations/schemas.ts'
import type { Callable, FindProvider } from './ports.ts'
import { passedQuery, proxiedPath } from './proxied-address.ts'
import { Upload } from './upload.ts'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
type Method = (typeof methods)[number]

type Deps = MakeCallDeps & { findProvider: FindProvider }

/**
 * Everything else that a provider offers. What is one of our operations is treated as that one, at this provider; the
 * rest is reached with a key of the caller's own alone: with the server's it would open what others keep there.
 */
export function proxyRoutes(deps: Deps): Route[] {
  return methods.map((method) =>
    defineRoute({
      method,
      path: '/proxy/:provider/*',
      policy: { allow: 'user', scope: 'calls' },
      takes: 'stream',
      errorForm: openAi.errorForm,
      schema: {
        summary: 'Anything else that a provider offers, beneath its base URL',
        params: z.object({ provider: z.string(), '*': z.string() }),
        reply: passed,
        refusals: [404, ...refusalsOfCalls, ...(method === 'GET' ? [] : [413])],
      },
      handler: (asking) => proxy(deps, asking, method, asking.params.provider),
    }),
  )
}

async function proxy(deps: Deps, asking: Asking, method: Method, name: string): Promise<never> {
  const provider = deps.findProvider(name)
  if (provider?.baseUrl === undefined) throw gatewayErrors.unknown_provider()
  const { raw } = asking.request
  const path = proxiedPath(raw.url ?? '')
  const known = operationAt(provider, method, path, raw.headers['content-type'])
  if (known) {
    const bytes = known.operation.takes === 'json' ? await new Upload(raw, { mostBytes: deps.limits.bodyBytes }).bytes() : asking.bytes
    return makeCall(deps, { ...asking, bytes, params: { model: known.model } }, known.operation, provider.id)
  }
  if (provider.isPrivate) throw gatewayErrors.path_refused(onlyCalls)
  const wanted = {
    model: undefined,
    suffix: path + passedQuery(raw.url ?? ''),
    provider: provider.id,
    needsOwnKey: true,
    isModelFree: true,
  }
  const headers = [...openAi.headers, ...anthropic.headers]
  return place(deps, asking, wanted, {
    method,
    request: throughRequest(asking, deps.limits.uploadBytes),
    operation: { name: 'proxy', headers, ...(method === 'GET' ? { isFree: true } : {}) },
  })
}

/** Whoever signed up can keep "a key" for such a host, and what else it offers may ask for none. */
const onlyCalls = { message: 'This provider is reached for calls alone.', hint: 'Use the paths of OpenAI’s API that are served here.' }

interface Known {
  operation: Operation
  model?: string
}

function operationAt({ paths = {} }: Callable, method: Method, path: string, contentType = ''): Known | undefined {
  for (const operation of operations as readonly Operation[]) {
    const { protocol, suffix = '', takes } = operation
    const base = paths[protocol]
    if (operation.method !== method || base === undefined || suffix.includes(':id')) continue
    if (takes === 'json' && !contentType.startsWith('application/json')) continue
    const [before = '', after] = (base + suffix).split('{model}')
    if (after === undefined) {
      if (path === before) return { operation }
      continue
    }
    const model = path.startsWith(before) && path.endsWith(after) ? path.slice(before.length, path.length - after.length) : ''
    if (/^[A-Za-z0-9._-]{1,200}$/.test(model)) return { operation, model }
  }
  return undefined
}

function throughRequest({ request: { raw } }: Asking, mostBytes: number): CallRequest {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-type': contentType } = raw.headers
  if (length === undefined && coding === undefined) return bodiless()
  const upload = new Upload(raw, { mostBytes })
  const asked = { inputBytes: upload.lengthBytes ?? mostBytes, hasMedia: true }
  return { ...bodiless(), asked, text: undefined, contentType, upload, rewritten: () => upload.stream() }
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AppError } from '../../base/errors.ts'
import type { Principal } from '../../base/principal.ts'
import type { Traced } from '../../platform/telemetry/tracing.ts'
import { bodiless, type CallRequest } from './call-request.ts'
import { gatewayErrors } from './errors.ts'
import { readFormRequest } from './form-request.ts'
import { readJsonRequest } from './json-request.ts'
import type { Operation } from './operations/operation.ts'
import { type Incoming, type PlaceCallDeps, PlacedCall } from './place-call.ts'
import type { Objects, Resolve, Resolved, Wanted } from './ports.ts'
import { passedQuery } from './proxied-address.ts'
import type { CallShape } from './relay.ts'

export interface MakeCallDeps extends PlaceCallDeps {
  resolve: Resolve
  traced?: Traced | undefined
}

/** No key may or can serve it; a limit; and what becomes of calls. */
export const refusalsOfCalls = [422, 429, 502, 503, 504] as const

/** A request, as a route is given it. */
export interface Asking {
  principal: Principal
  bytes: Buffer
  params: unknown
  request: FastifyRequest
  reply: FastifyReply
}

interface Params {
  id?: string
  model?: string
}

/** @param provider the only one that will do */
export function makeCall(deps: MakeCallDeps, asking: Asking, operation: Operation, provider?: string): Promise<never> {
  const reading = readRequest(operation, asking, deps)
  if (!(reading instanceof Promise)) return makeRead(deps, asking, operation, reading, provider)
  return reading.then((request) => makeRead(deps, asking, operation, request, provider))
}

function makeRead(
  deps: MakeCallDeps,
  asking: Asking,
  operation: Operation,
  request: CallRequest,
  provider: string | undefined,
): Promise<never> {
  const params = (asking.params ?? {}) as Params
  const query = operation.passesQuery ? passedQuery(asking.request.raw.url ?? '', { isMetered: !operation.isFree }) : ''
  const path = operation.suffix ?? ''
  const suffix = params.id === undefined ? path + query : path.replace(':id', params.id) + query
  const wanted = {
    model: request.model,
    protocol: operation.protocol,
    suffix,
    provider,
    needsOwnKey: operation.needsOwnKey ?? request.isDetached,
    isModelFree: request.model === undefined,
    ...(request.namesOtherModels ? { namesOtherModels: true } : {}),
  }
  const pointers = params.id === undefined ? request.pointsTo : [params.id]
  const call = { method: operation.method, request, operation: shapeOf(operation) }
  if (pointers === undefined) return place(deps, asking, wanted, call)
  return placeFollowing(deps, asking, wanted, call, pointers)
}

async function placeFollowing(deps: MakeCallDeps, asking: Asking, wanted: Wanted, call: Made, pointers: readonly string[]): Promise<never> {
  const all = await Promise.all(pointers.map((id) => deps.objects.find(asking.principal.claims.sub ?? '', id)))
  const followed = all.reduce<Wanted>((before, made) => follow(made, before), wanted)
  try {
    return await place(deps, asking, followed, call)
  } catch (error) {
    throw all.includes(undefined) && (error as AppError).status === 422 ? gatewayErrors.unknown_object() : error
  }
}

const shapes = new WeakMap<Operation, CallShape>()

function shapeOf(operation: Operation): CallShape {
  const shape = shapes.get(operation) ?? { ...operation, headers: operation.dialect.headers }
  shapes.set(operation, shape)
  return shape
}

/** What a call is, of all that is known of one that comes in. */
type Made = Pick<Incoming, 'method' | 'request' | 'operation'>

/** Resolves the call, and makes it. */
export function place(deps: MakeCallDeps, asking: Asking, wanted: Wanted, call: Made): Promise<never> {
  return deps.traced ? placeTraced(deps.traced, deps, asking, wanted, call) : placeNow(deps, asking, wanted, call)
}

/** The span lasts until the call is over, which is after its answer has begun to leave. */
function placeTraced(traced: Traced, deps: MakeCallDeps, asking: Asking, wanted: Wanted, call: Made): Promise<never> {
  const { promise, resolve, reject } = Promise.withResolvers<never>()
  const made = traced('gateway.call', { 'keyloft.operation': call.operation.name }, async (span) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const left = await placeNow(deps, asking, wanted, call, end)
    resolve(left)
    await ended
    span.set({ 'http.response.status_code': asking.reply.raw.statusCode })
  })
  made.catch(reject)
  return promise
}

function placeNow(deps: MakeCallDeps, asking: Asking, wanted: Wanted, call: Made, over?: () => void): Promise<never> {
  const resolved = deps.resolve(asking.principal, wanted)
  return resolved instanceof Promise
    ? resolved.then((late) => makeResolved(deps, asking, late, call, over))
    : makeResolved(deps, asking, resolved, call, over)
}

function makeResolved(
  deps: MakeCallDeps,
  { principal, request: { id, headers }, reply }: Asking,
  resolved: Resolved,
  { method, request, operation }: Made,
  over: (() => void) | undefined,
): Promise<never> {
  const isIdGiven = headers['x-request-id'] === id
  return new PlacedCall(deps, { method, request, operation, principal, requestId: id, isIdGiven, headers, reply, over }).make(resolved)
}

function readRequest(
  { takes, request: shape = {} }: Operation,
  { bytes, params, request: { raw } }: Asking,
  { limits }: PlaceCallDeps,
): CallRequest | Promise<CallRequest> {
  const { model } = (params ?? {}) as Params
  if (takes === 'nothing') return bodiless(model)
  if (takes === 'form') return readFormRequest(raw, limits.uploadBytes)
  return readJsonRequest(bytes, shape, model)
}

/**
 * What a provider keeps is reached with the key that made it, by the one for whom it was made. What was not made here can
 * only be reached with a key of the caller's own, in whose account it may be.
 */
function follow(made: Awaited<ReturnType<Objects['find']>>, wanted: Wanted): Wanted {
  if (made === undefined) return { ...wanted, needsOwnKey: true }
  if (made === 'of another' || (wanted.provider ?? made.provider) !== made.provider) throw gatewayErrors.unknown_object()
  const { madeWith: other = made } = wanted
  if (other.source !== made.source || other.keyId !== made.keyId) throw gatewayErrors.unknown_object()
  return { ...wanted, provider: made.provider, madeWith: made }
}

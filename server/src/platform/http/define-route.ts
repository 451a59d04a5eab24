import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchemaCompiler, HTTPMethods } from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import type { AppError } from '../../base/errors.ts'
import type { Principal } from '../../base/principal.ts'
import { authorise, type Policy } from './policy.ts'
import { problemSchema } from './problem.ts'

type Method = Extract<HTTPMethods, 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'>

interface Shape<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Reply extends z.ZodType> {
  summary: string
  description?: string
  params?: Params
  query?: Query
  body?: Body
  /** Of the body; JSON unless said. */
  consumes?: readonly string[]
  reply: Reply
  /** Of the reply; JSON unless said. */
  produces?: readonly string[]
  /** Of a success; 200 unless said. */
  status?: 200 | 201 | 202 | 204
  /** The refusals of this route's own, beside those that its policy brings. */
  refusals?: readonly number[]
}

interface Call<Params, Query, Body> {
  principal: Principal
  /** With `takes: 'bytes'`: the body as it came. */
  bytes: Buffer
  params: Params
  query: Query
  body: Body
  request: FastifyRequest
  reply: FastifyReply
}

export interface RateLimit {
  max: number
  windowSeconds: number
}

export interface RouteOptions {
  /** Honours Idempotency-Key. `secret` for a reply that must not be kept. */
  idempotent?: 'keep' | 'secret'
  /** Counted across processes and restarts, per person or, for nobody known, per address. */
  rateLimit?: RateLimit
  bodyLimitBytes?: number
  /** Refusals in another system's form, for its clients. */
  errorForm?: ErrorForm
  /**
   * The body is not parsed, and its schema is for the reference alone: the handler is given its bytes, or finds the
   * stream in `request.raw` as it came. It may take over the reply.
   */
  takes?: 'bytes' | 'stream'
}

export interface ErrorForm {
  contentType: string
  schema: z.ZodType
  render(error: AppError, requestId: string): unknown
}

/** A route as data, ready to be mounted. Only defineRoute makes one, so none is without a policy. */
export interface Route extends RouteOptions {
  readonly method: Method
  readonly path: string
  readonly policy: Policy
  readonly schema: Shape<z.ZodType, z.ZodType, z.ZodType, z.ZodType>
  readonly handler: (call: Call<never, never, never>) => unknown
}

export function defineRoute<
  Reply extends z.ZodType,
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(
  route: RouteOptions & {
    method: Method
    path: string
    policy: Policy
    schema: Shape<Params, Query, Body, Reply>
    handler: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => z.input<Reply> | Promise<z.input<Reply>>
  },
): Route {
  return route as unknown as Route
}

/** The rest of a request is validated all the same. */
const butOfBodies: FastifySchemaCompiler<z.ZodType> = (route) =>
  route.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(route)

const noBytes = Buffer.alloc(0)

/** What a handler returns that has taken the reply over, or has refused by it. */
export const takenOver = undefined as never

/** Marks the schema of a route that honours an Idempotency-Key. */
export const takesIdempotencyKey = 'x-keyloft-idempotent'
/** In the schema of a route whose replies are not JSON, or not only: of which types. */
export const producedTypes = 'x-keyloft-produces'

export interface MountOptions {
  /** At once, where the credential is known. */
  authenticate: (request: FastifyRequest) => Principal | Promise<Principal>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    policy?: Policy
    errorForm?: ErrorForm
    /** Carries somebody else's answer: no page of ours, so a browser is told only not to guess its type. */
    isTransport?: boolean
  }
  interface FastifyRequest {
    /** Set before any handler of ours runs. */
    principal: Principal
    /** The code of the error that it was answered with. */
    refusedWith?: string
  }
}

const thisMachine = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** Of the connection itself: a proxy on this machine forwards strangers, and says so. */
function fromThisMachine(request: FastifyRequest): boolean {
  const forwarded = request.headers['x-forwarded-for'] ?? request.headers.forwarded
  return forwarded === undefined && thisMachine.has(request.socket.remoteAddress ?? '')
}

export function mountRoute(app: FastifyInstance, route: Route, { authenticate }: MountOptions) {
  const { method, path, policy, schema } = route
  const status = schema.status ?? 200
  // One that takes them as they are always gives a promise; of the others some give a value.
  const handle = route.takes ? route.handler : async (call: Call<never, never, never>) => route.handler(call)
  app.route({
    method,
    url: path,
    config: { policy, ...(route.errorForm ? { errorForm: route.errorForm } : {}), ...(route.takes ? { isTransport: true } : {}) },
    ...(route.bodyLimitBytes === undefined ? {} : { bodyLimit: route.bodyLimitBytes }),
    schema: {
      summary: schema.summary,
      ...(schema.description ? { description: schema.description } : {}),
      ...(schema.params ? { params: schema.params } : {}),
      ...(schema.query ? { querystring: schema.query } : {}),
      ...(schema.body ? { body: schema.body } : {}),
      ...(schema.consumes ? { consumes: [...schema.consumes] } : {}),
      response: {
        [status]: schema.reply,
        ...Object.fromEntries(refusalsOf(route).map((code) => [code, route.errorForm?.schema ?? problemSchema])),
      },
      ...{ 'x-keyloft-policy': policy, security: policy.allow === 'anyone' ? [] : [{ bearer: [] }] },
      ...(route.idempotent ? { [takesIdempotencyKey]: true } : {}),
      ...(schema.produces ? { [producedTypes]: schema.produces } : {}),
    },
    onRequest(request, _reply, done) {
      const admit = (principal: Principal) => {
        request.principal = principal
        authorise(policy, principal, () => fromThisMachine(request))
      }
      const found = authenticate(request)
      if (found instanceof Promise) return void found.then(admit).then(() => done(), done)
      admit(found)
      done()
    },
    ...(route.takes ? { validatorCompiler: butOfBodies as FastifySchemaCompiler<unknown> } : {}),
    handler(request, reply) {
      reply.code(status)
      const { principal, params, query, body } = request
      const call = { principal, params, query, body, bytes: route.takes ? (body ?? noBytes) : undefined, request, reply }
      return handle(call as unknown as Call<never, never, never>)
    },
  })
}

/** For a library that brings routes of its own: they all get this policy. What it guards, it guards itself. */
export async function mountLibrary(app: FastifyInstance, policy: Policy, mount: (scope: FastifyInstance) => Promise<void>) {
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, policy }
    })
    await mount(scope)
  })
}

/** Beside these, any route may answer 400 to a strange Host, 500 and 503. */
function refusalsOf({ method, policy, schema, idempotent, rateLimit }: Route): number[] {
  const refusals = new Set(schema.refusals).add(401) // a credential that is not valid is refused everywhere
  if (schema.params || schema.query || schema.body || idempotent) refusals.add(400)
  if (policy.allow !== 'anyone') refusals.add(403)
  if (schema.body && method !== 'GET') refusals.add(413).add(415)
  if (idempotent) refusals.add(409)
  if (rateLimit) refusals.add(429)
  return [...refusals].sort()
}

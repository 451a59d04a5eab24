import type { RequestListener, Server } from 'node:http'
import cors from '@fastify/cors'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RouteOptions,
} from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Principal } from '../../base/principal.ts'
import { uuidV7 } from '../../base/uuid.ts'
import type { Database } from '../database/database.ts'
import type { Answer, Metrics } from '../telemetry/metrics.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { mountRoute, type Route } from './define-route.ts'
import { sendError } from './error-response.ts'
import { httpErrors } from './errors.ts'
import { honourIdempotencyKey } from './idempotency.ts'
import { type ApiOptions, describeApi, mountReference } from './openapi.ts'
import { limitRate } from './rate-limit.ts'
import { withLateChildren } from './request-log.ts'
import { securityHeaders } from './security-headers.ts'
import { traceRequests } from './trace-requests.ts'

export interface HttpOptions extends ApiOptions {
  log: FastifyBaseLogger
  metrics: Metrics
  tracing: Tracing
  database: Database
  authenticate: (request: FastifyRequest) => Principal | Promise<Principal>
  routes: readonly Route[]
  /** What mounts itself, such as a library with routes of its own. Each of its routes declares a policy too. */
  plugins: readonly ((app: FastifyInstance) => Promise<void>)[]
  corsOrigins: readonly string[]
  /** Addresses of proxies whose word on the caller's address is taken. */
  trustedProxies: string | undefined
  /** Takes Fastify's handler and gives the server that is listening already. Without one, nothing listens (tests). */
  adoptServer?: (handler: RequestListener) => Server
  /** For the keyed hashes of idempotent requests. */
  hashKey: Buffer
}

const bodyLimitBytes = 1024 * 1024
const retryAfterSeconds = 2

export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: withLateChildren(options.log),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    bodyLimit: bodyLimitBytes,
    trustProxy: options.trustedProxies ?? false,
    ...(options.adoptServer ? { serverFactory: options.adoptServer } : {}),
    return503OnClosing: false, // its reply has a form of its own; ours is below
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendError)
  app.setNotFoundHandler((request, reply) => {
    setSecurityHeaders(reply)
    return sendError(httpErrors.not_found(), request, reply)
  })
  app.removeContentTypeParser('text/plain')

  requirePolicies(app)
  traceRequests(app, options.tracing)
  enter(app)
  observe(app, options.metrics)
  secure(app)

  if (options.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: [...options.corsOrigins],
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: [
        'x-request-id',
        'retry-after',
        'x-should-retry',
        'idempotent-replayed',
        'x-ratelimit-limit',
        'x-ratelimit-remaining',
        'x-ratelimit-reset',
        'x-keyloft-request-id',
        'x-keyloft-credential',
        'x-keyloft-model',
      ],
      maxAge: 600,
    })
  }
  await describeApi(app, options)
  await mountReference(app, options)
  for (const plugin of options.plugins) await plugin(app)
  for (const route of options.routes) mountWithGuards(app, route, options)
  return app
}

/** Counts what is limited before the body is read; claims an Idempotency-Key when it has been. */
function mountWithGuards(app: FastifyInstance, route: Route, { database, authenticate, hashKey }: HttpOptions) {
  app.register(async (scope) => {
    const limit = route.rateLimit && limitRate(`${route.method} ${route.path}`, route.rateLimit, database)
    const idempotency = route.idempotent && honourIdempotencyKey(route, database, hashKey)
    if (limit) scope.addHook('preParsing', limit)
    if (idempotency) {
      scope.addHook('preHandler', idempotency.claim)
      scope.addHook('onSend', idempotency.keep)
    }
    if (route.takes === 'bytes') takeBytes(scope)
    if (route.takes === 'stream') takeStream(scope)
    mountRoute(scope, route, { authenticate })
  })
}

/** Nobody parses what is only passed on. */
function takeBytes(scope: FastifyInstance) {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** The handler reads it, or nobody does. */
function takeStream(scope: FastifyInstance) {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _body, done) => done(null))
}

/** The server does not come up with a route that anybody forgot to think about, ours or a library's. */
function requirePolicies(app: FastifyInstance) {
  const seen: RouteOptions[] = []
  app.addHook('onRoute', (route) => void seen.push(route))
  app.addHook('onReady', async () => {
    const forgotten = seen.find(({ config, method }) => !config?.policy && method !== 'OPTIONS')
    if (forgotten) throw new Error(`${forgotten.method} ${forgotten.url} declares no policy: make it with defineRoute`)
  })
}

/*
 * Hooks call back and return no promise: each of those would cost every request a turn of its own.
 */

/** What holds for every request, before anything else is done with it. */
function enter(app: FastifyInstance) {
  let stopping = false
  app.addHook('preClose', (done) => {
    stopping = true
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    const { host } = request.headers
    // The router and whoever decides by path must see the same address, so what could mean two is not taken.
    if (host !== undefined && !hostForm.test(host)) return done(httpErrors.bad_host())
    // New requests on connections that are still open while the server stops.
    if (stopping) return done(httpErrors.stopping({ retryAfterSeconds }))
    done()
  })
}
const hostForm = /^[A-Za-z0-9._:[\]-]{1,255}$/

/** On the raw reply, because a library that takes it over (better-auth) gives only what stands there. */
function setSecurityHeaders(reply: FastifyReply) {
  for (const name in securityHeaders) reply.raw.setHeader(name, securityHeaders[name] as string)
}

function secure(app: FastifyInstance) {
  app.addHook('onRoute', (route) => {
    if (route.config?.isTransport) return
    route.onRequest = [
      (_request, reply, done) => {
        setSecurityHeaders(reply)
        done()
      },
      ...[route.onRequest ?? []].flat(),
    ]
  })
}

/** Each route has its own rows, so that nothing is looked up by name when it answers. */
function observe(app: FastifyInstance, { watchRoute }: Metrics) {
  app.addHook('onRoute', (route) => {
    const told = new Map([route.method].flat().map((method) => [method, watchRoute(method, route.url)]))
    route.onResponse = [
      ...[route.onResponse ?? []].flat(),
      (request, reply, done) => {
        told.get(request.method)?.(answerOf(request, reply))
        done()
      },
    ]
  })
  const strangers = new Map<string, ReturnType<Metrics['watchRoute']>>()
  app.addHook('onResponse', (request, reply, done) => {
    if (request.is404) {
      const { method } = request
      const told = strangers.get(method) ?? watchRoute(method, undefined)
      strangers.set(method, told) // as many as Node's parser knows
      told(answerOf(request, reply))
    }
    done()
  })
}

function answerOf({ id, refusedWith }: FastifyRequest, reply: FastifyReply): Answer {
  return { status: reply.statusCode, seconds: reply.elapsedTime / 1000, code: refusedWith, requestId: id }
}

/** A caller's own id is kept when it is harmless in a log and a header; two systems can then speak of one request. */
function requestId({ headers }: { headers: Record<string, string | string[] | undefined> }): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && harmlessId.test(given) ? given : uuidV7(Date.now())
}
const harmlessId = /^[A-Za-z0-9_-]{8,64}$/

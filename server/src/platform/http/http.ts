import { randomUUID } from 'node:crypto'
import type { RequestListener, Server } from 'node:http'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController, type RouteOptions } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Principal } from '../../base/principal.ts'
import type { Database } from '../database/database.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { mountRoute, type Route } from './define-route.ts'
import { sendError } from './error-response.ts'
import { httpErrors } from './errors.ts'
import { honourIdempotencyKey } from './idempotency.ts'
import { type ApiOptions, describeApi, mountReference } from './openapi.ts'
import { limitRate } from './rate-limit.ts'
import { RequestLog } from './request-log.ts'
import { traceRequests } from './trace-requests.ts'

export interface HttpOptions extends ApiOptions {
  log: FastifyBaseLogger
  metrics: Metrics
  tracing: Tracing
  database: Database
  authenticate: (request: FastifyRequest) => Promise<Principal>
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
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (log, bindings, options) => new RequestLog(log, bindings, options),
    genReqId: requestId,
    bodyLimit: bodyLimitBytes,
    trustProxy: options.trustedProxies ?? false,
    ...(options.adoptServer ? { serverFactory: options.adoptServer } : {}),
    return503OnClosing: false, // its reply has a form of its own; ours is below
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendError)
  app.setNotFoundHandler((request, reply) => sendError(httpErrors.not_found(), request, reply))
  app.removeContentTypeParser('text/plain')

  requirePolicies(app)
  traceRequests(app, options.tracing)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  refuseStrangeHosts(app)
  refuseWhileStopping(app)
  observe(app, options.metrics)

  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: { 'script-src': ["'self'"], 'style-src': ["'self'", "'unsafe-inline'"], 'upgrade-insecure-requests': null },
    },
  })
  if (options.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: [...options.corsOrigins],
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: [
        'x-request-id',
        'retry-after',
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
    if (route.takesBytes) takeBytes(scope)
    mountRoute(scope, route, { authenticate })
  })
}

/** Nobody parses what is only passed on. Without a body, there are no bytes. */
function takeBytes(scope: FastifyInstance) {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  scope.addHook('preValidation', async (request) => {
    request.body ??= Buffer.alloc(0)
  })
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

/** The router and whoever decides by path must see the same address, so what could mean two is not taken. */
function refuseStrangeHosts(app: FastifyInstance) {
  app.addHook('onRequest', async ({ headers: { host } }) => {
    if (host !== undefined && !/^[A-Za-z0-9._:[\]-]{1,255}$/.test(host)) throw httpErrors.bad_host()
  })
}

/** New requests on connections that are still open while the server stops. */
function refuseWhileStopping(app: FastifyInstance) {
  let stopping = false
  app.addHook('preClose', async () => {
    stopping = true
  })
  app.addHook('onRequest', async () => {
    if (stopping) throw httpErrors.stopping({ retryAfterSeconds })
  })
}

function observe(app: FastifyInstance, { observeRequest }: Metrics) {
  app.addHook('onResponse', async (request, reply) => {
    const { method, id, refusedWith } = request
    observeRequest({
      method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
      ...(refusedWith === undefined ? {} : { code: refusedWith }),
      requestId: id,
    })
  })
}

/** A caller's own id is kept when it is harmless in a log and a header; two systems can then speak of one request. */
function requestId({ headers }: { headers: Record<string, string | string[] | undefined> }): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9_-]{8,64}$/.test(given) ? given : randomUUID()
}

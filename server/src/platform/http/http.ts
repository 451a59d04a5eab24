import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { httpErrors, sendError } from './error-response.ts'

/** What /ready asks. Resolves to what is wrong, or to nothing. */
export type Readiness = () => Promise<{ code: string; message: string } | undefined>

const retryAfterSeconds = 2

export function createHttp(options: { log: FastifyBaseLogger; readiness: Readiness }): FastifyInstance {
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: false, // its reply has a form of its own; ours is below
  })
  app.setErrorHandler(sendError)
  app.setNotFoundHandler((request, reply) => sendError(httpErrors.not_found(), request, reply))

  // New requests on connections that are still open while the server stops.
  let stopping = false
  app.addHook('preClose', async () => {
    stopping = true
  })
  app.addHook('onRequest', async () => {
    if (stopping) throw httpErrors.stopping({ retryAfterSeconds })
  })

  app.get('/health', async () => ({ status: 'ok' }))

  app.get('/ready', async (_request, reply) => {
    const fault = await options.readiness()
    if (!fault) return { status: 'ready' }
    return reply
      .code(503)
      .header('retry-after', String(retryAfterSeconds))
      .type('application/problem+json')
      .send({ type: 'about:blank', title: fault.message, status: 503, code: fault.code })
  })
  return app
}

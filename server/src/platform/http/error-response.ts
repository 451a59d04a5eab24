import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, defineErrors } from '../../base/errors.ts'
import { translateSqlError } from '../database/sql-errors.ts'

export const httpErrors = defineErrors('http', {
  not_found: { status: 404, message: 'There is nothing at this address.' },
  bad_request: { status: 400, message: 'The request could not be read.' },
  stopping: { status: 503, message: 'Keyloft is stopping.', hint: 'Try again in a few seconds.' },
  internal: {
    status: 500,
    message: 'Something went wrong on our side.',
    hint: 'Try again; if it stays, tell the operator the request id.',
  },
})

/** The one place where an error becomes a reply (RFC 9457). Nothing internal leaves: no cause, no stack, no SQL. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const known = toAppError(error)
  if (known.status >= 500) request.log.error({ err: error, code: known.code, internal: known.internal }, known.message)
  if (known.retryAfterSeconds !== undefined) reply.header('retry-after', String(known.retryAfterSeconds))
  return reply
    .code(known.status)
    .type('application/problem+json')
    .send({
      type: 'about:blank',
      title: known.message,
      status: known.status,
      code: known.code,
      ...(known.hint ? { hint: known.hint } : {}),
    })
}

function toAppError(error: unknown): AppError {
  const translated = translateSqlError(error)
  if (translated instanceof AppError) return translated
  const { statusCode } = error as FastifyError
  return statusCode !== undefined && statusCode < 500 ? httpErrors.bad_request({ cause: error }) : httpErrors.internal({ cause: error })
}

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { AppError } from '../../base/errors.ts'
import { translateAnyError } from '../database/sql-errors.ts'
import { httpErrors } from './errors.ts'
import type { Problem } from './problem.ts'

/** The one place where an error becomes a reply (RFC 9457). Nothing internal leaves: no cause, no stack, no SQL. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const known = toAppError(error)
  request.refusedWith = known.code
  if (known.status >= 500) request.log.error({ err: error, code: known.code, internal: known.internal }, known.message)
  else if (known.internal) request.log.debug({ code: known.code, internal: known.internal }, known.message)
  if (known.retryAfterSeconds !== undefined) reply.header('retry-after', String(known.retryAfterSeconds))
  if (known.headers) reply.headers(known.headers)
  if (known.status === 401) reply.header('www-authenticate', 'Bearer')
  const { errorForm, isTransport } = request.routeOptions.config
  if (isTransport) reply.header('x-content-type-options', 'nosniff') // every other reply has it before
  if (errorForm) {
    return reply.code(known.status).type(errorForm.contentType).serializer(JSON.stringify).send(errorForm.render(known, request.id))
  }
  const fields = fieldsOf(error)
  const problem: Problem = {
    type: 'about:blank',
    title: known.message,
    status: known.status,
    code: known.code,
    ...(known.hint ? { hint: known.hint } : {}),
    requestId: request.id,
    ...(fields ? { errors: fields } : {}),
    ...known.members,
  }
  return reply.code(known.status).type('application/problem+json').serializer(JSON.stringify).send(problem)
}

function toAppError(error: unknown): AppError {
  const translated = translateAnyError(error)
  if (translated instanceof AppError) return translated
  if (hasZodFastifySchemaValidationErrors(error)) return httpErrors.invalid({ cause: error })
  const { statusCode, code } = error as FastifyError
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return httpErrors.too_large({ cause: error })
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return httpErrors.unsupported_media_type({ cause: error })
  return statusCode !== undefined && statusCode < 500 ? httpErrors.bad_request({ cause: error }) : httpErrors.internal({ cause: error })
}

function fieldsOf(error: unknown): Problem['errors'] {
  if (!hasZodFastifySchemaValidationErrors(error)) return undefined
  return error.validation.map(({ instancePath, message }) => ({
    field: instancePath.replace(/^\//, '').replaceAll('/', '.') || 'the whole',
    message: message ?? 'is not valid',
  }))
}

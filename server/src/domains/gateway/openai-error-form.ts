import { z } from 'zod'
import type { AppError } from '../../base/errors.ts'
import type { ErrorForm } from '../../platform/http/define-route.ts'

const typeByStatus: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
}

/** As OpenAI's clients read errors. `code` is ours, the same as everywhere. */
export const openAiErrorForm: ErrorForm = {
  contentType: 'application/json; charset=utf-8',
  schema: z
    .object({
      error: z.object({
        message: z.string(),
        type: z.string().describe('Of which kind, in words of OpenAI.'),
        param: z.string().nullable(),
        code: z.string().nullable().describe('Stable, for programs: domain.name.'),
      }),
    })
    .meta({ id: 'OpenAiError' }),
  render: ({ message, hint, status, code }: AppError) => ({
    error: { message: hint ? `${message} ${hint}` : message, type: typeByStatus[status] ?? 'server_error', param: null, code },
  }),
}

import { z } from 'zod'
import type { AppError } from '../../base/errors.ts'
import type { ErrorForm } from '../../platform/http/define-route.ts'

/** Whose clients call: how they read a refusal of ours, and which headers of theirs mean something to a provider. */
export interface Dialect {
  readonly errorForm: ErrorForm
  readonly headers: readonly string[]
}

const json = 'application/json; charset=utf-8'
const sentence = ({ message, hint }: AppError) => (hint ? `${message} ${hint}` : message)
const stableCode = z.string().describe('Stable, for programs: domain.name.')

const openAiTypes: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
}

export const openAi: Dialect = {
  headers: ['openai-beta', 'anthropic-beta'], // the latter is for Anthropic's endpoint of this dialect
  errorForm: {
    contentType: json,
    schema: z
      .object({
        error: z.object({
          message: z.string(),
          type: z.string().describe('Of which kind, in words of OpenAI.'),
          param: z.string().nullable(),
          code: stableCode.nullable(),
        }),
      })
      .meta({ id: 'OpenAiError' }),
    render: (error) => ({
      error: {
        message: sentence(error),
        type: openAiTypes[error.status] ?? 'server_error',
        param: null,
        code: error.code,
        ...error.members,
      },
    }),
  },
}

const anthropicTypes: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  415: 'invalid_request_error',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
  504: 'timeout_error',
}

export const anthropic: Dialect = {
  headers: ['anthropic-version', 'anthropic-beta'],
  errorForm: {
    contentType: json,
    schema: z
      .object({
        type: z.literal('error'),
        error: z.object({ type: z.string().describe('Of which kind, in words of Anthropic.'), message: z.string(), code: stableCode }),
        request_id: z.string(),
      })
      .meta({ id: 'AnthropicError' }),
    render: (error, requestId) => ({
      type: 'error',
      error: { type: anthropicTypes[error.status] ?? 'api_error', message: sentence(error), code: error.code, ...error.members },
      request_id: requestId,
    }),
  },
}

const googleStatuses: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  413: 'INVALID_ARGUMENT',
  415: 'INVALID_ARGUMENT',
  422: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

export const google: Dialect = {
  headers: [],
  errorForm: {
    contentType: json,
    schema: z
      .object({
        error: z.object({
          code: z.int().describe('The status.'),
          message: z.string(),
          status: z.string().describe('Of which kind, in words of Google.'),
          details: z.array(
            z.union([
              z.object({
                '@type': z.string(),
                reason: stableCode,
                domain: z.string(),
                metadata: z.record(z.string(), z.string()).optional(),
              }),
              z.object({ '@type': z.string(), retryDelay: z.string().describe('In seconds, such as 30s.') }),
            ]),
          ),
        }),
      })
      .meta({ id: 'GoogleError' }),
    render: (error) => ({
      error: {
        code: error.status,
        message: sentence(error),
        status: googleStatuses[error.status] ?? 'INTERNAL',
        details: [
          { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: error.code, domain: 'keyloft', ...metadataOf(error) },
          ...(error.retryAfterSeconds === undefined
            ? []
            : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${error.retryAfterSeconds}s` }]),
        ],
      },
    }),
  },
}

/** Google's metadata is flat and of text: `quota: { setBy }` becomes `quotaSetBy`. */
function metadataOf({ members }: AppError): { metadata?: Record<string, string> } {
  const texts = (name: string, value: unknown): [string, string][] =>
    value !== null && typeof value === 'object'
      ? Object.entries(value).flatMap(([key, inner]) => texts(name + key.charAt(0).toUpperCase() + key.slice(1), inner))
      : [[name, String(value)]]
  return members ? { metadata: Object.fromEntries(Object.entries(members).flatMap(([name, value]) => texts(name, value))) } : {}
}

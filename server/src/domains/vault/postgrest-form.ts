import { z } from 'zod'
import type { AppError } from '../../base/errors.ts'
import { sqlstateOf } from '../../platform/database/sql-errors.ts'
import type { ErrorForm } from '../../platform/http/define-route.ts'

/** What PostgREST would have said, where it has a code of its own. */
const codes: Record<string, string> = {
  'identity.unauthorized': 'PGRST301',
  'http.unauthorized': '42501',
  'http.forbidden': '42501',
  'http.invalid': 'PGRST102',
  'http.bad_request': 'PGRST102',
  'http.unsupported_media_type': 'PGRST102',
  'rpc.not_a_uuid': '22P02',
  'rpc.no_such_user': '23503',
  'database.unavailable': 'PGRST000',
}

/** Refusals as PostgREST writes them, so that supabase-js hands them on whole. */
export const postgrestForm: ErrorForm = {
  contentType: 'application/json',
  schema: z
    .object({ code: z.string(), message: z.string(), details: z.string().nullable(), hint: z.string().nullable() })
    .meta({ id: 'PostgrestError' }),
  render: (error: AppError) => ({
    code: codes[error.code] ?? sqlstateOf(error.cause) ?? error.code,
    message: error.message,
    details: null,
    hint: error.hint ?? null,
  }),
}

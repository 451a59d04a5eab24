import { defineErrors } from '../../base/errors.ts'

export const httpErrors = defineErrors('http', {
  bad_request: { status: 400, message: 'The request could not be read.', hint: 'Its body must be whole, and of the type that it names.' },
  invalid: { status: 400, message: 'The request does not have the form that is needed.', hint: 'See errors for each field.' },
  bad_host: { status: 400, message: 'The Host header is not a host.' },
  bad_idempotency_key: { status: 400, message: 'An Idempotency-Key has 1 to 255 visible characters.' },
  unauthorized: { status: 401, message: 'This needs a valid credential.', hint: 'Sign in, or send a token as Authorization: Bearer.' },
  forbidden: {
    status: 403,
    message: 'This credential does not allow that.',
    hint: 'An API token needs the scope of the route, and some routes are for admins or service_role alone: /docs says which.',
  },
  not_found: { status: 404, message: 'There is nothing at this address.', hint: 'Look at the method and the path: /docs has every route.' },
  idempotency_in_progress: {
    status: 409,
    message: 'A request with this Idempotency-Key is still under way.',
    hint: 'Wait for it, then send the same request again.',
  },
  idempotency_mismatch: {
    status: 409,
    message: 'This Idempotency-Key was used for another request.',
    hint: 'Use a new key for a new request.',
  },
  idempotency_not_replayable: {
    status: 409,
    message: 'This was done already, and its reply held a secret that is not kept.',
    hint: 'Look at what was made, or make another with a new key.',
  },
  too_large: { status: 413, message: 'The request body is too large.', hint: 'Send less at once.' },
  unsupported_media_type: { status: 415, message: 'The body must be application/json.', hint: 'Say so in content-type.' },
  rate_limited: { status: 429, message: 'Too many requests.', hint: 'Wait as long as retry-after says.' },
  internal: {
    status: 500,
    message: 'Something went wrong on our side.',
    hint: 'Try again; if it stays, tell the operator the request id.',
  },
  starting: { status: 503, message: 'Keyloft is starting.', hint: 'Try again in a few seconds.' },
  stopping: { status: 503, message: 'Keyloft is stopping.', hint: 'Try again in a few seconds.' },
})

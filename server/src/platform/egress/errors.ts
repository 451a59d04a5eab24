import { AppError, defineErrors } from '../../base/errors.ts'

/*
 * What the caller hears never holds an address that a name resolved to: that would make the door a map of the
 * network behind it. Addresses and causes stand in `internal`, for the operator's log.
 */
export const egressErrors = defineErrors('egress', {
  url_invalid: {
    status: 400,
    message: 'This is not an address that can be called.',
    hint: 'Give a full one, such as https://api.example.com/v1.',
  },
  scheme_refused: { status: 400, message: 'Addresses of this scheme are not called.', hint: 'Use https.' },
  credentials_refused: {
    status: 400,
    message: 'An address must not hold a user name or password.',
    hint: 'Give them in a field of their own.',
  },
  port_refused: { status: 400, message: 'This port is not called.', hint: 'Use 443, or ask the operator to allow another.' },
  host_refused: { status: 400, message: 'This host is not called.', hint: 'Name a host of the public internet by its full name.' },
  request_invalid: { status: 400, message: 'A header, method or path of this request cannot be sent.' },
  unresolvable: { status: 502, message: 'The host name could not be resolved.', hint: 'Check how it is spelt.' },
  unreachable: { status: 502, message: 'The host could not be reached, or it hung up.' },
  tls_failed: { status: 502, message: 'No secure connection to the host came about.', hint: 'Check its certificate.' },
  bad_response: { status: 502, message: 'The host answered with something that is not HTTP.' },
  too_large: { status: 502, message: 'The answer of the host is larger than allowed.' },
  redirect_refused: { status: 502, message: 'The host sent us elsewhere, in a way that is not followed.' },
  too_many_redirects: { status: 502, message: 'The host sent us elsewhere too often.' },
  timeout: { status: 504, message: 'The host took too long.' },
  busy: { status: 503, message: 'Too many hosts are being called at once.', hint: 'Try again in a moment.' },
  closed: { status: 503, message: 'The server is stopping.' },
})

const byCode: Record<string, keyof typeof egressErrors> = {
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'too_large',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too_large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_response',
  UND_ERR_INVALID_ARG: 'request_invalid',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'request_invalid',
  UND_ERR_NOT_SUPPORTED: 'request_invalid',
  UND_ERR_MAX_ORIGINS_REACHED: 'busy',
  UND_ERR_DESTROYED: 'closed',
  UND_ERR_CLOSED: 'closed',
}

/** The catalogue's error for whatever a dispatcher of the door failed with. */
export function toEgressError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const { code = '', message, name: kind } = error as NodeJS.ErrnoException
  const name = byCode[code] ?? (kind === 'HTTPParserError' ? 'bad_response' : 'unreachable')
  return egressErrors[name]({ cause: error, internal: code ? `${code}: ${message}` : message })
}

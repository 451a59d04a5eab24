import type { errorCodes } from './generated/error-codes.ts'

/** The codes of a server of this version; `sdk.unexpected_reply` for what is not Keyloft’s; and those that later servers add. */
export type ErrorCode = (typeof errorCodes)[number] | 'sdk.unexpected_reply' | (string & {})

export interface FieldFault {
  field: string
  message: string
}

/** A refusal by the server. `message` is a sentence for the person, `code` is for programs. */
export class KeyloftError extends Error {
  override readonly name = 'KeyloftError'
  readonly status: number
  readonly code: ErrorCode
  /** What can be done about it. */
  readonly hint: string | undefined
  /** By which the server’s operator finds it in the log. */
  readonly requestId: string | undefined
  /** One per field of the request that was wrong. */
  readonly fields: readonly FieldFault[]
  /** How long the server asks to wait before the request is sent again. */
  readonly retryAfterSeconds: number | undefined

  constructor(response: Response, text: string) {
    const { status, headers } = response
    const problem = readProblem(headers.get('content-type'), text)
    super(problem?.title ?? `The answer, with status ${status}, is not one of Keyloft’s.`)
    this.status = status
    this.code = problem?.code ?? 'sdk.unexpected_reply'
    this.hint = problem ? problem.hint : 'Check that the URL is the one of a Keyloft server, and what stands between.'
    this.requestId = problem?.requestId ?? headers.get('x-request-id') ?? undefined
    this.fields = problem?.errors ?? []
    this.retryAfterSeconds = readSeconds(headers.get('retry-after'))
  }
}

interface Problem {
  title?: string
  code: string
  hint?: string
  requestId?: string
  errors?: FieldFault[]
}

/** RFC 9457, with our code. Anything else was said by somebody between the server and us. */
function readProblem(contentType: string | null, text: string): Problem | undefined {
  if (!contentType?.startsWith('application/problem+json')) return undefined
  try {
    const read = JSON.parse(text) as Partial<Problem> | null
    return typeof read?.code === 'string' ? (read as Problem) : undefined
  } catch {
    return undefined
  }
}

function readSeconds(header: string | null): number | undefined {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) : undefined
}

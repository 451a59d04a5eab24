/** What a catalogue says of one error: the status, a sentence for the person, and what they can do about it. */
export interface ErrorEntry {
  status: number
  message: string
  hint?: string
}

export interface ErrorDetail {
  /** Replaces the catalogue's sentence where naming the particular thing helps. Shown to the caller. */
  message?: string
  hint?: string
  retryAfterSeconds?: number
  cause?: unknown
  /** For programs, beside the sentence: members of the body. */
  members?: Readonly<Record<string, unknown>>
  headers?: Readonly<Record<string, string>>
  /** For the operator's log alone. */
  internal?: string
}

export class AppError extends Error {
  readonly code: string
  readonly status: number
  readonly hint: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly members: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  // Private, so that neither JSON.stringify nor a structured logger can show it by accident.
  readonly #internal: string | undefined

  constructor(code: string, entry: ErrorEntry, detail: ErrorDetail = {}) {
    super(detail.message ?? entry.message, { cause: detail.cause })
    this.name = 'AppError'
    this.code = code
    this.status = entry.status
    this.hint = detail.hint ?? entry.hint
    this.retryAfterSeconds = detail.retryAfterSeconds
    this.members = detail.members
    this.headers = detail.headers
    this.#internal = detail.internal
  }

  get internal(): string | undefined {
    return this.#internal
  }
}

/** Makes the error of one entry, and tells which it is. */
export interface ErrorMaker {
  (detail?: ErrorDetail): AppError
  readonly code: string
  readonly entry: ErrorEntry
}

/** A domain's catalogue. Codes read `domain.name`, are stable, and are never used again for another meaning. */
export function defineErrors<const T extends Record<string, ErrorEntry>>(domain: string, entries: T) {
  const make = (code: string, entry: ErrorEntry): ErrorMaker =>
    Object.assign((detail?: ErrorDetail) => new AppError(code, entry, detail), { code, entry })
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, make(`${domain}.${name}`, entry)])) as {
    [K in keyof T]: ErrorMaker
  }
}

/** Something outside the program is not as it must be. The command prints message and hint, and ends. */
export class SetupError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SetupError'
    this.hint = hint
  }
}

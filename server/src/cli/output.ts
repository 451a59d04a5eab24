/** How a command speaks: to a person in lines, with --json to a program in one JSON value on stdout. */
export interface Output {
  readonly json: boolean
  /** The result. `lines` are for a person, `value` is for a program. */
  result(value: unknown, lines: readonly string[]): void
  /** On the way, on stderr, and only where somebody watches or nothing is being parsed. */
  progress(message: string): void
}

export function createOutput(json: boolean): Output {
  return {
    json,
    result: (value, lines) => {
      process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : lines.map((line) => `${line}\n`).join(''))
    },
    progress: (message) => {
      if (!json) process.stderr.write(`${message}\n`)
    },
  }
}

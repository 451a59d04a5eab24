type Headers = Readonly<Record<string, string>>

const heldMs = 5_000
const mostHeld = 5_000

/**
 * Credentials that were opened a moment ago, as the headers they are sent in. Opening one anew for each call took more
 * time than choosing it. All are let go together: every few seconds, and at once when something changed.
 *
 * They are kept under the candidate they belong to, an object that lives no longer than the facts it was chosen from. So
 * a row that was read anew is always opened anew.
 */
export class OpenedKeys {
  readonly #held = new Map<object, Headers>()
  #timer: NodeJS.Timeout | undefined

  of(candidate: object, open: () => Headers | Promise<Headers>): Headers | Promise<Headers> {
    const known = this.#held.get(candidate)
    if (known) return known
    const opened = open()
    // What was waited for may have changed meanwhile. The next one is opened at once.
    if (!(opened instanceof Promise)) this.#hold(candidate, opened)
    return opened
  }

  forget() {
    this.#held.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #hold(candidate: object, headers: Headers) {
    if (this.#held.size >= mostHeld) return
    this.#held.set(candidate, Object.freeze(headers))
    this.#timer ??= setTimeout(() => this.forget(), heldMs).unref()
  }
}

/** Something that must not go on for ever. */
export interface Watched {
  checkTime(nowMs: number): void
}

/** One timer for all calls: a timer of each call's own, set anew at every piece, would cost more than the pieces. */
export class Watch {
  readonly #live = new Set<Watched>()
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  get size(): number {
    return this.#live.size
  }

  add(one: Watched) {
    this.#live.add(one)
    this.#timer ??= setInterval(() => this.#check(), this.#everyMs).unref()
  }

  delete(one: Watched) {
    this.#live.delete(one)
  }

  close() {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #check() {
    const now = performance.now()
    for (const one of this.#live) one.checkTime(now)
  }
}

/** Something that must not go on for ever. */
export interface Watched {
  checkTime(nowMs: number): void
}

/** Of a call that is under way: where it stands in the watch. */
export interface OnWatch extends Watched {
  place: number
  /** Ends what goes on though its client has left. */
  stop(): void
}

/**
 * One timer for all calls: a timer of each call's own, set anew at every piece, would cost more than the pieces.
 *
 * A list, and no Set: a Set that is added to and deleted from grows new tables all the time, and each old one points to
 * the next. Once one of them is old to the collector, every later one lives on behind it, with all the calls that it
 * held, until the whole heap is gone through.
 */
export class Watch {
  readonly #live: OnWatch[] = []
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  get size(): number {
    return this.#live.length
  }

  add(one: OnWatch) {
    one.place = this.#live.length
    this.#live.push(one)
    this.#timer ??= setInterval(() => this.#check(), this.#everyMs).unref()
  }

  /** The last one takes its place. */
  delete(one: OnWatch) {
    if (this.#live[one.place] !== one) return
    const last = this.#live.pop() as OnWatch
    if (last === one) return
    this.#live[one.place] = last
    last.place = one.place
  }

  stop() {
    for (const one of [...this.#live]) one.stop()
  }

  close() {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #check() {
    const now = performance.now()
    for (const one of [...this.#live]) one.checkTime(now)
  }
}

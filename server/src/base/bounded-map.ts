interface Entry<V> {
  readonly value: V
  readonly untilMs: number
  /** Since it was last passed over when room was made. */
  wasUsed: boolean
}

/**
 * A map for caches: each entry ends at its time, and when it is full one that was not used of late makes room. What
 * strangers can fill must be bounded, or it is a way to take all memory.
 *
 * Reading only marks an entry, since reading is what caches do: the oldest that was used meanwhile moves behind the
 * others when room is needed, and the first that was not leaves.
 */
export class BoundedMap<V> {
  readonly #entries = new Map<string, Entry<V>>()
  readonly #most: number
  readonly #onLeave: (value: V) => void

  /** @param onLeave is told of every value that is dropped, for what must be wiped and not just forgotten */
  constructor(most: number, onLeave: (value: V) => void = () => {}) {
    this.#most = most
    this.#onLeave = onLeave
  }

  get(key: string, nowMs: number): V | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (entry.untilMs <= nowMs) {
      this.delete(key)
      return undefined
    }
    entry.wasUsed = true
    return entry.value
  }

  set(key: string, value: V, untilMs: number) {
    this.delete(key)
    if (this.#entries.size >= this.#most) this.#makeRoom()
    this.#entries.set(key, { value, untilMs, wasUsed: false })
  }

  /** Ends, since whatever it passes over is unmarked by then. A Map keeps the order of insertion. */
  #makeRoom() {
    for (const [key, entry] of this.#entries) {
      if (!entry.wasUsed) return this.delete(key)
      entry.wasUsed = false
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
  }

  delete(key: string) {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#onLeave(entry.value)
  }

  clear() {
    for (const key of [...this.#entries.keys()]) this.delete(key)
  }

  deleteWhere(concerns: (value: V) => boolean) {
    for (const [key, { value }] of [...this.#entries]) if (concerns(value)) this.delete(key)
  }

  get size() {
    return this.#entries.size
  }
}

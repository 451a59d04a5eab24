interface Entry<V> {
  value: V
  untilMs: number
}

/**
 * A map for caches: each entry ends at its time, and when it is full the one unused for longest makes room. What
 * strangers can fill must be bounded, or it is a way to take all memory.
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
    this.#entries.delete(key)
    this.#entries.set(key, entry) // a Map keeps the order of insertion: the first is the one unused for longest
    return entry.value
  }

  set(key: string, value: V, untilMs: number) {
    this.delete(key)
    if (this.#entries.size >= this.#most) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.delete(oldest)
    }
    this.#entries.set(key, { value, untilMs })
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

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

  constructor(most: number) {
    this.#most = most
  }

  get(key: string, nowMs: number): V | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    if (entry.untilMs <= nowMs) return undefined
    this.#entries.set(key, entry) // a Map keeps the order of insertion: the first is the one unused for longest
    return entry.value
  }

  set(key: string, value: V, untilMs: number) {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#most) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    this.#entries.set(key, { value, untilMs })
  }

  delete(key: string) {
    this.#entries.delete(key)
  }

  get size() {
    return this.#entries.size
  }
}

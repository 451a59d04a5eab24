/**
 * What there is to know of calls that have been opened and not settled, by their ids.
 *
 * It lies in a list, and the Map knows no more than its place: a Map through which every call goes keeps what has left it
 * alive (gateway/watch.ts says how), and of each call that shall be a number.
 */
export class LiveCalls<T> {
  readonly #places = new Map<string, number>()
  readonly #list: (T | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#places.size
  }

  get(id: string): T | undefined {
    const place = this.#places.get(id)
    return place === undefined ? undefined : this.#list[place]
  }

  set(id: string, live: T) {
    const place = this.#places.get(id) ?? this.#free.pop() ?? this.#list.length
    this.#places.set(id, place)
    this.#list[place] = live
  }

  delete(id: string) {
    const place = this.#places.get(id)
    if (place === undefined) return
    this.#places.delete(id)
    this.#list[place] = undefined
    this.#free.push(place)
  }

  all(): T[] {
    return this.#list.filter((live) => live !== undefined)
  }
}

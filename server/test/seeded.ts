/** Chance that can be repeated: the same seed gives the same cases. Nothing secret is made with it. */
export interface Chance {
  /** From 0 to below `limit`. */
  below(limit: number): number
  pick<T>(from: readonly T[]): T
}

export function seeded(seed: number): Chance {
  let state = seed | 0
  // mulberry32, a generator of 32 bits that passes the usual tests
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number) => Math.floor((next() / 0x1_0000_0000) * limit)
  return { below, pick: (from) => from[below(from.length)] as (typeof from)[number] }
}

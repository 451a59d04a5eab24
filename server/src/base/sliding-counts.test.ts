import { describe, expect, it } from 'vitest'
import { createSlidingCounts } from './sliding-counts.ts'

describe('counts of the last minutes', () => {
  it('forget the oldest minute when a new one begins', () => {
    let now = 1_000_000_000_000
    const counts = createSlidingCounts(() => now, { minutes: 3 })
    counts.add()
    now += 60_000
    counts.add()
    counts.add()
    expect(counts.sums()).toEqual([3])
    now += 2 * 60_000
    expect(counts.sums()).toEqual([2])
    now += 60_000
    expect(counts.sums()).toEqual([0])
  })

  it('forget everything over a long silence, and count on', () => {
    let now = 0
    const counts = createSlidingCounts(() => now, { minutes: 15, width: 2 })
    counts.add(0)
    counts.add(1)
    now += 24 * 60 * 60_000
    counts.add(1)
    expect(counts.sums()).toEqual([0, 1])
  })

  it('bear a clock that is put back', () => {
    let now = 10 * 60_000
    const counts = createSlidingCounts(() => now, { minutes: 3 })
    counts.add()
    now -= 5 * 60_000
    counts.add()
    expect(counts.sums()).toEqual([2])
  })
})

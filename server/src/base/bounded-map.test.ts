import { describe, expect, it } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

describe('a bounded map', () => {
  it('forgets each entry at its time', () => {
    const map = new BoundedMap<string>(3)
    map.set('a', 'A', 100)
    expect(map.get('a', 99)).toBe('A')
    expect(map.get('a', 100)).toBeUndefined()
    expect(map.get('a', 0)).toBeUndefined()
    expect(map.size).toBe(0)
  })

  it('makes room by forgetting what was unused for longest', () => {
    const map = new BoundedMap<number>(3)
    for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index, 100)
    map.get('a', 0)
    map.set('d', 3, 100)
    expect(['a', 'b', 'c', 'd'].map((key) => map.get(key, 0))).toEqual([0, undefined, 2, 3])
  })

  it('never holds more than it may, and replaces an entry in place of adding one', () => {
    const map = new BoundedMap<number>(100)
    for (let count = 0; count < 10_000; count++) map.set(`${count % 150}`, count, 100)
    expect(map.size).toBe(100)
    for (let count = 0; count < 10; count++) map.set('one', count, 100)
    expect(map.size).toBe(100)
    expect(map.get('one', 0)).toBe(9)
    map.delete('one')
    expect(map.get('one', 0)).toBeUndefined()
  })
})

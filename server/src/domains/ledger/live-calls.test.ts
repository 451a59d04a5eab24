import { describe, expect, it } from 'vitest'
import { LiveCalls } from './live-calls.ts'

describe('calls under way', () => {
  it('are found by their ids until they are taken out', () => {
    const calls = new LiveCalls<string>()
    calls.set('a', 'first')
    calls.set('b', 'second')
    calls.delete('a')
    calls.delete('a')
    calls.set('c', 'third')
    calls.set('b', 'again')
    expect(['a', 'b', 'c'].map((id) => calls.get(id))).toEqual([undefined, 'again', 'third'])
    expect(calls.all().sort()).toEqual(['again', 'third'])
    expect(calls.size).toBe(2)
  })

  it('agree with a Map, whatever comes and goes', () => {
    const calls = new LiveCalls<number>()
    const model = new Map<string, number>()
    for (let step = 0; step < 5_000; step++) {
      const id = `${(step * 7_919) % 61}`
      if (step % 3 === 0) {
        calls.delete(id)
        model.delete(id)
      } else {
        calls.set(id, step)
        model.set(id, step)
      }
      expect([calls.get(id), calls.size]).toEqual([model.get(id), model.size])
    }
    expect(calls.all().sort()).toEqual([...model.values()].sort())
  })
})

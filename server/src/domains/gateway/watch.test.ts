import { expect, it, vi } from 'vitest'
import { type OnWatch, Watch } from './watch.ts'

const watched = (checkTime = vi.fn()) => ({ place: -1, checkTime, stop: vi.fn() }) satisfies OnWatch

it('looks at those that are on it, and at no other, in whatever order they leave', () => {
  vi.useFakeTimers()
  const watch = new Watch(100)
  const [one, two, three] = [watched(), watched(), watched()] as const
  for (const each of [one, two, three]) watch.add(each)
  watch.delete(one)
  watch.delete(one) // twice is once
  expect(watch.size).toBe(2)
  vi.advanceTimersByTime(100)
  expect([one, two, three].map(({ checkTime }) => checkTime.mock.calls.length)).toEqual([0, 1, 1])
  watch.delete(three)
  watch.delete(two)
  expect(watch.size).toBe(0)
  watch.close()
  vi.useRealTimers()
})

it('bears that one leaves while it is looked at', () => {
  vi.useFakeTimers()
  const watch = new Watch(100)
  const leaving = watched(vi.fn(() => watch.delete(leaving)))
  const staying = watched()
  watch.add(leaving)
  watch.add(staying)
  vi.advanceTimersByTime(200)
  expect(leaving.checkTime).toHaveBeenCalledTimes(1)
  expect(staying.checkTime).toHaveBeenCalledTimes(2)
  watch.close()
  vi.useRealTimers()
})

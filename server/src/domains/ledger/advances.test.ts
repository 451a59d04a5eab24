import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeCall } from '../../../test/ledger.ts'
import { Advances, type FreePlaces, type Wish } from './advances.ts'
import type { Call } from './call.ts'

/** A database that has as many places as it is told, and notes what is asked of it. */
function makeLender() {
  const lender = {
    most: 1_000,
    isAway: false,
    asked: [] as Wish[],
    back: [] as FreePlaces[],
    async open(wish: Wish) {
      await Promise.resolve()
      lender.asked.push({ ...wish })
      if (lender.isAway) throw new Error('away')
      return Math.min(wish.places, lender.most)
    },
    async giveBack(free: readonly FreePlaces[]) {
      if (lender.isAway) throw new Error('away')
      lender.back.push(...free)
    },
  }
  return lender
}

describe('places in advance', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] })
    vi.setSystemTime(Date.parse('2026-03-04T12:00:00Z'))
  })
  afterEach(() => void vi.useRealTimers())

  const userId = crypto.randomUUID()
  const call = (change: Partial<Call> = {}) => makeCall({ userId, mostInputTokens: 600, mostOutputTokens: 100, ...change })
  const begin = () => {
    const lender = makeLender()
    return { lender, advances: new Advances(lender, Date.now) }
  }
  /** So many calls, one millisecond after the other. Says which had a place. */
  async function take(advances: Advances, times: number, change: Partial<Call> = {}) {
    const had: boolean[] = []
    for (let n = 0; n < times; n++) {
      const one = call(change)
      had.push(await advances.take(one))
      expect(one.advanceId !== undefined).toBe(had.at(-1))
      vi.advanceTimersByTime(1)
    }
    return had
  }

  it('are for whoever calls again at once, and not for a call that comes alone', async () => {
    const { lender, advances } = begin()
    expect(await take(advances, 1)).toEqual([false])
    vi.advanceTimersByTime(150)
    expect(await take(advances, 3)).toEqual([false, true, true])
    expect(lender.asked[0]).toMatchObject({ userId, mostInputTokens: 640, mostOutputTokens: 100, places: 2 })
  })

  it('are asked for as quickly as they are used, before the last is gone, and never more than two advances at once', async () => {
    const { lender, advances } = begin()
    await take(advances, 200)
    const asked = lender.asked.map(({ places }) => places)
    expect(asked.length).toBeLessThan(25)
    expect(Math.max(...asked)).toBeLessThanOrEqual(20) // as many as come in sixteen milliseconds
    expect(asked.reduce((sum, places) => sum + places, 0) - 199).toBeLessThanOrEqual(2 * 20)
  })

  it('wait for one answer together where many come at the same moment', async () => {
    const { lender, advances } = begin()
    const calls = Array.from({ length: 20 }, () => call())
    const had = await Promise.all(calls.map((one) => advances.take(one)))
    expect(had).toEqual([false, ...Array(19).fill(true)])
    expect(lender.asked.length).toBeLessThanOrEqual(2)
  })

  it('are never asked for beyond what the database gives at once, however many wait', async () => {
    const { lender, advances } = begin()
    const had = await Promise.all(Array.from({ length: 1_500 }, () => advances.take(call())))
    expect(had.filter((one) => one)).toHaveLength(1_000) // the others ask for themselves
    expect(Math.max(...lender.asked.map(({ places }) => places))).toBe(1_000)
  })

  it.each<[string, Partial<Call>]>([
    ['another person', { userId: crypto.randomUUID() }],
    ['another key', { keyId: crypto.randomUUID() }],
    ['another payer', { credentialSource: 'server-key' }],
    ['another provider', { provider: 'other' }],
    ['another model', { model: 'other' }],
    ['a longer prompt', { mostInputTokens: 641 }],
    ['another bound of the answer', { mostOutputTokens: 101 }],
    ['no bound of the answer', { mostOutputTokens: undefined }],
    ['more answers', { mostChoices: 2 }],
    ['images', { mostImages: 1 }],
    ['a cost that the operator set', { mostCostUsd: '0.01' }],
    ['a bound that nobody knows', { mostInputTokens: undefined }],
    ['a prompt of any length', { mostInputTokens: 1e12 }],
  ])('are not for a call of %s', async (_, change) => {
    const { advances } = begin()
    await take(advances, 10)
    expect(await take(advances, 1, change)).toEqual([false])
  })

  it('are of one day, in whose window they were reserved', async () => {
    const { lender, advances } = begin()
    vi.setSystemTime(Date.parse('2026-03-04T23:59:59.990Z'))
    await take(advances, 5)
    vi.setSystemTime(Date.parse('2026-03-05T00:00:00.001Z'))
    const before = lender.asked.length
    const one = call()
    await advances.take(one)
    expect(lender.asked.slice(before).map(({ id }) => id)).toContain(one.advanceId)
  })

  it('are given back when a quarter of a second is over, and none of them is used from then on', async () => {
    const { lender, advances } = begin()
    await take(advances, 2)
    vi.advanceTimersByTime(260)
    await advances.tidy()
    expect(lender.back).toEqual(lender.asked.map(({ id }) => ({ id, places: 1 })))
    expect(await take(advances, 1)).toEqual([false])
  })

  it('are not used in the day after', async () => {
    vi.setSystemTime(Date.parse('2026-03-04T23:59:59.995Z'))
    const { lender, advances } = begin()
    const had = await take(advances, 20)
    const days = lender.asked.map(({ startedAtMs }) => new Date(startedAtMs).getUTCDate())
    expect(had.filter((one) => !one)).toHaveLength(1)
    expect(days).toContain(5)
    await advances.giveBack()
    // Whatever was reserved on the fourth and not used then went back.
    const drawn = had.length - 1
    expect(
      lender.asked.reduce((sum, { places }) => sum + places, 0) - lender.back.reduce((sum, { places }) => sum + (places ?? 0), 0),
    ).toBe(drawn)
  })

  it('are not asked for again for a second where there is no room', async () => {
    const { lender, advances } = begin()
    lender.most = 0
    expect(await take(advances, 20)).toEqual(Array(20).fill(false))
    expect(lender.asked).toHaveLength(1)
    vi.advanceTimersByTime(1_000)
    lender.most = 10
    expect(await take(advances, 2)).toEqual([false, true])
  })

  it('are told to whoever waits for them when nobody knows of them, and given back later, all there are', async () => {
    const { lender, advances } = begin()
    await take(advances, 1)
    lender.isAway = true
    await expect(advances.take(call())).rejects.toThrow('away')
    advances.doubt(lender.asked[0]?.id ?? '')
    expect(await advances.giveBack()).toBe(false)
    lender.isAway = false
    await advances.tidy()
    const all = { id: lender.asked[0]?.id, places: undefined }
    expect(lender.back).toEqual([all])
    vi.advanceTimersByTime(59_000)
    await advances.tidy()
    expect(lender.back).toEqual([all, all]) // it may have been granted since
    vi.advanceTimersByTime(1_000)
    await advances.tidy()
    expect(lender.back).toHaveLength(2)
  })

  it('are a few for whoever calls now and then, and not one for each call', async () => {
    const { lender, advances } = begin()
    for (let n = 0; n < 50; n++) {
      await take(advances, 1)
      vi.advanceTimersByTime(39)
      await advances.tidy()
    }
    expect(lender.asked.length).toBeLessThan(25)
    expect(Math.max(...lender.asked.map(({ places }) => places))).toBeLessThanOrEqual(4)
  })

  it('are all told, however many there are and whatever is being told meanwhile', async () => {
    const { lender, advances } = begin()
    const people = Array.from({ length: 700 }, () => crypto.randomUUID())
    for (const one of people) await take(advances, 2, { userId: one })
    const failing = Promise.withResolvers<void>()
    const { giveBack } = lender
    lender.giveBack = () => failing.promise.then(() => Promise.reject(new Error('away')))
    vi.advanceTimersByTime(260)
    const tidied = advances.tidy()
    await Promise.resolve()
    const stopped = advances.giveBack()
    lender.giveBack = giveBack
    failing.resolve()
    expect([await tidied, await stopped]).toEqual([undefined, true])
    expect(lender.back).toHaveLength(lender.asked.length)
  })

  it('of one person are given back alone', async () => {
    const { lender, advances } = begin()
    const other = crypto.randomUUID()
    await take(advances, 2)
    await take(advances, 2, { userId: other })
    await advances.giveBack(({ userId: whose }) => whose === other)
    expect(lender.back).toEqual(lender.asked.filter((one) => one.userId === other).map(({ id }) => ({ id, places: 1 })))
    expect(await take(advances, 1)).toEqual([true])
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OpenedKeys } from './opened-keys.ts'

describe('a key that was opened', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const opening = () => {
    const open = vi.fn(() => ({ authorization: 'Bearer one' }))
    return { open, candidate: {}, keys: new OpenedKeys() }
  }

  it('is not opened again for a few seconds, and then it is', () => {
    const { open, candidate, keys } = opening()
    for (let call = 0; call < 3; call++) expect(keys.of(candidate, open)).toEqual({ authorization: 'Bearer one' })
    expect(open).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(5_000)
    keys.of(candidate, open)
    expect(open).toHaveBeenCalledTimes(2)
  })

  it('is opened again at once when something changed', () => {
    const { open, candidate, keys } = opening()
    keys.of(candidate, open)
    keys.forget()
    keys.of(candidate, open)
    expect(open).toHaveBeenCalledTimes(2)
  })

  it('belongs to its candidate alone', () => {
    const { open, candidate, keys } = opening()
    keys.of(candidate, open)
    keys.of({ ...candidate }, () => ({ authorization: 'Bearer two' }))
    expect(keys.of(candidate, open)).toEqual({ authorization: 'Bearer one' })
  })

  it('is not kept where opening it took time, for something may have changed meanwhile', async () => {
    const { candidate, keys } = opening()
    const slow = vi.fn(async () => ({ authorization: 'Bearer one' }))
    await keys.of(candidate, slow)
    await keys.of(candidate, slow)
    expect(slow).toHaveBeenCalledTimes(2)
  })

  it('that did not open is no key', () => {
    const { open, candidate, keys } = opening()
    const refuse = () => {
      throw new Error('it does not open')
    }
    expect(() => keys.of(candidate, refuse)).toThrow('it does not open')
    expect(keys.of(candidate, open)).toEqual({ authorization: 'Bearer one' })
  })
})

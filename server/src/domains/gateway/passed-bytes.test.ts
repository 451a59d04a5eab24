import { afterEach, describe, expect, it, vi } from 'vitest'
import { notePassed } from './passed-bytes.ts'

const MIB = 2 ** 20

describe('bodies that pass through', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it('are collected every 8 MB, however small their pieces', () => {
    const gc = vi.fn(async () => {})
    vi.stubGlobal('gc', gc)
    notePassed(8 * MIB) // whatever passed before this test
    gc.mockClear()
    for (let piece = 1; piece < 128; piece++) notePassed(MIB / 16)
    expect(gc).not.toHaveBeenCalled()
    notePassed(MIB / 16)
    expect(gc).toHaveBeenCalledExactlyOnceWith({ type: 'minor', execution: 'async' })
    notePassed(MIB)
    expect(gc).toHaveBeenCalledTimes(1)
  })

  it('are left to the collector by a process that may not call it', () => {
    vi.stubGlobal('gc', undefined)
    expect(() => notePassed(64 * MIB)).not.toThrow()
  })
})

import { describe, expect, it } from 'vitest'
import { lazyPage } from './lazy-page.ts'

describe('a page that is fetched when it is opened', () => {
  it('has nothing to wait for once it is there, and is asked for again where it could not be fetched', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve({ default: () => null })]
    let asked = 0
    const page = lazyPage(() => answers[asked++] ?? Promise.reject(new Error('asked too often')))
    await page.preload?.()
    expect(asked).toBe(1)
    await page.preload?.()
    await page.preload?.()
    expect([asked, page.preload]).toEqual([2, undefined])
  })
})

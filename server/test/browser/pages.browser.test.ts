import { describe, expect, it } from 'vitest'
import { findBarriers } from './axe.ts'
import { createHouse, narrowViewport } from './house.ts'
import { everyPage } from './pages.ts'
import { addKey, makeCall, signUp } from './people.ts'

const firstLoadBytes = 250_000
const interactiveMs = 2_000
const mostShift = 0.05

/** Runs in the page. */
const watchShifts = `
  globalThis.shift = 0
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) shift += value
  }).observe({ type: 'layout-shift', buffered: true })`

describe('every page', async () => {
  const house = await createHouse()
  const { page, context, faults } = await house.visitor()
  await signUp(page)
  await addKey(page)
  await makeCall(page)

  it.each(['light', 'dark'] as const)('has no serious barrier in %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    for (const { path, heading } of everyPage) {
      await page.goto(path)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      expect(await findBarriers(page), path).toEqual([])
    }
    expect(faults).toEqual([])
  })

  it('fits a window of 360 pixels', async () => {
    await page.setViewportSize(narrowViewport)
    for (const { path, heading } of everyPage) {
      await page.goto(path)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), path).toBeLessThanOrEqual(0)
    }
    await page.getByRole('button', { name: 'Open the navigation' }).click()
    await page.getByRole('dialog').getByRole('link', { name: 'Usage' }).click()
    await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor()
    expect(faults).toEqual([])
  })

  it('can be used soon and stays where it is', async () => {
    for (const { path, heading } of everyPage) {
      const visit = await context.newPage()
      await visit.addInitScript(watchShifts)
      await visit.goto(path)
      await visit.getByRole('heading', { name: heading, level: 1 }).waitFor()
      const readyMs = await visit.evaluate<number>('performance.now()')
      await visit.waitForLoadState('networkidle')
      const shift = await visit.evaluate<number>('shift')
      if (process.env.KEYLOFT_TEST_FIGURES) console.log(path, `usable after ${Math.round(readyMs)} ms, shift ${shift.toFixed(4)}`)
      expect(shift, path).toBeLessThanOrEqual(mostShift)
      // The bar is of a machine that does nothing else; the suite’s is busy.
      expect(readyMs, path).toBeLessThan(process.env.KEYLOFT_TEST_FIGURES ? interactiveMs : 5 * interactiveMs)
      await visit.close()
    }
  })

  it('is there after at most 250 kB', async () => {
    const stranger = await house.visitor()
    const session = await stranger.context.newCDPSession(stranger.page)
    await session.send('Network.enable')
    let bytes = 0
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength
    })
    await stranger.page.goto('/')
    await stranger.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await stranger.page.waitForLoadState('networkidle')
    if (process.env.KEYLOFT_TEST_FIGURES) console.log(`first load: ${bytes} bytes`)
    expect(bytes).toBeGreaterThan(100_000)
    expect(bytes).toBeLessThanOrEqual(firstLoadBytes)
  })
})

import { describe, expect, it } from 'vitest'
import { createHouse } from './house.ts'
import { signUp } from './people.ts'

/** Runs in the page. */
const focusedName = `(() => {
  const { activeElement: element } = document
  return element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent ?? ''
})()`

describe('by keyboard alone', async () => {
  const house = await createHouse()

  it('one signs in, finds the pages, adds a key, pauses it and removes it', async () => {
    const { page, faults } = await house.visitor()
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    /** Tab until something with this name has the focus. */
    const tabTo = async (name: RegExp) => {
      for (let presses = 0; presses < 80; presses++) {
        await page.keyboard.press('Tab')
        if (name.test(await page.evaluate<string>(focusedName))) return
      }
      throw new Error(`nothing called ${name} takes the focus`)
    }
    const openPalette = async () => {
      await press('Control+k')
      await page.getByRole('combobox', { name: 'Go to a page' }).waitFor()
    }
    const email = await signUp(page)
    await openPalette()
    await page.keyboard.type('sign out')
    await press('Enter')

    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await tabTo(/^E-mail/)
    await page.keyboard.type(email)
    await press('Tab')
    await page.keyboard.type('correct horse battery')
    await press('Enter')
    await page.getByRole('heading', { name: 'Start', level: 1 }).waitFor()

    await press('g', 'k')
    await page.getByRole('heading', { name: 'Keys', level: 1 }).waitFor()
    await openPalette()
    await page.keyboard.type('spend')
    await press('Enter')
    await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor()
    await press('g', 'k')
    await page.getByRole('heading', { name: 'Keys', level: 1 }).waitFor()

    await tabTo(/^Add a key$/)
    await press('Enter')
    await page.getByRole('dialog', { name: 'Add a key' }).waitFor()
    await page.getByRole('combobox', { name: 'Provider' }).waitFor()
    await page.keyboard.type('mock')
    await press('ArrowDown', 'Enter')
    await tabTo(/^Key/)
    await page.keyboard.type('mk-by-keyboard-0123456789')
    await press('Enter')
    await page.getByText('verified', { exact: true }).waitFor()

    await tabTo(/^Pause$/)
    await press('Enter')
    await page.getByText('paused', { exact: true }).waitFor()
    await tabTo(/^More for mock$/)
    await press('Enter')
    await page.getByRole('menuitem', { name: 'Remove …' }).waitFor()
    for (let presses = 0; presses < 5 && !/Remove/.test(await page.evaluate<string>(focusedName)); presses++) await press('ArrowDown')
    await press('Enter')
    await page.getByRole('dialog', { name: 'Remove mock' }).waitFor()
    await page.getByText('You have no other key').waitFor()
    await page.keyboard.type('mock')
    await press('Enter')
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor()
    expect(faults).toEqual([])
  })

  it('what has the focus is seen, and the navigation can be skipped', async () => {
    const { page } = await house.visitor()
    await signUp(page)
    await page.goto('/keys')
    await page.getByRole('heading', { name: 'Keys', level: 1 }).waitFor()
    await page.keyboard.press('Tab')
    const skip = page.getByRole('button', { name: 'Skip to the page' })
    expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0)
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN')
    await page.keyboard.press('Tab')
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
    expect(outline).not.toBe('none')
  })
})

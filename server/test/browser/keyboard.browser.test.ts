import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { enter } from './enter.ts'
import { createHouse } from './house.ts'
import { addKey, signUp } from './people.ts'

/** Runs in the page. */
const focusedName = `(() => {
  const { activeElement: element } = document
  return element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent ?? ''
})()`

function keysOf(page: Page) {
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  /** With `key`, until something with this name has the focus. */
  const moveTo = async (key: 'Tab' | 'ArrowDown', name: RegExp) => {
    for (let presses = 0; presses < 80; presses++) {
      await press(key)
      if (name.test(await page.evaluate<string>(focusedName))) return
    }
    throw new Error(`nothing called ${name} takes the focus`)
  }
  return {
    press,
    /** As fast as they come, however long the page takes for each. */
    pressAtOnce: (...keys: string[]) => Promise.all(keys.map((key) => page.keyboard.press(key))),
    type: (text: string) => page.keyboard.type(text),
    tabTo: (name: RegExp) => moveTo('Tab', name),
    /** From a menu that opens. */
    choose: async (name: RegExp) => {
      await page.getByRole('menuitem', { name }).waitFor()
      await moveTo('ArrowDown', name)
      await press('Enter')
    },
    /** By its letter, which a field would take for itself. */
    go: async (letter: string, title: string) => {
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await press('g', letter)
      await page.getByRole('heading', { name: title, level: 1 }).waitFor()
    },
  }
}

describe('by keyboard alone', async () => {
  const house = await createHouse()

  it('one signs in, finds the pages, adds a key, pauses it and removes it', async () => {
    const { page, faults } = await house.visitor()
    const { press, tabTo, choose, go } = keysOf(page)
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

    await go('k', 'Keys')
    await openPalette()
    await page.keyboard.type('spend')
    await press('Enter')
    await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor()
    await go('k', 'Keys')

    await tabTo(/^Add a key$/)
    await press('Enter')
    await page.getByRole('dialog', { name: 'Add a key' }).waitFor()
    await page.getByRole('combobox', { name: 'Provider' }).waitFor()
    await page.keyboard.type('mock')
    await page.getByRole('option', { name: 'mock' }).waitFor()
    await press('ArrowDown', 'Enter')
    await tabTo(/^Key/)
    await page.keyboard.type('mk-by-keyboard-0123456789')
    await press('Enter')
    await page.getByText('verified', { exact: true }).waitFor()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })

    await tabTo(/^Pause$/)
    await press('Enter')
    await page.getByText('paused', { exact: true }).waitFor()
    await tabTo(/^More for mock$/)
    await press('Enter')
    await choose(/^Remove/)
    await page.getByRole('dialog', { name: 'Remove mock' }).waitFor()
    await page.getByText('You have no other key').waitFor()
    await page.keyboard.type('mock')
    await press('Enter')
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor()
    expect(faults).toEqual([])
  })

  it('one limits a key, calls from the playground and reads the trace', async () => {
    const { page, faults } = await house.visitor()
    await signUp(page)
    await addKey(page)
    const { press, type, tabTo, choose, go } = keysOf(page)

    await tabTo(/^More for mock$/)
    await press('Enter')
    await choose(/^Limits/)
    await page.getByRole('dialog', { name: 'Change mock' }).waitFor()
    await tabTo(/^Calls a day$/)
    await type('7')
    await press('Enter')
    await page.getByRole('definition').filter({ hasText: /^7$/ }).waitFor()

    await go('p', 'Playground')
    await tabTo(/^Model$/)
    await press('Control+a')
    await type('mock-1')
    await page.waitForURL(/model=mock-1$/)
    await tabTo(/^Prompt$/)
    await type('hello there')
    await press('Enter')
    const answer = page.getByRole('region', { name: 'Answer of mock-1' })
    await answer.getByText('You said: hello there').waitFor()
    await answer.getByRole('link', { name: /\$/ }).waitFor()
    await tabTo(/^\$/)
    await press('Enter')
    await page.getByRole('region', { name: 'What it cost' }).getByRole('cell', { name: 'input', exact: true }).waitFor()

    await go('u', 'Usage')
    await page.getByRole('row', { name: /mock-1 mock completed/ }).waitFor()
    await tabTo(/^Key$/)
    await press('ArrowDown')
    await page.getByRole('option', { name: /^mock/ }).waitFor()
    await press('ArrowDown', 'Enter')
    await page.waitForURL(/key=/)
    await page.getByRole('row', { name: /mock-1 mock completed/ }).waitFor()
    expect(faults).toEqual([])
  })

  it('one who types ahead of the page sends to the model that was typed', async () => {
    const { page, context, faults } = await house.visitor()
    const { ask } = await enter(house, context)
    const { press, pressAtOnce } = keysOf(page)
    await ask('POST', '/api/profile/api-keys', { provider: 'mock', apiKey: 'mk-of-the-quick-0123456789' }, house.app)
    await page.goto('/playground?model=gpt-4o')
    await page.getByRole('combobox', { name: 'Model' }).focus()
    await press('Control+a')
    const request = page.waitForRequest('**/v1/chat/completions')
    await pressAtOnce(...'mock-1', 'Tab', 'Tab', 'Tab', ...'hello', 'Enter')
    expect((await request).postDataJSON()).toMatchObject({ model: 'mock-1', messages: [{ content: 'hello' }] })
    await page.getByRole('region', { name: 'Answer of mock-1' }).getByText('You said: hello').waitFor()
    expect(faults).toEqual([])
  })

  it('one who sets filters ahead of the page has all of them', async () => {
    const { page, context, faults } = await house.visitor()
    await enter(house, context)
    await page.goto('/models')
    await page.getByRole('button', { name: 'Recommended' }).focus()
    await keysOf(page).pressAtOnce('Enter', 'Tab', 'Enter', 'Tab', 'Enter')
    for (const name of ['Recommended', 'Sees images', 'Calls tools']) await page.getByRole('button', { name, pressed: true }).waitFor()
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ curated: 'true', vision: 'true', tools: 'true' })
    expect(faults).toEqual([])
  })

  it('one makes a token and revokes it, and changes profile and settings', async () => {
    const { page, context, faults } = await house.visitor()
    const { ask } = await enter(house, context)
    const { press, type, tabTo, go } = keysOf(page)
    await page.goto('/tokens')
    await page.getByRole('heading', { name: 'No tokens yet' }).waitFor()
    await tabTo(/^New token$/)
    await press('Enter')
    await page.getByRole('dialog', { name: 'New token' }).waitFor()
    await tabTo(/^Name/)
    await type('laptop')
    await press('Enter')
    await page.getByRole('region', { name: 'the token' }).waitFor()
    await tabTo(/^I have it$/)
    await press('Enter')
    await page.getByRole('button', { name: 'Revoke laptop …' }).waitFor()
    await tabTo(/^Revoke laptop/)
    await press('Enter')
    await page.getByRole('dialog', { name: 'Revoke laptop' }).waitFor()
    await tabTo(/^Type laptop/)
    await type('laptop')
    await press('Enter')
    await page.getByRole('heading', { name: 'No tokens yet' }).waitFor()

    await go('a', 'Account')
    await tabTo(/^Name$/)
    await press('Control+a')
    await type('Ada the Second')
    await press('Enter')
    await page.getByText('Your profile is saved.').waitFor()
    await tabTo(/^My keys only/)
    await press('Space')
    await page.getByText('Without effect while only your keys may serve.').waitFor()
    expect((await ask('GET', '/api/profile')).json()).toMatchObject({ displayName: 'Ada the Second' })
    expect((await ask('GET', '/api/settings')).json()).toMatchObject({ ownKeysOnly: true })
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

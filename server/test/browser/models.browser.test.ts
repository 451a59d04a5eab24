import { describe, expect, it } from 'vitest'
import { findBarriers } from './axe.ts'
import { enter } from './enter.ts'
import { createHouse } from './house.ts'

const notThere = { type: 'about:blank', title: 'There is no such call of yours.', status: 404, code: 'usage.no_such_call' }

describe('models and playground', async () => {
  const house = await createHouse()
  const lookAround = async (options?: Parameters<typeof house.visitor>[0]) => {
    const visitor = await house.visitor(options)
    return { ...visitor, ...(await enter(house, visitor.context)) }
  }

  it('finds models by what is asked of them, and keeps the question in the address', async () => {
    const { page, faults } = await lookAround()
    await page.goto('/models')
    await page.getByText('gpt-4o-mini').first().waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.getByLabel('Search').fill('haiku')
    await page.getByLabel('to $').fill('1')
    await page.getByRole('button', { name: 'Sees images' }).click()
    await page.waitForURL(/(?=.*search=haiku)(?=.*inputAtMost=1)(?=.*vision=true)/)
    await page.getByText(/^\d+ of \d+ models$/).waitFor()
    const names = await page.locator('tbody button[aria-expanded]').allInnerTexts()
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) expect(name.toLowerCase()).toContain('haiku')
    await page.reload()
    expect(await page.getByLabel('Search').inputValue()).toBe('haiku')
    await page.getByLabel('Search').fill('no such model')
    await page.getByText('No model is like this').waitFor()
    await page.getByRole('button', { name: 'Show all models' }).click()
    await page.getByText('gpt-4o-mini').first().waitFor()
    expect(page.url()).toBe(`${house.url}/models`)
    expect(faults).toEqual([])
  })

  it('shows every rate of a model, and leads to the playground by keyboard alone, at 360 pixels in the dark', async () => {
    const { page, faults } = await lookAround({ colorScheme: 'dark', viewport: { width: 360, height: 740 } })
    await page.goto('/models?search=claude-sonnet-4-5&provider=anthropic')
    const first = page.locator('tbody button[aria-expanded]').first()
    await first.focus()
    await page.keyboard.press('Enter')
    await page.getByText('Cache write, 1 h').first().waitFor()
    expect(await findBarriers(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBeLessThanOrEqual(0)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL(/playground\?model=claude-sonnet-4-5/)
    expect(await page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('claude-sonnet-4-5')
    expect(faults).toEqual([])
  })

  it('streams from a model, and then says what it cost to the last digit', async () => {
    const { page, context, ask, faults } = await lookAround()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await ask('POST', '/api/profile/api-keys', { provider: 'mock', apiKey: 'mock-key-of-a-test-0123456789' }, house.app)
    await page.goto('/playground?model=mock-1')
    await page.getByText('Would go to mock with your key').waitFor()
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Say something about keys.')
    await page.keyboard.press('Enter')
    await page.getByRole('group', { name: 'Figures of the last call' }).getByRole('link').waitFor()
    const { items } = (await ask('GET', '/api/usage/calls')).json()
    expect(items).toHaveLength(1)
    const figures = await page.getByRole('group', { name: 'Figures of the last call' }).innerText()
    expect(figures.replaceAll('\n', ' ')).toContain(`In ${items[0].tokens.input} Out ${items[0].tokens.output} Cost `)
    expect(figures).toContain(items[0].costUsd === null ? 'unpriced' : `$${items[0].costUsd}`)
    expect(await findBarriers(page)).toEqual([])

    await page.getByRole('textbox', { name: 'Prompt' }).fill('And the next turn.')
    await page.getByRole('button', { name: 'Code' }).click()
    await page.getByRole('menuitem', { name: 'curl' }).click()
    const copied = await page.evaluate('navigator.clipboard.readText()')
    expect(copied).toContain(`${house.url}/v1/chat/completions`)
    expect(copied).toContain('And the next turn.')
    expect(copied).not.toMatch(/klt_|sk-/)
    expect(faults).toEqual([])
  })

  it('asks for what a call cost until the books have it, and says meanwhile that they have not', async () => {
    const { page, ask, faults } = await lookAround()
    await ask('POST', '/api/profile/api-keys', { provider: 'mock', apiKey: 'mock-key-of-a-test-0123456789' }, house.app)
    let asked = 0
    await page.route('**/api/usage/calls/*', (route) => (++asked <= 6 ? route.fulfill({ status: 404, json: notThere }) : route.continue()))
    await page.clock.install()
    await page.goto('/playground?model=mock-1')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Take your time.')
    await page.keyboard.press('Enter')
    const figures = page.getByRole('group', { name: 'Figures of the last call' })
    await figures.getByText('Cost, not booked yet').waitFor()
    for (let minute = 0; minute < 10 && (await figures.getByRole('link').count()) === 0; minute++) await page.clock.runFor(60_000)
    await figures.getByRole('link').waitFor()
    expect([asked, await figures.getByText('Cost', { exact: true }).count()]).toEqual([7, 1])
    expect(faults).toEqual([])
  })

  it('compares two models side by side, and says what was refused with its code', async () => {
    const { page, ask, faults } = await lookAround({ colorScheme: 'dark' })
    await ask('POST', '/api/profile/api-keys', { provider: 'mock', apiKey: 'mock-key-of-a-test-0123456789' }, house.app)
    await page.goto('/playground?model=mock-1')
    await page.getByRole('button', { name: 'Compare with another' }).click()
    await page.getByRole('combobox', { name: 'Beside it' }).fill('gpt-4o')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Hello to you both')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('resolver.').waitFor()
    await page.getByRole('group', { name: 'Figures of the last call' }).getByRole('link').waitFor()
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
  })

  it('can be stopped in the middle of an answer, which stays', async () => {
    const { page, faults } = await lookAround()
    await page.route('**/v1/chat/completions', async () => {}) // never answered
    await page.goto('/playground?model=mock-1')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Never mind')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('You stopped it.').waitFor()
    await page.getByText('Never mind').waitFor()
    expect(faults).toEqual([])
  })
})

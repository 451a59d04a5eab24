import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { createHouse } from './house.ts'
import { everyPage } from './pages.ts'
import { addKey, signUp } from './people.ts'

const problem = {
  status: 500,
  contentType: 'application/problem+json',
  body: JSON.stringify({
    type: 'about:blank',
    title: 'Something went wrong on our side.',
    status: 500,
    code: 'http.internal',
    requestId: 'req-of-test',
  }),
}
/** Runs in the page. */
const everythingKept = `(async () =>
  JSON.stringify([{ ...localStorage }, { ...sessionStorage }, await indexedDB.databases(), document.cookie, await caches.keys()]))()`
const exceptSession = /\/api\/(?!auth\/get-session)/

describe('with an API that fails', async () => {
  const house = await createHouse()
  const { page, context, faults } = await house.visitor()
  const key = 'mk-never-to-be-stored-0123456789'
  await signUp(page)
  await addKey(page, key)

  const isBlank = async (one: Page) => ((await one.locator('main').innerText()).trim().length < 5 ? one.url() : undefined)

  it('every page says what is the matter, with the code and a way to try again', async () => {
    await context.route(exceptSession, (route) => route.fulfill(problem))
    for (const { path, heading } of everyPage) {
      await page.goto(path)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
      await page.getByText('http.internal').first().waitFor()
      expect(await page.getByRole('button', { name: 'Try again' }).count(), path).toBeGreaterThan(0)
    }
    await context.unroute(exceptSession)
    await page.goto('/tokens')
    await page.getByRole('heading', { name: 'No tokens yet' }).waitFor()
    expect(faults).toEqual([])
  })

  it('a page that waits shows that it does, and one whose server is gone what it has', async () => {
    await context.route('**/api/profile/api-keys', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      await route.continue()
    })
    await page.goto('/keys')
    await page.getByRole('status', { name: 'Loading' }).first().waitFor()
    await page.getByText('verified', { exact: true }).waitFor()
    await context.unroute('**/api/profile/api-keys')

    await context.setOffline(true)
    await page.getByText('This device is offline').waitFor()
    for (const name of ['Usage', 'Tokens', 'Models']) {
      await page.getByRole('link', { name, exact: true }).click()
      await page.waitForTimeout(300)
      expect(await isBlank(page)).toBeUndefined()
    }
    await context.setOffline(false)
    await page.reload()
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(faults).toEqual([])
  })

  it('a form keeps what was typed, and says beside the field what the server says of it', async () => {
    await page.goto('/keys')
    await page.getByRole('button', { name: 'Add a key' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Add a key' })
    await dialog.getByRole('combobox', { name: 'Provider' }).click()
    await page.getByRole('option', { name: 'OpenAI' }).click()
    await dialog.getByLabel(/^Key/).fill('two words')
    await dialog.getByLabel('Name').fill('x'.repeat(300))
    await dialog.getByLabel(/^Ask the provider/).uncheck()
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await dialog.locator('[class*="Input-error"], [class*="InputWrapper-error"]').first().waitFor()
    expect(await dialog.getByLabel('Name').inputValue()).toBe('x'.repeat(300))
  })

  it('keeps no secret in the browser', async () => {
    await page.goto('/')
    await page.getByRole('button', { name: 'Put a fresh token in' }).click()
    const snippet = page.getByRole('region', { name: 'the snippet for curl' })
    await snippet.getByText(/klt_[A-Za-z0-9]{8}/).waitFor()
    const token = /klt_[A-Za-z0-9_]{20,}/.exec((await snippet.innerText()) ?? '')?.[0] ?? 'none'
    const kept = await page.evaluate<string>(everythingKept)
    expect(token).toMatch(/^klt_/)
    expect(kept).not.toContain(key)
    expect(kept).not.toContain(token)
    expect(kept).not.toMatch(/session_token|klt_/)
    expect(JSON.parse(kept)[2]).toEqual([])
  })
})

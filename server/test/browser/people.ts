import type { Page } from 'playwright-core'

let people = 0

/** Through the pages, as anybody would. Gives the address that was signed up with. */
export async function signUp(page: Page, name = 'Ada Okafor'): Promise<string> {
  const email = `walker${++people}.${Date.now()}@example.com`
  await page.goto('/sign-up')
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel(/^Password/).fill('correct horse battery')
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('heading', { name: 'Start', level: 1 }).waitFor()
  return email
}

export async function addKey(page: Page, apiKey = 'mk-of-the-walk-0123456789abcd') {
  await page.goto('/keys')
  await page.getByRole('button', { name: 'Add a key' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Add a key' })
  await dialog.getByRole('combobox', { name: 'Provider' }).click()
  await page.getByRole('option', { name: 'mock' }).click()
  await dialog.getByLabel(/^Key/).fill(apiKey)
  await dialog.getByRole('button', { name: 'Verify and add' }).click()
  await page.getByText('verified', { exact: true }).waitFor()
}

/** In the playground. Gives the address of the call’s own page. */
export async function makeCall(page: Page, prompt = 'hello there'): Promise<string> {
  await page.goto('/playground?model=mock-1')
  await page.getByLabel(/^Prompt/).fill(prompt)
  await page.getByRole('button', { name: 'Send' }).click()
  const cost = page.getByRole('region', { name: 'Answer of mock-1' }).getByRole('link', { name: /\$/ })
  return (await cost.getAttribute('href')) ?? ''
}

import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { asTestClient } from '../socket-guard.ts'
import { createHouse } from './house.ts'
import { addKey, signUp } from './people.ts'

describe('the first walk', async () => {
  const house = await createHouse()

  it('leads from a sign-up over a key and a streamed answer to its exact cost, a token, and a key that is paused', async () => {
    const { page, faults } = await house.visitor()
    await signUp(page)
    await addKey(page)

    await page.getByRole('link', { name: 'Playground' }).click()
    await page.getByRole('combobox', { name: 'Model' }).fill('mock-1')
    await page.getByLabel(/^Prompt/).fill('hello there')
    await page.getByRole('button', { name: 'Send' }).click()
    const answer = page.getByRole('region', { name: 'Answer of mock-1' })
    await answer.getByText('You said: hello there').waitFor()
    const cost = answer.getByRole('link', { name: /\$/ })
    const shown = await cost.textContent()

    await page.getByRole('link', { name: 'Usage' }).click()
    const row = page.getByRole('row', { name: /mock-1 mock completed/ })
    await row.first().waitFor()
    expect(await row.count()).toBe(1)
    expect(await row.getByRole('cell').last().textContent()).toBe(shown)

    await page.getByRole('link', { name: 'Tokens' }).click()
    await page.getByRole('button', { name: 'New token' }).first().click()
    await page.getByRole('dialog').getByLabel('Name').fill('walk')
    await page.getByRole('button', { name: 'Make it' }).click()
    const token = (await page.getByRole('region', { name: 'the token' }).locator('code').textContent()) ?? ''
    await page.getByRole('button', { name: 'I have it' }).click()

    await page.getByRole('link', { name: 'Usage' }).click()
    await row.first().waitFor()
    const client = new OpenAI({ baseURL: `${house.url}/v1`, apiKey: token, maxRetries: 0 })
    const said = await asTestClient(() =>
      client.chat.completions.create({ model: 'mock-1', messages: [{ role: 'user', content: 'hello there' }] }),
    )
    expect(said.choices[0]?.message.content).toContain('hello there')
    await row.nth(1).waitFor() // nobody reloads
    expect(await row.nth(0).getByRole('cell').last().textContent()).toBe(shown)

    await page.getByRole('link', { name: 'Keys' }).click()
    await page.getByRole('textbox', { name: 'Model' }).fill('mock-1')
    const order = page.getByRole('region', { name: 'The order in which keys are tried' })
    await order.getByRole('listitem').filter({ hasText: 'serves the call' }).filter({ hasText: 'Your key' }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused', { exact: true }).waitFor()
    await order.getByRole('listitem').filter({ hasText: 'disabled' }).waitFor()
    expect(faults).toEqual([])
  })
})

import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { findBarriers } from './axe.ts'
import { enter } from './enter.ts'
import { createHouse } from './house.ts'
import { operatorPages } from './pages.ts'

const ofOperators = /\/api\/(admin|quotas)\//

describe('the operator’s pages', async () => {
  const house = await createHouse()
  const { owner } = house.test
  const visitorWith = async (options: Parameters<typeof house.visitor>[0] & { isAdmin?: boolean } = {}) => {
    const visitor = await house.visitor(options)
    return { ...visitor, ...(await enter(house, visitor.context, options)) }
  }

  it('are not in the navigation of a person who is no admin, and show them nothing', async () => {
    const { page, faults } = await visitorWith()
    await page.goto('/')
    await page.getByRole('link', { name: 'Start', exact: true }).waitFor()
    expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0)
    for (const { path, heading } of operatorPages) {
      await page.goto(path)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
      await page.getByText('http.forbidden').first().waitFor()
    }
    expect(faults).toEqual([])
  })

  it.each([
    { colorScheme: 'light' as const, viewport: { width: 1280, height: 900 } },
    { colorScheme: 'dark' as const, viewport: { width: 360, height: 740 } },
  ])('show an admin what is so, without barriers, $colorScheme and $viewport.width wide', async (options) => {
    const { page, id, ask, faults } = await visitorWith({ ...options, isAdmin: true })
    const other = await house.test.makePerson()
    await ask('PATCH', `/api/admin/users/${other.id}`, { tier: 'pro' })
    await ask('GET', '/api/usage/calls/none', undefined, house.app)
    await sql`insert into usage_hourly values (${id}, date_trunc('hour', now()), 'openai', 'gpt-4o-mini', 'user-key', 1, 0, 0, 1, 0, 1, 0, 0)`.execute(
      owner.db,
    )
    for (const { path, heading, shows } of operatorPages) {
      await page.goto(path)
      await page.getByText(shows).first().waitFor()
      expect(await findBarriers(page), heading).toEqual([])
      const tooWide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(tooWide, `${heading} scrolls sideways`).toBeLessThanOrEqual(0)
    }
    expect(faults).toEqual([])
  })

  it('decide of a person: another tier at once, and no more way in when their address was typed', async () => {
    const { page, faults } = await visitorWith({ isAdmin: true })
    const other = await visitorWith()
    await page.goto('/operator/people')
    await page.getByRole('button', { name: `Decide of ${other.email}` }).click()
    await page.getByText('Pro', { exact: true }).click()
    await page.getByRole('button', { name: 'Decide', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect((await other.ask('GET', '/api/profile')).json().tier).toBe('pro')

    await page.getByRole('button', { name: `Decide of ${other.email}` }).click()
    const disable = page.getByRole('button', { name: 'Disable it' })
    expect(await disable.isDisabled()).toBe(true)
    await page.getByLabel(`Type ${other.email} to go on`).fill(other.email)
    await disable.click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect((await other.ask('GET', '/api/profile')).statusCode).toBe(401)
    expect(faults).toEqual([])
  })

  it('change what a tier may use, and show every limit of a person', async () => {
    const { page, id, ask, faults } = await visitorWith({ isAdmin: true })
    await page.goto('/operator/quotas')
    await page.getByRole('button', { name: 'Change pro, daily' }).click()
    await page.getByLabel('Requests').fill('1234')
    await page.getByLabel('Cost in USD').fill('cheap')
    await page.getByRole('button', { name: 'Set it' }).click()
    await page.getByText('As 25 or 0.50').waitFor()
    await page.getByLabel('Cost in USD').fill('7.25')
    await page.getByRole('button', { name: 'Set it' }).click()
    await page.getByRole('row', { name: 'pro, a day 1,234' }).getByText('$7.25').waitFor()
    const { items } = (await ask('GET', '/api/quotas/tiers')).json()
    expect(items).toContainEqual(expect.objectContaining({ tier: 'pro', type: 'daily', requestLimit: 1234, costLimitUsd: '7.25' }))

    await page.getByRole('button', { name: 'Change all together, daily' }).click()
    await page.getByLabel('Cost in USD').fill('12.5')
    await page.getByRole('button', { name: 'Set it' }).click()
    await page.getByRole('row', { name: /A day.*of \$12\.50/ }).waitFor()

    await ask('PUT', '/api/quotas', { userId: id, type: 'model', provider: 'openai', model: 'gpt-4o', spend: 'own', tokenLimit: 5000 })
    await page.getByLabel('Whose').fill('nobody')
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page.getByText('The id of a person, as').waitFor()
    await page.getByLabel('Whose').fill(id)
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page
      .getByRole('row', { name: /openai gpt-4o, a day.*set by an operator/ })
      .getByText('0 of 5,000')
      .waitFor()
    await page.waitForURL(new RegExp(`user=${id}`))
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
  })

  it('filter the audit by the address, and say so where nothing is like it', async () => {
    const { page, faults, id } = await visitorWith({ isAdmin: true })
    await page.goto(`/operator/audit?action=account.tier_set&actor=${id}`)
    await page.getByText('Nothing like this was done').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByText('account.disabled').first().waitFor()
    expect(page.url()).toBe(`${house.url}/operator/audit`)
    expect(faults).toEqual([])
  })

  it('stay whole when the server fails, and go on when it is back', async () => {
    const { page, faults } = await visitorWith({ isAdmin: true })
    await page.route(ofOperators, (route) => route.fulfill({ status: 500, contentType: 'text/plain', body: 'no' }))
    for (const { path, heading } of operatorPages) {
      await page.goto(path)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
      await page.getByText('sdk.unexpected_reply').first().waitFor()
    }
    await page.unroute(ofOperators)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('gpt-4o-mini').first().waitFor()
    expect(faults).toEqual([])
  })
})

import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { findBarriers } from './axe.ts'
import { createHouse } from './house.ts'
import { addKey, makeCall, signUp } from './people.ts'

describe('people in browsers of their own', async () => {
  const house = await createHouse()

  it('are asked to sign in, and may look around without an account', async () => {
    const { page, faults } = await house.visitor()
    await page.goto('/')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Look around without an account' }).click()
    await page.getByRole('heading', { name: 'Start', level: 1 }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
  })

  it('never see each other’s keys, tokens and calls', async () => {
    const [ada, ben] = [await house.visitor(), await house.visitor()]
    await signUp(ada.page)
    await addKey(ada.page, 'mk-adas-own-key-0123456789-wxyz')
    const call = await makeCall(ada.page, 'only for ada')
    await signUp(ben.page)
    await ben.page.goto('/keys')
    await ben.page.getByRole('heading', { name: 'No keys yet' }).waitFor()
    await ben.page.goto('/usage')
    await ben.page.getByRole('heading', { name: 'No calls here' }).waitFor()
    await ben.page.goto('/tokens')
    await ben.page.getByRole('heading', { name: 'No tokens yet' }).waitFor()
    await ben.page.goto(call)
    await ben.page.getByText('usage.no_such_call').waitFor()
    expect(await ben.page.content()).not.toMatch(/wxyz|only for ada/)
    expect([...ada.faults, ...ben.faults]).toEqual([])
  })

  it('of whom one was anonymous keeps everything by signing up', async () => {
    const { page, faults } = await house.visitor()
    await page.goto('/')
    await page.getByRole('button', { name: 'Look around without an account' }).click()
    await page.getByRole('heading', { name: 'Start', level: 1 }).waitFor()
    await addKey(page)
    const call = await makeCall(page)
    await page.goto('/')
    await page.getByRole('link', { name: 'Sign up' }).click()
    await page.getByLabel('Name').fill('Cleo')
    await page.getByLabel('E-mail').fill(`cleo.${Date.now()}@example.com`)
    await page.getByLabel(/^Password/).fill('correct horse battery')
    await page.getByRole('button', { name: 'Make the account' }).click()
    await page.getByRole('button', { name: /Cleo/ }).waitFor()
    await page.goto('/keys')
    await page.getByText('verified', { exact: true }).waitFor()
    await page.goto(call)
    await page.getByRole('heading', { name: 'Call to mock-1' }).waitFor()
    expect(faults).toEqual([])
  })

  it('whose session ends come back to where they were', async () => {
    const { page, faults } = await house.visitor()
    const email = await signUp(page)
    await page.goto('/usage?period=week&outcome=failed')
    await page.getByRole('heading', { name: 'No calls here' }).waitFor()
    await sql`delete from auth.sessions where user_id = (select id from auth.users where email = ${email})`.execute(house.test.owner.db)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor() // by itself: the page asks every few seconds
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel(/^Password/).fill('correct horse battery')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor()
    expect(new URL(page.url()).search).toBe('?period=week&outcome=failed')
    expect(faults).toEqual([])
  })
})

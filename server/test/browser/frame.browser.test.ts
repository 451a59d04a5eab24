import { describe, expect, it } from 'vitest'
import { findBarriers } from './axe.ts'
import { createHouse } from './house.ts'

describe('the frame', async () => {
  const house = await createHouse()

  it('asks a stranger to sign in, and lets them look around', async () => {
    const { page, faults } = await house.visitor()
    await page.goto('/')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Look around without an account' }).click()
    await page.getByRole('heading', { name: 'Start', level: 1 }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.screenshot({ path: '/tmp/dash-frame.png' })
    expect(faults).toEqual([])
  })
})

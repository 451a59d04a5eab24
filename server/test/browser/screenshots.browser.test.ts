import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { APIRequestContext } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { projectJwt } from '../identity.ts'
import { asTestClient } from '../socket-guard.ts'
import { createHouse } from './house.ts'
import { everyPage, operatorPages } from './pages.ts'
import { addKey, makeCall, signUp } from './people.ts'

/*
 * `npm run screenshots` writes every page, light and dark, into screenshots/, and those that the README shows into
 * docs/screenshots/.
 */
const root = join(import.meta.dirname, '../../..')
const longestMs = 600_000
const inReadme = new Set(['start-light', 'usage-dark', 'keys-light'])

describe.runIf(process.env.KEYLOFT_SCREENSHOTS)('screenshots', async () => {
  const house = await createHouse()

  it('of every page, light and dark', { timeout: longestMs }, async () => {
    const { page, context } = await house.visitor()
    await signUp(page, 'Ada Okafor')
    await addKey(page)
    await asTestClient(async () => {
      await fill(context.request, house.url)
      const { id: user_id } = await (await context.request.get('/api/profile')).json()
      await house.test.owner.db.insertInto('user_standing').values({ user_id, is_admin: true }).execute()
    })
    const call = await makeCall(page, 'What does a key loft hold?')
    for (const folder of ['screenshots', 'docs/screenshots']) mkdirSync(join(root, folder), { recursive: true })

    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const take = async (name: string) => {
        await page.waitForLoadState('networkidle')
        const file = `${name}-${colorScheme}`
        for (const folder of ['screenshots', ...(inReadme.has(file) ? ['docs/screenshots'] : [])])
          await page.screenshot({ path: join(root, folder, `${file}.png`), animations: 'disabled' })
      }
      for (const { path, heading } of [...everyPage, ...operatorPages]) {
        await page.goto(path)
        await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
        await take(path === '/' ? 'start' : path.slice(1).replace('/', '-'))
      }
      await page.goto(call)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await take('call')
      const stranger = await house.visitor({ colorScheme })
      for (const name of ['sign-in', 'sign-up']) {
        await stranger.page.goto(`/${name}`)
        await stranger.page.getByRole('heading', { level: 1 }).waitFor()
        await stranger.page.waitForLoadState('networkidle')
        await stranger.page.screenshot({ path: join(root, 'screenshots', `${name}-${colorScheme}.png`) })
      }
    }
  })
})

const DAY = 24 * 3_600_000
const models = [
  ['openai', 'gpt-4o-mini', 'user-key'],
  ['anthropic', 'claude-sonnet-4-5', 'user-key'],
  ['openai', 'gpt-4.1', 'server-key'],
  ['google', 'gemini-2.5-flash', 'team-gateway'],
] as const

/** Keys and three weeks of calls, the same every time. */
async function fill(request: APIRequestContext, url: string) {
  const headers = { origin: url }
  for (const [provider, keyName, monthlyLimit] of [
    ['openai', 'work', 20_000],
    ['anthropic', '', null],
  ] as const) {
    const data = { provider, keyName, monthlyLimit, apiKey: `sk-invented-${provider}-0123456789-${keyName}Qx7f`, verify: false }
    expect((await request.post('/api/profile/api-keys', { headers, data })).ok()).toBe(true)
  }
  for (const name of ['laptop', 'the tutor app']) await request.post('/api/tokens', { headers, data: { name, scopes: ['calls', 'read'] } })
  const { id: userId } = (await (await request.get('/api/profile')).json()) as { id: string }
  const service = { authorization: `Bearer ${await projectJwt({ role: 'service_role' })}`, cookie: '' }
  for (let day = 0; day < 20; day++) {
    for (const [index, [provider, model, credentialSource]] of models.entries()) {
      const weight = 1 + ((day * 7 + index * 5) % 11)
      const data = {
        userId,
        provider,
        model,
        credentialSource,
        startedAt: new Date(Date.now() - day * DAY - index * 600_000).toISOString(),
        inputTokens: 2_000 * weight,
        outputTokens: 700 * weight,
      }
      const reply = await fetch(`${url}/api/profile/usage`, {
        method: 'POST',
        headers: { authorization: service.authorization, 'content-type': 'application/json' },
        body: JSON.stringify(data),
      })
      expect(reply.status).toBe(201)
    }
  }
}

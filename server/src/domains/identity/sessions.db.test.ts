import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestIdentity, publicUrl } from '../../../test/identity.ts'

const password = 'correct horse battery'

describe('signing in through better-auth', async () => {
  const test = await createTestIdentity()
  const { app, identity, clock, mails, owner } = test
  const post = (path: string, payload: object, bearer?: string) =>
    app.inject({
      method: 'POST',
      url: `/api/auth${path}`,
      headers: { origin: publicUrl, ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) },
      payload,
    })
  const get = (path: string, bearer?: string) =>
    app.inject({
      url: path.startsWith('http') ? path.slice(publicUrl.length) : `/api/auth${path}`,
      headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
    })
  const signIn = async (email: string, secret = password) => {
    const reply = await post('/sign-in/email', { email, password: secret })
    return { status: reply.statusCode, bearer: String(reply.headers['set-auth-token'] ?? '') }
  }
  const holds = async (bearer: string) => {
    clock.now += 1_000 // what is remembered is over
    return Promise.resolve(identity.authenticate({ authorization: `Bearer ${bearer}` })).then(
      () => true,
      () => false,
    )
  }
  const linkTo = (address: string, subject: string) => {
    const mail = mails.findLast((one) => one.to === address && one.subject === subject)
    return /http\S+/.exec(mail?.text ?? '')?.[0] ?? ''
  }
  const isVerified = async (id: string) => {
    const { rows } = await sql<{ email_verified: boolean }>`select email_verified from auth.users where id = ${id}`.execute(owner.db)
    return rows[0]?.email_verified
  }

  it('confirms an address by the link that was sent to it, and by no other', async () => {
    const ada = await test.signUp()
    const link = linkTo(ada.email, 'Confirm your e-mail address')
    expect(link).toMatch(/^http:\/\/localhost:8787\/api\/auth\/verify-email\?token=/)
    await get(link.replace(/token=[^&]+/, 'token=eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImFkYSJ9.'))
    expect(await isVerified(ada.id)).toBe(false)
    expect((await get(link)).statusCode).toBeLessThan(400)
    expect(await isVerified(ada.id)).toBe(true)
  })

  it('leads to no other page from the link', async () => {
    const ada = await test.signUp()
    const reply = await post('/send-verification-email', { email: ada.email, callbackURL: 'https://evil.example.net/' })
    expect(reply.statusCode).toBe(403)
    expect(JSON.stringify(mails)).not.toContain('evil.example.net')
  })

  it('sets a new password by a link, once, and ends every session', async () => {
    const ada = await test.signUp()
    expect((await post('/request-password-reset', { email: ada.email, redirectTo: '/reset' })).statusCode).toBe(200)
    const token = /reset-password\/([^?]+)/.exec(linkTo(ada.email, 'Choose a new password'))?.[1] ?? ''
    expect(token).not.toBe('')
    const { rows } = await sql<{ row: string }>`select v::text as row from auth.verifications v`.execute(owner.db)
    expect(JSON.stringify(rows)).not.toContain(token)
    const reset = (newPassword: string) => post('/reset-password', { token, newPassword })
    expect((await reset('another horse battery')).statusCode).toBe(200)
    expect((await reset('a third horse battery')).statusCode).toBe(400)
    expect(await holds(ada.bearer)).toBe(false)
    expect([(await signIn(ada.email)).status, (await signIn(ada.email, 'another horse battery')).status]).toEqual([401, 200])
  })

  it('says the same of an address that nobody has, and sends nothing', async () => {
    const ada = await test.signUp()
    const before = mails.length
    const [known, unknown] = [
      await post('/request-password-reset', { email: ada.email }),
      await post('/request-password-reset', { email: 'nobody@example.com' }),
    ]
    expect([unknown.statusCode, unknown.body]).toEqual([known.statusCode, known.body])
    expect(mails.slice(before).map(({ to }) => to)).toEqual([ada.email])
  })

  it('lists the sessions of one person alone, and ends one, the others, or all', async () => {
    const [ada, bob] = [await test.signUp(), await test.signUp()]
    const second = (await signIn(ada.email)).bearer
    const third = (await signIn(ada.email)).bearer
    const listed = (await get('/list-sessions', ada.bearer)).json() as { userId: string; token: string }[]
    expect(listed.map(({ userId }) => userId)).toEqual([ada.id, ada.id, ada.id])
    for (const { token } of listed) expect(await holds(token)).toBe(false) // without its signature it is nothing

    const [tokenOfSecond = ''] = second.split('.')
    await post('/revoke-session', { token: tokenOfSecond }, bob.bearer)
    expect(await holds(second)).toBe(true)
    await post('/revoke-session', { token: tokenOfSecond }, ada.bearer)
    expect([await holds(second), await holds(third)]).toEqual([false, true])
    await post('/revoke-other-sessions', {}, ada.bearer)
    expect([await holds(third), await holds(ada.bearer)]).toEqual([false, true])
    await post('/revoke-sessions', {}, ada.bearer)
    expect([await holds(ada.bearer), await holds(bob.bearer)]).toEqual([false, true])
  })

  it('gives each name to one person, in whatever spelling, and signs in by it', async () => {
    const sign = (username: string, email: string) => post('/sign-up/email', { email, password, name: 'A person', username })
    const first = await sign('Ada_Lovelace', 'named1@example.com')
    expect(first.json().user).toMatchObject({ username: 'ada_lovelace', displayUsername: 'Ada_Lovelace' })
    expect((await sign('ADA_lovelace', 'named2@example.com')).statusCode).toBeGreaterThanOrEqual(400)
    expect((await sign('a/b', 'named3@example.com')).statusCode).toBe(400)
    const reply = await post('/sign-in/username', { username: 'ada_LOVELACE', password })
    expect(reply.json().user.email).toBe('named1@example.com')
    expect((await post('/sign-in/username', { username: 'ada_lovelace', password: 'wrong horse battery' })).statusCode).toBe(401)
  })
})

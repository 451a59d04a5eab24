import { randomUUID } from 'node:crypto'
import { publicUrl } from '../../identity.ts'
import type { House } from '../house.ts'
import type { CanaryCase } from './canary-case.ts'

const headers = { origin: publicUrl }
const post = (house: House, path: string, payload: object, more: Record<string, string> = {}) =>
  house.send({ method: 'POST', url: `/api/auth${path}`, headers: { ...headers, ...more }, payload })

/** Somebody with a planted password, and the cookie of their session. */
async function signUp(house: House) {
  const username = `u${randomUUID().replaceAll('-', '').slice(0, 20)}`
  const who = { email: `${username}@example.com`, username, password: house.plant('pw "\\% é ') }
  const reply = await post(house, '/sign-up/email', { ...who, name: 'A person' })
  const [cookie = ''] = [reply.headers['set-cookie'] ?? []].flat()
  return { ...who, cookie: cookie.split(';')[0] ?? '' }
}

const idToken = (path: string) => ['token', 'accessToken', 'refreshToken'].map((name) => `POST /api/auth${path} body.idToken.${name}`)

export const signInCases: Record<string, CanaryCase> = {
  'passwords are chosen, checked and changed': {
    sealsNothing: true,
    fields: [
      'POST /api/auth/sign-up/email body.password',
      'POST /api/auth/sign-in/email body.password',
      'POST /api/auth/sign-in/username body.password',
      'POST /api/auth/verify-password body.password',
      'POST /api/auth/change-password body.currentPassword',
      'POST /api/auth/change-password body.newPassword',
    ],
    reaches: [200, 400, 401, 422],
    async run(house) {
      const { email, username, password, cookie } = await signUp(house)
      await post(house, '/sign-up/email', { email, password: house.plant(), name: 'The same' })
      await post(house, '/sign-in/email', { email, password })
      await post(house, '/sign-in/email', { email, password: house.plant() })
      await post(house, '/sign-in/username', { username, password })
      await post(house, '/sign-in/username', { username, password: house.plant() })
      await post(house, '/verify-password', { password }, { cookie })
      await post(house, '/change-password', { currentPassword: house.plant(), newPassword: house.plant() }, { cookie })
      await post(
        house,
        '/change-password',
        { currentPassword: password, newPassword: house.plant(), revokeOtherSessions: true },
        { cookie },
      )
    },
  },
  'what was mailed is brought back': {
    sealsNothing: true,
    fields: [
      'POST /api/auth/reset-password body.newPassword',
      'GET /api/auth/verify-email query.token',
      'GET /api/auth/delete-user/callback query.token',
      'POST /api/auth/delete-user body.password',
      'POST /api/auth/delete-user body.token',
    ],
    // better-auth keeps a hash of what it mails. What has no such row it looks for once more as it is.
    askedFor: [
      ['POST /api/auth/reset-password body.token', 'only a token that never was valid is'],
      ['GET /api/auth/reset-password/{token} path.token', 'only a token that never was valid is'],
      ['POST /api/auth/revoke-session body.token', 'it names a session; without its signature nobody is signed in by it'],
    ],
    reaches: [200, 400, 401, 404],
    async run(house) {
      const { cookie } = await signUp(house)
      const get = (path: string) => house.send({ method: 'GET', url: `/api/auth${path}`, headers: { ...headers, cookie } })
      await post(house, '/reset-password', { newPassword: house.plant(), token: randomUUID() })
      await get(`/verify-email?token=${house.plant()}`)
      await get(`/delete-user/callback?token=${house.plant()}`)
      await post(house, '/delete-user', { password: house.plant(), token: house.plant() }, { cookie })
    },
  },
  'an anonymous account is claimed': {
    sealsNothing: true,
    fields: ['POST /api/account/claim body.session'],
    reaches: [200, 409], // 200 of signing up
    async run(house) {
      const { cookie } = await signUp(house)
      const claim = (session: string) =>
        house.send({ method: 'POST', url: '/api/account/claim', headers: { ...headers, cookie }, payload: { session } })
      await claim(house.plant())
      await claim(`${'A'.repeat(32)}.${house.plant()}`)
    },
  },
  'another issuer’s tokens are brought along': {
    sealsNothing: true,
    fields: [...idToken('/sign-in/social'), ...idToken('/link-social')],
    reaches: [200, 404], // the providers are not set up
    async run(house) {
      const { cookie } = await signUp(house)
      const tokens = () => ({ token: house.plant('eyJ'), accessToken: house.plant(), refreshToken: house.plant() })
      for (const provider of ['github', 'google']) {
        await post(house, '/sign-in/social', { provider, idToken: tokens() })
        await post(house, '/link-social', { provider, idToken: tokens() }, { cookie })
      }
    },
  },
}

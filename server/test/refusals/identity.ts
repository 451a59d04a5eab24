import { projectJwt } from '../identity.ts'
import type { Refusals } from './refusal.ts'

export const identityRefusals: Refusals = {
  'POST /api/account/claim': {
    409: [{ code: 'identity.nothing_to_claim', prepare: () => ({ payload: { session: 'nonsense' } }) }],
  },
  'PATCH /api/admin/users/{id}': {
    valid: () => ({ payload: { tier: 'pro' } }),
    400: [{ code: 'http.invalid', prepare: () => ({ payload: { tier: 'gold' } }) }],
    409: [
      {
        code: 'identity.not_yourself',
        prepare: async ({ owner, makePerson }) => {
          const { id } = await makePerson()
          await owner.db.insertInto('user_standing').values({ user_id: id, is_admin: true }).execute()
          const authorization = `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}`
          return { url: `/api/admin/users/${id}`, headers: { authorization }, payload: { isAdmin: false } }
        },
      },
    ],
  },
}

import { defineErrors } from '../../base/errors.ts'

export const tokenErrors = defineErrors('tokens', {
  not_found: { status: 404, message: 'There is no such token.' },
  too_many: { status: 409, message: 'You have 20 tokens, and nobody may have more.', hint: 'Delete one that is not needed.' },
  beyond_own: {
    status: 403,
    message: 'A token cannot make one that may do more, or for longer, than itself.',
    hint: 'Sign in, or ask for no more scopes, models and time than this token has.',
  },
  over_already: { status: 400, message: 'expiresAt lies in the past.' },
})

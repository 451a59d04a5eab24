import { defineErrors } from '../../base/errors.ts'

export const identityErrors = defineErrors('identity', {
  /** One and the same for every reason: which part was wrong is the operator's to know. */
  unauthorized: { status: 401, message: 'This credential is not valid.', hint: 'Sign in again, or use another token.' },
  keys_unavailable: {
    status: 503,
    message: 'The keys of the sign-in service cannot be fetched at the moment.',
    hint: 'Try again in a few seconds.',
  },
  no_such_user: { status: 404, message: 'There is no such user.' },
  not_yourself: { status: 409, message: 'Nobody takes their own rights away.', hint: 'Ask another admin, or use keyloft users.' },
  nothing_to_claim: {
    status: 409,
    message: 'No anonymous account belongs to this session.',
    hint: 'It may have been moved already: look whether everything is there.',
  },
  issuer_unavailable: {
    status: 503,
    message: 'The sign-in service cannot be reached at the moment.',
    hint: 'Try again in a few seconds, or sign in another way.',
  },
  kept_elsewhere: {
    status: 404,
    message: 'Accounts are kept by Supabase here.',
    hint: 'Sign in with Supabase Auth; its tokens are accepted.',
  },
})

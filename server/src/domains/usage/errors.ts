import { defineErrors } from '../../base/errors.ts'

export const usageErrors = defineErrors('usage', {
  no_such_call: { status: 404, message: 'There is no such call of yours.', hint: 'Give its id, or the id of its request (x-request-id).' },
  no_such_user: {
    status: 404,
    message: 'Nobody here has this id, so nothing was written down.',
    hint: 'userId is the id of a person who has an account, or an anonymous one.',
  },
  outside_of_time: {
    status: 400,
    message: 'A call is recorded within 31 days of its beginning, and not before it.',
    hint: 'Send startedAt and endedAt as ISO times, endedAt not before startedAt.',
  },
})

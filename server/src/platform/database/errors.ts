import { defineErrors } from '../../base/errors.ts'

export const databaseErrors = defineErrors('database', {
  unavailable: { status: 503, message: 'The database cannot be reached at the moment.', hint: 'Try again in a few seconds.' },
  forbidden: { status: 403, message: 'This is not yours to do.' },
  conflict: { status: 409, message: 'Something of this name exists already.' },
  invalid: {
    status: 400,
    message: 'A value does not have the form that is needed.',
    hint: 'Look for control characters, for ids that are none, and for numbers that are too large.',
  },
  refused: { status: 400, message: 'The database does not take this.' },
  limit_reached: { status: 409, message: 'There are as many as there may be.' },
  busy: { status: 503, message: 'Too much is being changed at once.', hint: 'Try again.' },
  failed: { status: 500, message: 'The database refused this.' },
  not_committed: { status: 500, message: 'The change was not kept.' },
  ended: { status: 500, message: 'A transaction was used after its end.' },
  nested: { status: 500, message: 'A transaction was begun inside another one.' },
})

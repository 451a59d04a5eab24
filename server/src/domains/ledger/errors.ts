import { defineErrors } from '../../base/errors.ts'

export const ledgerErrors = defineErrors('ledger', {
  unavailable: {
    status: 503,
    message: 'Calls cannot be written down at the moment, so none is made.',
    hint: 'Try again in a few seconds.',
  },
  invalid_call: {
    status: 400,
    message: 'This call cannot be written down.',
    hint: 'Look at the length and the characters of the model’s name.',
  },
})

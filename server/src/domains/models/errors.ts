import { defineErrors } from '../../base/errors.ts'

export const modelsErrors = defineErrors('models', {
  outdated: {
    status: 409,
    message: 'Prices of this date or later are there already, and differ.',
    hint: 'A price is never overwritten: give the file a later date. Nothing was changed.',
  },
})

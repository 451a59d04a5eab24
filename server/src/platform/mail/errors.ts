import { defineErrors } from '../../base/errors.ts'

export const mailErrors = defineErrors('mail', {
  refused: { status: 502, message: 'The mail service did not take a mail.' },
})

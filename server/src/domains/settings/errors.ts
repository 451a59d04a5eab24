import { defineErrors } from '../../base/errors.ts'

export const settingsErrors = defineErrors('settings', {
  no_such_setting: { status: 404, message: 'This person has no such setting.' },
  no_such_user: { status: 404, message: 'There is no such user.' },
})

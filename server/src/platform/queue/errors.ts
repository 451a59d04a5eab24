import { defineErrors } from '../../base/errors.ts'

export const queueErrors = defineErrors('queue', {
  invalid_input: { status: 400, message: 'A job was given input of another form than it takes.' },
  unknown_job: { status: 500, message: 'This job is not registered.', hint: 'Add it to the list in jobs.ts.' },
  cannot_join: {
    status: 500,
    message: 'This transaction cannot carry a job: its login has no rights on the queue.',
    hint: 'Send the job after the commit, or from a transaction of keyloft_auth.',
  },
})

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
    hint: 'Look at the length and the characters of the model’s name, and at numbers that are too large.',
  },
  quota_exceeded: {
    status: 429,
    message: 'This call could pass a limit of yours, so it is not made.',
    hint: 'Wait until the limit resets, or ask for fewer output tokens.',
  },
  unbounded_call: {
    status: 422,
    message: 'Nobody can tell what this call may use at most, and a hard limit holds for it, so it is not made.',
    hint: 'Say how many output tokens you want at most (max_tokens). An operator can set a bound for a model: KEYLOFT_CALL_BOUNDS.',
  },
  service_limit_reached: {
    status: 429,
    message: 'The service has spent what it may spend on calls that it pays for itself, so this one is not made. It is no limit of yours.',
    hint: 'Wait until it resets, or keep a provider key of your own: calls with it do not count.',
  },
  service_limit_unbounded: {
    status: 422,
    message: 'Nobody can tell what this call may use at most, and the service must not spend without bound, so it is not made.',
    hint: 'Say how many output tokens you want at most (max_tokens), or keep a provider key of your own: calls with it do not count.',
  },
})

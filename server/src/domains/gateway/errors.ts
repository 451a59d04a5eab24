import { defineErrors } from '../../base/errors.ts'

/** What a caller hears of a call that did not come about. Who the provider is they know; where it is called, never. */
export const gatewayErrors = defineErrors('gateway', {
  body_ambiguous: { status: 400, message: 'A field of the body stands there twice.', hint: 'Two readers could understand it in two ways.' },
  form_unreadable: {
    status: 400,
    message: 'The form cannot be read without doubt.',
    hint: 'Send it as multipart/form-data with plain names.',
  },
  path_refused: {
    status: 400,
    message: 'This path could lead elsewhere than it says.',
    hint: 'Write it without dots, encoded slashes and empty parts.',
  },
  unknown_provider: { status: 404, message: 'There is no such provider here.', hint: 'GET /api/providers names them.' },
  unknown_object: {
    status: 404,
    message: 'There is no such thing of yours.',
    hint: 'It is reached by whom it was made for, and with the key that made it.',
  },
  resting: { status: 429, message: 'The provider asked for a pause that is not over yet.', hint: 'Wait as long as retry-after says.' },
  unreachable: {
    status: 502,
    message: 'The provider could not be reached, or it hung up before it answered.',
    hint: 'Try again in a moment.',
  },
  bad_answer: {
    status: 502,
    message: 'The provider answered with something that cannot be passed on.',
    hint: 'Try again; the log has what it was.',
  },
  key_refused: { status: 502, message: 'The provider refused the key of this server.', hint: 'Tell the operator.' },
  ledger_away: {
    status: 503,
    message: 'Calls cannot be written down at the moment, so none is made.',
    hint: 'Try again in a few seconds.',
  },
  provider_down: {
    status: 503,
    message: 'The provider has failed several times in a row and is left alone for a moment.',
    hint: 'Try again in a few seconds, or ask for a model of another provider.',
  },
  too_slow: {
    status: 504,
    message: 'The provider took too long to answer.',
    hint: 'Try again, ask for less, or have the answer streamed.',
  },
})

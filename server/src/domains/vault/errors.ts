import { defineErrors } from '../../base/errors.ts'

export const vaultErrors = defineErrors('vault', {
  unknown_provider: { status: 400, message: 'This provider is not known here.', hint: 'GET /api/providers lists them.' },
  key_malformed: {
    status: 400,
    message: 'This does not look like a provider key.',
    hint: 'A key has 8 to 2048 visible characters and no blanks. Copy it again, whole.',
  },
  base_url_misplaced: {
    status: 400,
    message: 'Only a gateway has a base URL of its own.',
    hint: 'Leave baseUrl out, or use provider "gateway".',
  },
  base_url_has_query: {
    status: 400,
    message: 'The address of a gateway has no ? or # in it.',
    hint: 'Give the key as apiKey, and the address up to the path.',
  },
  key_not_found: { status: 404, message: 'There is no such key.' },
  key_exists: {
    status: 409,
    message: 'A key of this provider and name exists already.',
    hint: 'Give it another keyName, or replace that one.',
  },
  not_verifiable: { status: 409, message: 'Keys of this provider can be stored, but not verified.' },
  host_changed: {
    status: 409,
    message: 'This key was stored for another host and is not sent to the present one.',
    hint: 'Enter the key again.',
  },
  gateway_key_needed: {
    status: 409,
    message: 'Your gateway key was stored for another host.',
    hint: 'Send apiKey with the new baseUrl, and delete other gateway keys first.',
  },
})

/** Of the functions that an app's backend calls as PostgREST's. */
export const rpcErrors = defineErrors('rpc', {
  not_a_uuid: { status: 400, message: 'invalid input syntax for type uuid' },
  no_such_user: { status: 409, message: 'There is no such user.', hint: 'p_user_id is the id of a person who has an account.' },
})

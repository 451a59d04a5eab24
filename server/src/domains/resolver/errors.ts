import { defineErrors } from '../../base/errors.ts'

/** Nothing serves a call, and why. 422 and 403 are told apart from 409 and 5xx because official SDKs send those again. */
export const resolverErrors = defineErrors('resolver', {
  no_key: {
    status: 422,
    message:
      'No provider key found for user and no server-side fallback keys configured; please add a provider API key (BYOK) for one of: openai, openrouter, anthropic, xai, or configure server-side fallback keys: OPENAI_API_KEY, OPENROUTER_API_KEY, ANTHROPIC_API_KEY, XAI_API_KEY.',
  },
  fallback_disabled: {
    status: 422,
    message: 'User has disabled Gateway fallback; no per-user BYOK keys found.',
    hint: 'Add a provider key, or allow the gateway fallback in the settings.',
  },
  own_keys_only: {
    status: 422,
    message: 'User allows only keys of their own, and none of those can serve this call.',
    hint: 'Add or enable a provider key, or switch own keys only off in the settings.',
  },
  own_key_needed: {
    status: 422,
    message: 'This needs a provider key of your own: with a key of the server it would reach what others keep there.',
    hint: 'Add a key of this provider.',
  },
  not_served: {
    status: 422,
    message: 'There are keys, but none that can serve this call.',
    hint: 'GET /api/resolve says of each key why it was passed over.',
  },
  model_not_allowed: {
    status: 403,
    message: 'This token may not be used for this model, nor for calls that name none.',
    hint: 'Use one of the models it was made for.',
  },
  key_limit_reached: {
    status: 429,
    message: 'The keys that could serve this call have been used as often as their limits allow.',
    hint: 'Raise the limit of a key, or wait for the next day or month (UTC).',
  },
  resting: {
    status: 503,
    message: 'The keys that could serve this call are left alone for a moment, because they failed.',
    hint: 'Try again in a few seconds.',
  },
  lookup_failed: {
    status: 503,
    message: 'The keys could not be looked up, and nothing else is tried in their place.',
    hint: 'Try again in a few seconds.',
  },
})

import { z } from 'zod'
import type { AppError } from '../../base/errors.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { protocols } from '../providers/providers.ts'
import { userIdOf } from '../vault/keys.ts'
import { type Hindrance, hindrances } from './decide.ts'
import type { Resolved, Resolver } from './resolver.ts'
import { sources } from './sources.ts'

const hint = z.string().max(200).describe('The model as a call would name it. Empty: each provider’s usual one.')
const protocol = z.enum(protocols).optional().describe('What kind of call. Absent: whichever.')

const choice = {
  source: z.enum(sources).describe('Whose key it is.'),
  provider: z.string(),
  keyId: z.uuid().nullable().describe('Of the person’s key; the operator’s have none.'),
}
const resolution = z
  .object({
    model: z.string(),
    decisions: z
      .array(
        z.object({
          ...choice,
          modelId: z.string().describe('The model’s name with this provider.'),
          modelReplaced: z.boolean().describe('Whether that is another name than was asked for.'),
          reason: z.string(),
        }),
      )
      .describe('In the order in which they are tried.'),
    passedOver: z.array(z.object({ ...choice, code: z.enum(hindrances), reason: z.string() })),
    refusal: z
      .object({
        status: z.int(),
        code: z.string(),
        message: z.string(),
        hint: z.string().nullable(),
        retryAfterSeconds: z.int().nullable(),
      })
      .nullable()
      .describe('What a call would be answered with. Null: it is served.'),
  })
  .meta({ id: 'Resolution' })

const words: Readonly<Record<Hindrance, string>> = {
  disabled: 'It is disabled.',
  refused_by_provider: 'Its provider refused it at the last verification.',
  host_changed: 'It was stored for another host. Enter it again.',
  host_refused: 'Its host may not be called from here.',
  stored_only: 'Keys of this provider are kept, but not called.',
  unknown_provider: 'This provider is not configured any more.',
  other_provider: 'Another provider was asked for.',
  other_key: 'What is asked for was made with another key.',
  other_protocol: 'Its provider does not offer this kind of call.',
  other_model: 'Its provider does not have this model.',
  model_not_allowed: 'The token may not be used for this model.',
  own_keys_only: 'The person allows only keys of their own.',
  own_key_needed: 'It reaches what others may have put there, so only a key of the person’s own will do.',
  no_consent: 'The person does not allow the gateway fallback.',
  daily_limit: 'It was used as often today as its limit allows.',
  monthly_limit: 'It was used as often this month as its limit allows.',
  resting: 'It failed, and is left alone for a moment.',
}

export function resolverRoutes({ explain }: Pick<Resolver, 'explain'>): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/resolve',
      policy: { allow: 'user', scope: 'read' },
      schema: {
        summary: 'Which key would serve a call, and why. Calls nobody',
        query: z.strictObject({ model: hint.optional(), protocol }),
        reply: resolution,
      },
      handler: async ({ principal, query: { model, protocol } }) =>
        show(model, await explain(userIdOf(principal), { model, protocol }, principal.models)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/resolve',
      policy: { allow: 'service' },
      schema: {
        summary: 'Which key would serve a person’s call, and why. Calls nobody',
        body: z.strictObject({ userId: z.uuid(), model: hint.optional(), protocol }),
        reply: resolution,
      },
      handler: async ({ body: { userId, model, protocol } }) => show(model, await explain(userId.toLowerCase(), { model, protocol })),
    }),
  ]
}

/** Without hosts, and without anything that was opened. */
function show(model = '', { candidates, passedOver, refusal }: Resolved): z.input<typeof resolution> {
  return {
    model: model.trim(),
    decisions: candidates.map(({ source, provider, keyId = null, modelId, modelReplaced, reason }) => ({
      source,
      provider,
      keyId,
      modelId,
      modelReplaced,
      reason,
    })),
    passedOver: passedOver.map(({ key, because }) => ({
      source: key.source,
      provider: key.provider.id,
      keyId: key.id ?? null,
      code: because,
      reason: words[because],
    })),
    refusal: refusal ? showRefusal(refusal) : null,
  }
}

function showRefusal({ status, code, message, hint, retryAfterSeconds }: AppError) {
  return { status, code, message, hint: hint ?? null, retryAfterSeconds: retryAfterSeconds ?? null }
}

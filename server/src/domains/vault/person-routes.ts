import { z } from 'zod'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { secretText } from '../../platform/http/secret-text.ts'
import type { Providers } from '../providers/providers.ts'
import type { Gateway } from './gateway.ts'
import type { Keys } from './keys.ts'
import { providerKeySchema } from './provider-key.ts'

const providerSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    aliases: z.array(z.string()),
    canVerify: z.boolean().describe('Whether a key can be checked with the provider.'),
    keysAt: z.string().nullable().describe('Where a person gets a key.'),
  })
  .meta({ id: 'Provider' })

const providerKey = secretText(4_096)
const limit = z.int().positive().max(1_000_000_000).nullable()
const settings = {
  keyName: z.string().trim().max(100).optional().describe('Tells several keys of one provider apart. Empty for the only one.'),
  priority: z.int().min(-1_000).max(1_000).optional(),
  dailyLimit: limit.optional().describe('Calls a day that this key is used for at most.'),
  monthlyLimit: limit.optional().describe('Calls a month that this key is used for at most.'),
}
const verify = z.boolean().optional().describe('Ask the provider whether it takes the key, and keep what it says.')
const byId = z.object({ id: z.uuid() })
const baseUrl = z.string().min(1).max(2_048)

const gatewaySchema = z
  .object({ baseUrl: z.string(), isOwn: z.boolean().describe('Theirs, or the usual one.'), hasKey: z.boolean() })
  .meta({ id: 'GatewayConfig' })

const read = { allow: 'user', scope: 'read' } as const
const account = { allow: 'user', scope: 'account' } as const
/** Each asks a provider, over the network, in our name. */
const verifications = { max: 60, windowSeconds: 60 }

export function personRoutes({ keys, gateway, providers }: { keys: Keys; gateway: Gateway; providers: Providers }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/providers',
      policy: read,
      schema: {
        summary: 'The providers whose keys can be kept',
        reply: z.object({ items: z.array(providerSchema), nextCursor: z.null() }),
      },
      handler: () => ({
        items: providers.all.map(({ id, name, aliases = [], verifyPath, keysAt }) => ({
          id,
          name,
          aliases: [...aliases],
          canVerify: verifyPath !== undefined,
          keysAt: keysAt ?? null,
        })),
        nextCursor: null,
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/profile/api-keys',
      policy: read,
      schema: {
        summary: 'Your provider keys, in the order they are taken',
        query: z.strictObject({ provider: z.string().max(100).optional() }),
        reply: z.object({ items: z.array(providerKeySchema), nextCursor: z.null() }),
      },
      handler: async ({ principal, query }) => ({ items: await keys.list(principal, query.provider), nextCursor: null }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/profile/api-keys',
      policy: account,
      idempotent: 'keep',
      rateLimit: verifications,
      schema: {
        summary: 'Add a provider key',
        body: z.strictObject({ provider: z.string().max(100), apiKey: providerKey, baseUrl: baseUrl.optional(), ...settings, verify }),
        status: 201,
        reply: providerKeySchema,
        refusals: [409],
      },
      handler: ({ principal, body, request }) => keys.add({ principal, requestId: request.id }, body),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/profile/api-keys/:id',
      policy: account,
      rateLimit: verifications,
      schema: {
        summary: 'Change a provider key, or put another in its place',
        params: byId,
        body: z.strictObject({ ...settings, isEnabled: z.boolean().optional(), apiKey: providerKey.optional(), verify }),
        reply: providerKeySchema,
        refusals: [404, 409],
      },
      handler: ({ principal, params, body, request }) => keys.change({ principal, requestId: request.id }, params.id, body),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/profile/api-keys/:id',
      policy: account,
      schema: {
        summary: 'Delete a provider key, for good',
        params: byId,
        query: z.strictObject({ dryRun: z.stringbool().optional().describe('Only say what it would affect.') }),
        reply: z.object({
          id: z.uuid(),
          provider: z.string(),
          deleted: z.boolean(),
          nextKey: z.object({ id: z.uuid(), keyName: z.string() }).nullable().describe('What calls use from then on.'),
          remainingKeys: z.int(),
        }),
        refusals: [404],
      },
      handler: ({ principal, params, query, request }) =>
        keys.remove({ principal, requestId: request.id }, params.id, { dryRun: query.dryRun ?? false }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/profile/api-keys/:id/verify',
      policy: account,
      rateLimit: verifications,
      schema: { summary: 'Ask the provider whether it takes the key', params: byId, reply: providerKeySchema, refusals: [404, 409] },
      handler: ({ principal, params, request }) => keys.verify({ principal, requestId: request.id }, params.id),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/profile/gateway',
      policy: read,
      schema: { summary: 'Where your AI gateway is', reply: gatewaySchema },
      handler: ({ principal }) => gateway.read(principal),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/profile/gateway',
      policy: account,
      schema: {
        summary: 'Name your AI gateway',
        body: z.strictObject({ baseUrl: baseUrl.nullable().describe('Null: the usual one.'), apiKey: providerKey.optional() }),
        reply: gatewaySchema,
        refusals: [409],
      },
      handler: ({ principal, body, request }) => gateway.set({ principal, requestId: request.id }, body),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/profile/gateway',
      policy: account,
      schema: { summary: 'Forget your AI gateway and its keys', status: 204, reply: z.void() },
      handler: ({ principal, request }) => gateway.remove({ principal, requestId: request.id }),
    }),
  ]
}

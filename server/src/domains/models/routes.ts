import { z } from 'zod'
import type { Database } from '../../platform/database/database.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { httpErrors } from '../../platform/http/errors.ts'
import { pageOf, pageQuery } from '../../platform/http/pages.ts'
import { listModels, type Model } from './list-models.ts'

const decimal = z.string().nullable()
const price = z.object({
  fromInputTokens: z.int().describe('The rates of calls with at least so many input tokens.'),
  input: decimal.describe('USD for a million tokens, as are all but the last two.'),
  cachedInput: decimal,
  cacheWrite5m: decimal,
  cacheWrite1h: decimal,
  audioInput: decimal,
  output: decimal,
  reasoning: decimal,
  audioOutput: decimal,
  image: decimal.describe('USD for one.'),
  request: decimal.describe('USD for one.'),
})
const model = z
  .object({
    provider: z.string(),
    model: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    modality: z.string(),
    contextLength: z.int().nullable(),
    maxTokens: z.int().nullable(),
    vision: z.boolean(),
    webSearch: z.boolean(),
    tools: z.boolean(),
    isCurated: z.boolean().describe('Recommended by whoever runs this server.'),
    prices: z.array(price).describe('In force now. Empty: its calls are unpriced.'),
    pricedFrom: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Model' })

/** Every model there is, at the most; who has more of them pages through /api/models. */
const mostForOpenAi = 5_000

export function modelRoutes(database: Pick<Database, 'readAs'>): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/models',
      policy: { allow: 'user', scope: 'read' },
      schema: {
        summary: 'The models that can be called, with their prices',
        query: pageQuery.extend({
          provider: z.string().max(50).optional(),
          search: z.string().min(1).max(200).optional().describe('Part of its name.'),
          cursor: z
            .string()
            .regex(/^[A-Za-z0-9_-]{1,500}$/)
            .optional(),
        }),
        reply: pageOf(model),
      },
      handler: async ({ principal, query: { provider, search, limit, cursor } }) => {
        const after = cursor === undefined ? undefined : readCursor(cursor)
        const found = await listModels(database, principal, { provider, search, after, limit: limit + 1 })
        const items = found.slice(0, limit)
        const last = items.at(-1)
        return {
          items: items.map(({ createdAt: _, ...item }) => ({ ...item, pricedFrom: item.pricedFrom?.toISOString() ?? null })),
          nextCursor: found.length > limit && last ? writeCursor(last) : null,
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/models',
      policy: { allow: 'user', scope: 'calls' },
      schema: {
        summary: 'The models that can be called, as OpenAI lists its own',
        reply: z.object({
          object: z.literal('list'),
          data: z.array(z.object({ id: z.string(), object: z.literal('model'), created: z.int(), owned_by: z.string() })),
        }),
      },
      handler: async ({ principal }) => ({
        object: 'list' as const,
        data: (await listModels(database, principal, { limit: mostForOpenAi })).map(toOpenAi),
      }),
    }),
  ]
}

function toOpenAi({ provider, model, createdAt }: Model) {
  return { id: model, object: 'model' as const, created: Math.floor(createdAt.getTime() / 1_000), owned_by: provider }
}

/** This list has the order of names, so its place is a name. */
const cursorForm = z.tuple([z.string(), z.string()])

const writeCursor = ({ provider, model }: Model) => Buffer.from(JSON.stringify([provider, model])).toString('base64url')

function readCursor(cursor: string): [string, string] {
  try {
    return cursorForm.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch (cause) {
    throw httpErrors.invalid({ cause, hint: 'A cursor is the nextCursor of another page.' })
  }
}

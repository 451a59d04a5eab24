import { z } from 'zod'
import type { Database } from '../../platform/database/database.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { httpErrors } from '../../platform/http/errors.ts'
import { pageOf, pageQuery } from '../../platform/http/pages.ts'
import { providerName } from '../providers/providers.ts'
import { listFacets, listModels, type Model } from './list-models.ts'
import { priceSchema, pricesRoute } from './prices-route.ts'

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
    prices: z.array(priceSchema).describe('In force now. Empty: its calls are unpriced.'),
    pricedFrom: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Model' })

const modalities = ['text', 'image', 'video', 'audio', 'embedding', 'multimodal'] as const
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
const usd = z.string().regex(/^\d{1,7}(?:\.\d{1,12})?$/)

/** Every model there is, at the most; who has more of them pages through /api/models. */
const mostForOpenAi = 5_000

export function modelRoutes(database: Pick<Database, 'readAs'>): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/models',
      policy: { allow: 'user', scope: 'read' },
      schema: {
        summary: 'The models that can be called, curated ones first, with their prices',
        query: pageQuery.extend({
          provider: providerName.optional(),
          modality: z.enum(modalities).optional(),
          search: z.string().min(1).max(200).optional().describe('Part of its name.'),
          minContext: z.coerce.number().int().min(1).max(1_000_000_000).optional().describe('Tokens that it takes at least.'),
          vision: flag.optional(),
          webSearch: flag.optional(),
          tools: flag.optional(),
          curated: flag.optional(),
          inputAtLeast: usd.optional().describe('USD for a million input tokens; what has no price passes neither bound.'),
          inputAtMost: usd.optional(),
          cursor: z
            .string()
            .regex(/^[A-Za-z0-9_-]{1,1500}$/) // a name has 200 characters, of four bytes perhaps
            .optional(),
        }),
        reply: pageOf(model),
      },
      handler: async ({ principal, query: { limit, cursor, ...filter } }) => {
        const after = cursor === undefined ? undefined : readCursor(cursor)
        const found = await listModels(database, principal, filter, { after, limit: limit + 1 })
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
      path: '/api/models/facets',
      policy: { allow: 'user', scope: 'read' },
      schema: {
        summary: 'What models can be chosen by: providers and modalities, with how many there are of each',
        reply: z.object({
          total: z.int(),
          curated: z.int(),
          providers: z.array(z.object({ provider: z.string(), count: z.int() })),
          modalities: z.array(z.object({ modality: z.string(), count: z.int() })),
        }),
      },
      handler: ({ principal }) => listFacets(database, principal),
    }),
    pricesRoute(database),
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
        data: (await listModels(database, principal, {}, { limit: mostForOpenAi })).map(toOpenAi),
      }),
    }),
  ]
}

function toOpenAi({ provider, model, createdAt }: Model) {
  return { id: model, object: 'model' as const, created: Math.floor(createdAt.getTime() / 1_000), owned_by: provider }
}

/** This list has the order of names, so its place is a name. */
const name = z.string().regex(/^\P{Cc}*$/u)
const cursorForm = z.tuple([z.boolean(), name, name])

const writeCursor = ({ isCurated, provider, model }: Model) =>
  Buffer.from(JSON.stringify([isCurated, provider, model])).toString('base64url')

function readCursor(cursor: string): z.output<typeof cursorForm> {
  try {
    return cursorForm.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch (cause) {
    throw httpErrors.invalid({ cause, hint: 'A cursor is the nextCursor of another page.' })
  }
}

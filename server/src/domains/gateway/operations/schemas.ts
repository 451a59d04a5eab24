import { z } from 'zod'

/* For the reference: what passes is the provider's to judge. */

export const passed = z.looseObject({}).describe('As the provider answers.')
export const passedOrStreamed = z.looseObject({}).describe('As the provider answers; with `stream`, server-sent events.')
export const withModel = z.looseObject({ model: z.string(), stream: z.boolean().nullish() }).describe('As the provider takes it.')
export const anyJson = z.looseObject({}).describe('As the provider takes it.')
export const form = z
  .looseObject({})
  .describe('multipart/form-data, as the provider takes it; `model` before the file, so that it is known in time.')

/** By OpenAI, by who resells it, and by LiteLLM, which a host of the operator's own may be. */
export const otherModels = ['models', 'fallbacks', 'providerOptions', 'preset'] as const
/** Of several grades of service there is one price in the catalogue; half of it for `flex`. */
export const usualService = { service_tier: ['auto', 'default', 'flex', 'standard_only'] } as const

/** What providers name things that they keep. */
const objectId = z.string().regex(/^[A-Za-z0-9_-]{1,200}$/)
export const byId = z.object({ id: objectId })
export const byModel = z.object({ model: z.string().regex(/^(?!\.+$)[A-Za-z0-9._-]{1,200}$/) })

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { providerName } from '../providers/providers.ts'

/*
 * A file of models and prices: the one that ships with Keyloft, and those that an operator imports. Prices are decimal
 * text in USD, because a JSON number has been rounded before anybody could look at it.
 */

const price = z
  .string({ error: 'must be text, such as "0.25": a number would be rounded' })
  .regex(/^\d{1,6}(\.\d{1,12})?$/, 'must be a decimal from 0 with at most twelve places, such as "0.25"')
const name = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, 'must be without control characters')

const tier = z.strictObject({
  /** The rates of calls with at least so many input tokens, for providers that charge long prompts differently. */
  fromInputTokens: z.int().min(1).max(1_000_000_000).optional(),
  // Per million tokens.
  input: price.optional(),
  cachedInput: price.optional(),
  cacheWrite5m: price.optional(),
  cacheWrite1h: price.optional(),
  audioInput: price.optional(),
  output: price.optional(),
  reasoning: price.optional(),
  audioOutput: price.optional(),
  // Each.
  image: price.optional(),
  search: price.optional(),
  request: price.optional(),
})

const model = z.strictObject({
  provider: providerName,
  model: name,
  /** Other names of the same model at the same price: dated snapshots. */
  aliases: z.array(name).max(50).default([]),
  name,
  description: z.string().max(4_000).optional(),
  modality: z.enum(['text', 'image', 'video', 'audio', 'embedding', 'multimodal']).default('text'),
  contextLength: z.int().min(1).max(2_147_483_647).optional(),
  maxTokens: z.int().min(1).max(2_147_483_647).optional(),
  vision: z.boolean().default(false),
  webSearch: z.boolean().default(false),
  tools: z.boolean().default(false),
  prices: z
    .array(tier)
    .min(1)
    .max(10)
    .refine((tiers) => tiers.length === 0 || tiers.filter(({ fromInputTokens }) => fromInputTokens === undefined).length === 1, {
      error: 'exactly one of them must be without fromInputTokens: the rates of every other call',
    })
    .refine((tiers) => new Set(tiers.map(({ fromInputTokens }) => fromInputTokens)).size === tiers.length, {
      error: 'two of them begin at the same fromInputTokens',
    }),
})

const modelFile = z
  .strictObject({
    /** The prices are in force from the beginning of this day, UTC. */
    date: z.iso.date(),
    about: z.string().optional(),
    models: z.array(model).min(1).max(5_000),
  })
  .superRefine(({ models }, context) => {
    const seen = new Set<string>()
    for (const [index, { provider, model, aliases }] of models.entries()) {
      for (const one of [model, ...aliases]) {
        const key = `${provider} ${one}`
        if (seen.has(key)) context.addIssue({ code: 'custom', path: ['models', index], message: `${key} is in it twice` })
        seen.add(key)
      }
    }
  })

export type ModelFile = z.output<typeof modelFile>

/** A model file, or everything that is wrong with the text, a line for each fault. */
export function readModelFile(text: string): { file: ModelFile } | { faults: string[] } {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    return { faults: [`It is not JSON: ${(error as Error).message}`] }
  }
  const read = modelFile.safeParse(given)
  if (read.success) return { file: read.data }
  return { faults: read.error.issues.map(({ path, message }) => `${describePath(path, given)}: ${message}`) }
}

/** `models[3] (openai gpt-4o) prices[0].input`, so that the entry is found in a long file. */
function describePath(path: readonly PropertyKey[], given: unknown): string {
  const [list, index, ...rest] = path
  if (list !== 'models' || typeof index !== 'number') return inWords(path)
  const entry = (given as { models?: { provider?: unknown; model?: unknown }[] }).models?.[index]
  const who = typeof entry?.provider === 'string' && typeof entry.model === 'string' ? ` (${entry.provider} ${entry.model})` : ''
  return `models[${index}]${who}${rest.length > 0 ? ` ${inWords(rest)}` : ''}`
}

const inWords = (path: readonly PropertyKey[]) =>
  path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${String(part)}`)).join('') || 'the file'

/** What Keyloft brings along, so that everything works offline. */
export function shippedModelFile(): ModelFile {
  const read = readModelFile(readFileSync(join(import.meta.dirname, '../../../prices/prices.json'), 'utf8'))
  if ('faults' in read) throw new Error(`prices.json: ${read.faults.join('; ')}`)
  return read.file
}

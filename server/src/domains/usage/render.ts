import { z } from 'zod'
import { type FoundCall, type ListedCall, outcomes } from './calls.ts'

const count = z.number().min(0)

/** What can be said of any call. */
export const callSchema = z
  .object({
    id: z.uuid(),
    requestId: z.string(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    operation: z.string(),
    provider: z.string(),
    model: z.string(),
    credentialSource: z.string(),
    keyId: z.uuid().nullable().describe('Of the provider’s key.'),
    tokenId: z.uuid().nullable().describe('Of the API token by which it was asked for.'),
    outcome: z.enum(outcomes).describe('presumed: its process went away, and nobody knows how it ended.'),
    status: z.int().nullable().describe('Of the provider’s answer.'),
    firstByteMs: z.int().nullable(),
    tokens: z.object({
      input: count.describe('All of them; cached, written and audio tokens are parts of it.'),
      cachedInput: count,
      cacheWrite5m: count,
      cacheWrite1h: count,
      audioInput: count,
      output: count.describe('All of them; reasoning and audio tokens are parts of it.'),
      reasoning: count,
      audioOutput: count,
    }),
    images: count,
    searches: count.describe('Of the web, by a tool of the provider’s.'),
    usageBasis: z.enum(['reported', 'estimated', 'none', 'unknown']),
    costUsd: z.string().nullable().describe('As it was booked. Null: unpriced.'),
  })
  .meta({ id: 'UsageCall' })

export const callDetailSchema = callSchema
  .extend({
    settledAt: z.string(),
    decisions: z.unknown().describe('How its credential was chosen.'),
    attempts: z.array(callSchema).describe('Every call that was made for the same request, this one among them, in their order.'),
    costLines: z.array(
      z.object({
        what: z.string().describe('input, cachedInput, output, request …; presumed for what was booked without anybody knowing.'),
        quantity: z.number().nullable(),
        rateUsd: z.string().nullable(),
        per: z.int().describe('The rate is for so many.'),
        costUsd: z.string().nullable().describe('Null where it has no price.'),
      }),
    ),
    priceId: z.uuid().nullable(),
    providerUsage: z.unknown().describe('The provider’s own account.'),
    providerCostUsd: z.string().nullable(),
  })
  .meta({ id: 'UsageCallDetail' })

type Call = z.input<typeof callSchema>

export function renderCall(row: Omit<ListedCall, 'at'>): Call {
  return {
    id: row.id,
    requestId: row.request_id,
    startedAt: row.started_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    operation: row.operation,
    provider: row.provider,
    model: row.model,
    credentialSource: row.credential_source,
    keyId: row.key_id,
    tokenId: row.token_id,
    outcome: row.outcome as Call['outcome'], // the functions that write it take no other
    status: row.status,
    firstByteMs: row.first_byte_ms,
    tokens: {
      input: Number(row.input_tokens),
      cachedInput: Number(row.cached_input_tokens),
      cacheWrite5m: Number(row.cache_write_5m_tokens),
      cacheWrite1h: Number(row.cache_write_1h_tokens),
      audioInput: Number(row.audio_input_tokens),
      output: Number(row.output_tokens),
      reasoning: Number(row.reasoning_tokens),
      audioOutput: Number(row.audio_output_tokens),
    },
    images: Number(row.images),
    searches: Number(row.searches),
    usageBasis: row.usage_basis as Call['usageBasis'],
    costUsd: row.cost_usd,
  }
}

export function renderFound({ call, attempts, lines }: FoundCall): z.input<typeof callDetailSchema> {
  return {
    ...renderCall(call),
    settledAt: call.settled_at.toISOString(),
    decisions: call.decisions,
    attempts: attempts.map(renderCall),
    costLines: lines,
    priceId: call.price_id,
    providerUsage: call.provider_usage,
    providerCostUsd: call.provider_cost_usd,
  }
}

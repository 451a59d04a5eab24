import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { uuidV7 } from '../../base/uuid.ts'
import type { Database, Tx } from '../../platform/database/database.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { providerName } from '../providers/providers.ts'
import { findCall, isNotItsRequest } from './calls.ts'
import { usageErrors } from './errors.ts'

const tokens = z.int().min(0).max(1e12).default(0)

// Strict: tokens under a misspelt name would be none.
export const recordSchema = z
  .strictObject({
    userId: z.uuid(),
    provider: providerName.describe('By its id or an alias.'),
    model: z.string().min(1).max(200).describe('As the provider knows it.'),
    startedAt: z.iso.datetime({ offset: true }).optional().describe('Now, unless said. Its price is that of this time.'),
    endedAt: z.iso.datetime({ offset: true }).optional(),
    outcome: z.enum(['completed', 'failed', 'aborted']).default('completed'),
    credentialSource: z
      .enum(['user-gateway', 'user-key', 'server-key', 'team-gateway'])
      .default('server-key')
      .describe('Who pays the provider.'),
    usageBasis: z.enum(['reported', 'estimated']).default('reported'),
    inputTokens: tokens.describe('All of them; cached, written and audio tokens are parts of it.'),
    cachedInputTokens: tokens,
    cacheWrite5mTokens: tokens,
    cacheWrite1hTokens: tokens,
    audioInputTokens: tokens,
    outputTokens: tokens.describe('All of them; reasoning and audio tokens are parts of it.'),
    reasoningTokens: tokens,
    audioOutputTokens: tokens,
    images: tokens,
    searches: tokens,
    providerCostUsd: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,30})?$/)
      .optional()
      .describe('What the provider says that it costs. Kept beside ours.'),
  })
  .refine(
    (stated) =>
      stated.cachedInputTokens + stated.cacheWrite5mTokens + stated.cacheWrite1hTokens + stated.audioInputTokens <= stated.inputTokens,
    {
      path: ['inputTokens'],
      message: 'Less than its parts.',
    },
  )
  .refine(({ reasoningTokens, audioOutputTokens, outputTokens }) => reasoningTokens + audioOutputTokens <= outputTokens, {
    path: ['outputTokens'],
    message: 'Less than its parts.',
  })

export interface RecordDeps {
  database: Pick<Database, 'system'>
  ledger: Pick<Ledger, 'settle' | 'posted'>
  clock: Clock
}

const operation = 'recorded'
const oldestMs = 31 * 24 * 60 * 60 * 1_000
const clocksDifferMs = 5 * 60 * 1_000

/**
 * A call that somebody else made, with the usage they state. Under a key it is recorded once: at the same moment the
 * Idempotency-Key of the route sees to that, and for as long as the call is kept its request id, which is the key.
 */
export async function recordUsage(
  { database, ledger, clock }: RecordDeps,
  { userId: named, provider, model, credentialSource, outcome, usageBasis, providerCostUsd, ...stated }: z.output<typeof recordSchema>,
  { key, requestId }: { key: string | undefined; requestId: string },
) {
  const read = <T>(work: (tx: Tx) => Promise<T>) => database.system('read a recorded call', work)
  const ofRequest = key === undefined ? requestId : toRequestId(key)
  await ledger.posted()
  const { userId, isHere, before } = await read(async (tx) => {
    const { owner, isHere } = await findPerson(tx, named)
    return { userId: owner, isHere, before: key === undefined ? undefined : await findRecorded(tx, owner, ofRequest) }
  })
  if (before) return before
  const { startedAt, endedAt, ...usage } = stated
  const startedAtMs = startedAt === undefined ? clock() : Date.parse(startedAt)
  const endedAtMs = endedAt === undefined ? startedAtMs : Date.parse(endedAt)
  const isInTime = startedAtMs >= clock() - oldestMs && endedAtMs >= startedAtMs && endedAtMs <= clock() + clocksDifferMs
  if (!isInTime) throw usageErrors.outside_of_time()
  if (!isHere) throw usageErrors.no_such_user()
  const id = uuidV7(startedAtMs)
  await ledger.settle(
    { id, userId, startedAtMs, requestId: ofRequest, operation, provider, model, credentialSource, decisions: '[]' },
    { outcome, endedAtMs, usageBasis, usage, providerCostUsd },
  )
  await ledger.posted()
  const written = await read((tx) => findCall(tx, userId, id))
  if (!written) throw new Error('what was settled is not there')
  return written
}

/**
 * Whoever began without an account may have one by now. The ledger outlives its people and asks of nobody whether they are
 * here; but an id that is typed wrong would be written down for nobody, and limit nobody.
 */
async function findPerson(tx: Tx, userId: string): Promise<{ owner: string; isHere: boolean }> {
  const { rows } = await sql<{ owner: string; isHere: boolean }>`
    select p.owner, keyloft.is_person(in_user_id => p.owner) as "isHere" from keyloft.present_owner(in_user_id => ${userId}) as p (owner)`.execute(
    tx,
  )
  return rows[0] ?? { owner: userId, isHere: false }
}

async function findRecorded(tx: Tx, userId: string, requestId: string) {
  const row = await tx
    .selectFrom('usage_records')
    .select('id')
    .where('user_id', '=', userId)
    .where('request_id', '=', requestId)
    .where(isNotItsRequest)
    .where('operation', '=', operation)
    .limit(1)
    .executeTakeFirst()
  return row && findCall(tx, userId, row.id)
}

/** A key may be longer than what can stand in a path. */
const toRequestId = (key: string) => (key.length <= 100 ? key : createHash('sha256').update(key).digest('hex'))

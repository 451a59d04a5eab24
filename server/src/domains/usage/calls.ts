import { sql } from 'kysely'
import type { Principal } from '../../base/principal.ts'
import type { Database, Tx } from '../../platform/database/database.ts'
import type { Place } from '../../platform/http/pages.ts'

export const outcomes = ['completed', 'failed', 'aborted', 'presumed'] as const

export interface CallFilter {
  /** By when it began: at this time or later, and before that. */
  from?: Date | undefined
  to?: Date | undefined
  provider?: string | undefined
  model?: string | undefined
  outcome?: (typeof outcomes)[number] | undefined
  keyId?: string | undefined
  tokenId?: string | undefined
}

const columns = [
  'id',
  'request_id',
  'started_at',
  'ended_at',
  'operation',
  'provider',
  'model',
  'credential_source',
  'key_id',
  'token_id',
  'outcome',
  'status',
  'first_byte_ms',
  'input_tokens',
  'cached_input_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'audio_input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'audio_output_tokens',
  'images',
  'searches',
  'usage_basis',
  'cost_usd',
] as const

export type ListedCall = Awaited<ReturnType<typeof lookFor>>[number]

/*
 * The id of a call begins with the millisecond in which the call began (UUIDv7), so the primary key (user_id, id,
 * started_at) has a person's calls in the order of time, and no index of its own is paid for with every call. How far
 * the two may be apart is given generously; what is asked for is decided by started_at, which also says which months to
 * look into. Decision 0029.
 */
const apartMs = 24 * 60 * 60 * 1_000
/** Together with that no more than two months. */
const recentMs = 27 * 24 * 60 * 60 * 1_000

/** No id of that time or later is below it. */
function lowestIdAt(atMs: number): string {
  const time = Math.max(0, Math.floor(atMs)).toString(16).padStart(12, '0').slice(-12)
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`
}

interface Page {
  after: Place | undefined
  limit: number
  nowMs: number
}

/** Newest first. Most pages are full of the last weeks, so the months before those are looked into where one is not. */
export async function listCalls(
  database: Pick<Database, 'readAs'>,
  principal: Principal,
  filter: CallFilter,
  { after, limit, nowMs }: Page,
): Promise<ListedCall[]> {
  const latestMs = Math.min(nowMs, filter.to?.getTime() ?? nowMs, after ? Date.parse(after.at) : nowMs)
  const sinceMs = latestMs - recentMs
  const recent = await lookFor(database, principal, filter, { after, limit, nowMs, sinceMs })
  if (recent.length === limit || (filter.from && filter.from.getTime() - apartMs > sinceMs)) return recent
  const older = await lookFor(database, principal, filter, { after, limit: limit - recent.length, nowMs, untilMs: sinceMs })
  return [...recent, ...older]
}

function lookFor(
  database: Pick<Database, 'readAs'>,
  principal: Principal,
  { from, to, provider, model, outcome, keyId, tokenId }: CallFilter,
  { after, limit, nowMs, sinceMs, untilMs }: Page & { sinceMs?: number; untilMs?: number },
) {
  return database.readAs(principal, (db) => {
    let query = db
      .selectFrom('usage_records')
      .select([...columns, sql<string>`to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('at')])
      .where('user_id', '=', principal.claims.sub ?? '')
      .where('started_at', '<', new Date(nowMs + apartMs)) // no call begins later, and months are made ahead
      .orderBy('id', 'desc')
      .limit(limit)
    if (sinceMs !== undefined) query = query.where('started_at', '>=', new Date(sinceMs - apartMs)).where('id', '>=', lowestIdAt(sinceMs))
    if (untilMs !== undefined) query = query.where('started_at', '<', new Date(untilMs + apartMs)).where('id', '<', lowestIdAt(untilMs))
    if (from) query = query.where('started_at', '>=', from).where('id', '>=', lowestIdAt(from.getTime() - apartMs))
    if (to) query = query.where('started_at', '<', to).where('id', '<', lowestIdAt(to.getTime() + apartMs))
    if (after) query = query.where('id', '<', after.id).where('started_at', '<', new Date(Date.parse(after.at) + apartMs))
    const wanted = { provider, model, outcome, key_id: keyId, token_id: tokenId }
    const tests = Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : sql`${sql.ref(name)} = ${value}`))
    // As a `case`, of which PostgreSQL takes half to pass. Where it believes that few do, it reads all of a person's calls and
    // sorts those; and of several filters it believes too easily that few pass them all.
    return tests.length > 0 ? query.where(sql<boolean>`case when ${sql.join(tests, sql` and `)} then true else false end`) : query
  })
}

export interface CostLine {
  what: string
  quantity: number | null
  rateUsd: string | null
  per: number
  costUsd: string | null
}

const more = ['decisions', 'provider_usage', 'provider_cost_usd', 'price_id', 'settled_at'] as const

export type FoundCall = NonNullable<Awaited<ReturnType<typeof findCall>>>

/** By its id, or the last one of a request. */
export async function findCall(tx: Tx, userId: string, idOrRequestId: string) {
  const own = tx
    .selectFrom('usage_records')
    .select([...columns, ...more])
    .where('user_id', '=', userId)
  const byId = (id: string) =>
    uuidV7.test(id)
      ? own
          .where('id', '=', id)
          .where(within(timeOf(id)))
          .executeTakeFirst()
      : undefined
  const byRequest = (id: string) => own.where('request_id', '=', id).where(isNotItsRequest).orderBy('id', 'desc')
  const call = (await byId(idOrRequestId)) ?? (await byRequest(idOrRequestId).limit(1).executeTakeFirst())
  if (!call) return undefined
  const { request_id } = call
  const namesake = call.id === request_id ? call : await byId(request_id)
  const others = await byRequest(request_id).where(within(call.started_at.getTime())).limit(mostAttempts).execute()
  const attempts = [...(namesake?.request_id === request_id ? [namesake] : []), ...others.reverse()]
  return { call, attempts, lines: await listCostLines(tx, userId, call) }
}

/** Most calls have the id of their request for their own, and the index of request ids is without them. */
export const isNotItsRequest = sql<boolean>`request_id <> id::text`

const mostAttempts = 50
const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const timeOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/** Leaves out the months that are not about that time. */
const within = (atMs: number) => sql<boolean>`started_at between ${new Date(atMs - apartMs)} and ${new Date(atMs + apartMs)}`

/**
 * Each class of what was used, times its rate, as keyloft.cost_of adds them up. What a call was booked at without that is
 * a line of its own, so that the lines always add up to its cost.
 */
async function listCostLines(tx: Tx, userId: string, { id, started_at }: { id: string; started_at: Date }): Promise<CostLine[]> {
  const { rows } = await sql<{ what: string; quantity: string | null; rate: string | null; per: number; cost: string | null }>`
    with of_call as (
      select u.*, p.input_per_million, p.cached_input_per_million, p.cache_write_5m_per_million, p.cache_write_1h_per_million,
             p.audio_input_per_million, p.output_per_million, p.reasoning_per_million, p.audio_output_per_million, p.per_image, p.per_search, p.per_request
        from usage_records u left join model_prices p on p.id = u.price_id
       where u.user_id = ${userId} and u.id = ${id} and u.started_at = ${started_at}
    ), lines as (
      select l.*, trim_scale(quantity * rate * case per when 1 then 1 else 0.000001 end) as cost
        from of_call c, lateral (values
          (1, 'input', c.input_tokens - c.cached_input_tokens - c.cache_write_5m_tokens - c.cache_write_1h_tokens - c.audio_input_tokens, c.input_per_million, 1000000),
          (2, 'cachedInput', c.cached_input_tokens, coalesce(c.cached_input_per_million, c.input_per_million), 1000000),
          (3, 'cacheWrite5m', c.cache_write_5m_tokens, coalesce(c.cache_write_5m_per_million, c.input_per_million), 1000000),
          (4, 'cacheWrite1h', c.cache_write_1h_tokens, coalesce(c.cache_write_1h_per_million, c.input_per_million), 1000000),
          (5, 'audioInput', c.audio_input_tokens, c.audio_input_per_million, 1000000),
          (6, 'output', c.output_tokens - c.reasoning_tokens - c.audio_output_tokens, c.output_per_million, 1000000),
          (7, 'reasoning', c.reasoning_tokens, coalesce(c.reasoning_per_million, c.output_per_million), 1000000),
          (8, 'audioOutput', c.audio_output_tokens, c.audio_output_per_million, 1000000),
          (9, 'image', c.images, c.per_image, 1),
          (10, 'search', c.searches, c.per_search, 1),
          (11, 'request', 1, c.per_request, 1)) as l (place, what, quantity, rate, per)
       where c.usage_basis in ('reported', 'estimated') and quantity > 0 and (what <> 'request' or rate is not null)
    ), presumed as (
      select 12 as place, 'presumed' as what, null::bigint as quantity, null::numeric as rate, 1 as per,
             trim_scale(c.cost_usd - coalesce((select sum(cost) from lines), 0)) as cost
        from of_call c
    )
    select what, quantity::text, rate::text, per, cost::text
      from (select * from lines union all select * from presumed where cost <> 0) every_line order by place`.execute(tx)
  return rows.map(({ what, quantity, rate, per, cost }) => ({
    what,
    quantity: quantity === null ? null : Number(quantity),
    rateUsd: rate,
    per,
    costUsd: cost,
  }))
}

import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { callId, ended, makeCall, settleCalls } from '../../../test/ledger.ts'
import { randomFrom } from '../../../test/random.ts'
import { importModels, readModelFile } from '../models/models.ts'
import type { Wish } from './advances.ts'
import { type Call, sanitise } from './call.ts'
import { sweepCalls } from './jobs.ts'
import { openCalls, returnPlaces } from './statements.ts'

/*
 * Calls of several people, each with some limits, opened and ended in random batches, with places reserved in advance, given
 * back and presumed: what every verdict says, and what every limit counts, against a plain model. A seed that fails is named
 * by its test, and fails again.
 */

const seeds = process.env.KEYLOFT_TEST_LONG ? Array.from({ length: 40 }, (_, n) => n + 1) : [1, 2, 3, 4]
const steps = 60

/** Costs are in millionths of a dollar, in which all of these are whole. */
interface Amount {
  requests: number
  tokens: number
  cost: number
}
interface Limit {
  id: string
  userId: string
  type: 'daily' | 'monthly' | 'provider' | 'model'
  provider: string | null
  model: string | null
  spend: 'all' | 'own' | 'platform'
  most: Partial<Amount>
  hasBegun: boolean
  /** It refused a call a moment ago. */
  isScarce: boolean
  used: Amount
  reserved: Amount
}
interface Held {
  limits: Limit[]
  tokens: number | undefined
  cost: number | undefined
}
interface Advance extends Held {
  wish: Wish
  /** For calls that have not come. */
  free: number
  /** Of calls that are not written down. */
  drawn: number
  isClosed: boolean
  isPresumed: boolean
}
interface Known {
  call: Call
  isOpen: boolean
  advance: Advance | undefined
  /** The limits it has reserved in, and how much, until it has ended. */
  held: Held | undefined
  /** Once it has ended: what it used. */
  record: Amount | undefined
}

const catalogue: Record<
  string,
  { contextLength?: number; maxTokens?: number; prices: { from: string; tokens: number; input: number; output: number }[] }
> = {
  plain: { contextLength: 4_000, maxTokens: 500, prices: [{ from: '2025-01-01', tokens: 0, input: 1, output: 2 }] },
  tiered: {
    contextLength: 9_000,
    prices: [
      { from: '2024-01-01', tokens: 0, input: 9, output: 9 },
      { from: '2025-01-01', tokens: 0, input: 1, output: 7 },
      { from: '2025-01-01', tokens: 1_000, input: 3, output: 5 },
    ],
  },
  unknown: { prices: [] },
}
const wholeContext = 1e12
const now = Date.now()
const before = Date.parse('2024-06-01')

const usd = (millionths: number) => `${millionths / 1e6}`

function pricesOf({ model, startedAtMs }: Call, inputTokens: number) {
  const prices = catalogue[model]?.prices.filter(({ from }) => Date.parse(from) <= startedAtMs) ?? []
  const newest = prices.at(-1)?.from
  return prices.filter(({ from, tokens }) => from === newest && tokens <= inputTokens)
}

function counts({ userId, provider, model, spend }: Limit, call: Call) {
  const isOfModel = model === null || (model.endsWith('*') ? call.model.startsWith(model.slice(0, -1)) : call.model === model)
  return userId === call.userId && (provider === null || provider === call.provider) && isOfModel && spend !== 'platform'
}

function boundsOf(call: Call, needsCost: boolean) {
  const { contextLength, maxTokens } = catalogue[call.model] ?? {}
  const { mostInputTokens, mostOutputTokens, mostChoices = 1, mostCostUsd } = call
  const input =
    mostInputTokens === wholeContext
      ? contextLength
      : mostInputTokens !== undefined && mostCostUsd === undefined
        ? Math.min(mostInputTokens, contextLength ?? mostInputTokens)
        : mostInputTokens
  const output = mostOutputTokens ?? maxTokens ?? contextLength
  if (mostCostUsd !== undefined || !needsCost || input === undefined || output === undefined)
    return {
      tokens: input === undefined || output === undefined ? undefined : input + mostChoices * output,
      cost: mostCostUsd === undefined ? undefined : Math.round(Number(mostCostUsd) * 1e6),
    }
  const costs = pricesOf(call, input).map((price) => input * price.input + mostChoices * output * price.output)
  return { tokens: input + mostChoices * output, cost: costs.length > 0 ? Math.max(...costs) : undefined }
}

/** What refuses it, without when its window ends. */
function refusalOf({ id, type, spend, most, used, reserved }: Limit, asked: { tokens: number | undefined; cost: number | undefined }) {
  const words = `${id} ${type} operator ${spend}`
  for (const what of ['requests', 'tokens', 'cost'] as const) {
    const limit = most[what]
    const amount = what === 'requests' ? 1 : asked[what]
    if (limit === undefined) continue
    if (amount === undefined) return `unbounded ${words} ${what}`
    const left = limit - used[what] - reserved[what]
    const write = what === 'cost' ? usd : String
    const later = limit - used[what] >= amount ? 'later' : 'never'
    if (left < amount) return `over ${words} ${what} ${write(limit)} ${write(Math.max(left, 0))} ${write(amount)} ${later}`
  }
  return undefined
}

/** An eighth of what is left holds so many. */
function placesFor(limits: readonly Limit[], { places }: Wish, asked: { tokens: number | undefined; cost: number | undefined }) {
  const most = limits.flatMap(({ most, used, reserved, isScarce }) =>
    (['requests', 'tokens', 'cost'] as const).map((what) => {
      if (isScarce) return 0
      const limit = most[what]
      const amount = what === 'requests' ? 1 : asked[what]
      if (limit === undefined || amount === 0) return places
      return amount === undefined ? 0 : Math.floor((limit - used[what] - reserved[what]) / (8 * amount))
    }),
  )
  return limits.length === 0 ? 0 : Math.max(0, Math.min(places, ...most))
}

const add = (to: Amount, { requests, tokens, cost }: Amount, sign = 1) => {
  to.requests += sign * requests
  to.tokens += sign * tokens
  to.cost += sign * cost
}
const nothing = (): Amount => ({ requests: 0, tokens: 0, cost: 0 })

describe('limits, against a plain model', async () => {
  const seen = { isClosed: 0, isPresumed: 0, drawn: 0 }
  const { database, owner, makePerson } = await createTestDatabase()
  for (const date of ['2024-01-01', '2025-01-01']) {
    const models = Object.entries(catalogue).flatMap(([model, { prices }]) => {
      const inForce = prices.filter(({ from }) => from === date)
      const written = inForce.map(({ tokens, input, output }) => ({
        ...(tokens && { fromInputTokens: tokens }),
        input: `${input}`,
        output: `${output}`,
      }))
      return inForce.length > 0 ? [{ provider: 'mock', model, name: model, prices: written }] : []
    })
    const read = readModelFile(JSON.stringify({ date, models }))
    if ('faults' in read) throw new Error(read.faults.join())
    await importModels(database, read.file)
  }
  for (const [model, { contextLength, maxTokens }] of Object.entries(catalogue))
    await sql`update ai_models set context_length = ${contextLength ?? null}, max_tokens = ${maxTokens ?? null} where model = ${model}`.execute(
      owner.db,
    )

  const open = async (calls: readonly Call[]) => ((await database.systemOnce('open', openCalls(calls, 60))).verdicts as string).split(',')

  it.each(seeds)('refuse what the model refuses, in the same words, and count what it counts (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const people = await Promise.all(Array.from({ length: 3 }, async () => (await makePerson()).id))
    const limits: Limit[] = []
    const known: Known[] = []
    const advances: Advance[] = []

    async function setLimit() {
      const type = random.one(['daily', 'monthly', 'provider', 'model'] as const)
      const limit = {
        user_id: random.one(people),
        type,
        provider: type === 'provider' || (type === 'model' && random.chance(0.3)) ? 'mock' : null,
        model: type === 'model' ? random.one(['plain', 'tiered', 'p*']) : null,
        spend: random.one(['all', 'own', 'platform'] as const),
        request_limit: random.chance(0.5) ? random.below(random.one([40, 40, 2_000])) : null,
        token_limit: random.chance(0.5) ? random.below(random.one([60_000, 60_000, 3_000_000])) : null,
        cost_limit: random.chance(0.5) ? usd(random.below(random.one([200_000, 200_000, 9_000_000]))) : null,
      }
      if (limit.request_limit === null && limit.token_limit === null && limit.cost_limit === null) return
      const made = await owner.db
        .insertInto('user_quota_limits')
        .values(limit)
        .onConflict((on) => on.doNothing())
        .returning('id')
        .executeTakeFirst()
      if (!made) return
      limits.push({
        ...limit,
        id: made.id,
        userId: limit.user_id,
        most: {
          ...(limit.request_limit !== null && { requests: limit.request_limit }),
          ...(limit.token_limit !== null && { tokens: limit.token_limit }),
          ...(limit.cost_limit !== null && { cost: Math.round(Number(limit.cost_limit) * 1e6) }),
        },
        hasBegun: false,
        isScarce: false,
        used: nothing(),
        reserved: nothing(),
      })
      limits.sort((a, b) => (a.id < b.id ? -1 : 1))
    }

    /** A window begins with the first batch in which its person has a call, with what they had used by then: of a batch that ends, with it. */
    function begin(batch: readonly Pick<Known, 'call'>[]) {
      for (const limit of limits) {
        if (limit.hasBegun || !batch.some(({ call }) => call.userId === limit.userId)) continue
        limit.hasBegun = true
        for (const { call, record } of known)
          if (record && call.startedAtMs === now && counts(limit, call)) add(limit.used, { ...record, requests: 1 })
      }
    }

    const drawPlace = () => {
      const advance = random.one(advances)
      if (advance.free === 0 || advance.isClosed) return
      advance.free--
      advance.drawn++
      const call = { ...advance.wish, id: callId(now), advanceId: advance.wish.id, places: undefined }
      known.push({ call, isOpen: false, advance, held: advance, record: undefined })
    }
    const draw = () => {
      if (advances.length > 0 && random.chance(0.5)) drawPlace()
      if (known.length === 0 || random.chance(0.6)) {
        const call = makeCall({
          userId: random.one(people),
          model: random.one(Object.keys(catalogue)),
          startedAtMs: random.chance(0.8) ? now : before,
          credentialSource: random.one(['user-key', 'user-gateway']),
          mostInputTokens: random.one([undefined, 10, 900, 1_500, 6_000, wholeContext]),
          mostOutputTokens: random.one([undefined, 0, 100, 2_000]),
          mostChoices: random.one([undefined, undefined, 2]),
          mostCostUsd: random.chance(0.2) ? usd(random.below(20_000)) : undefined,
        })
        known.push({ call, isOpen: false, advance: undefined, held: undefined, record: undefined })
      }
      return random.one(known)
    }
    /** Of the limits in which an advance is reserved, or presumed to be used. */
    const countPlaces = ({ limits: its, tokens, cost, isPresumed }: Advance, places: number) => {
      const amount = { requests: places, tokens: places * (tokens ?? 0), cost: places * (cost ?? 0) }
      for (const limit of its) add(isPresumed ? limit.used : limit.reserved, amount)
    }
    /** The moment is as long as the model says. */
    async function remember() {
      if (random.chance(0.5)) for (const limit of limits) limit.isScarce = false
      const scarce = limits.flatMap(({ id, isScarce }) => (isScarce ? [id] : []))
      await sql`update user_quota_limits set no_advances_until = case when id = any (${scarce}::uuid[]) then 'infinity'::timestamptz end
                 where user_id = any (${people}::uuid[])`.execute(owner.db)
    }
    async function ask() {
      await remember()
      const like = random.one(known).call
      const wish = { ...like, id: callId(now), advanceId: undefined, startedAtMs: now, places: 1 + random.below(20) }
      const its = limits.filter((limit) => counts(limit, wish))
      begin([{ call: wish }])
      const asked = boundsOf(
        wish,
        its.some(({ most }) => most.cost !== undefined),
      )
      const places = placesFor(its, wish, asked)
      for (const time of ['once', 'again'])
        expect([time, await open([wish])]).toEqual([time, [places > 0 ? `advance ${places}` : 'scarce']])
      if (places === 0) return
      const advance = { ...asked, limits: its, wish, free: places, drawn: 0, isClosed: false, isPresumed: false }
      advances.push(advance)
      countPlaces(advance, places)
    }
    async function giveBack(advance: Advance) {
      const free = random.chance(0.5) ? advance.free : undefined
      const known = free ?? advance.free + advance.drawn
      if (free === undefined && advance.drawn > 0) return // only whoever never heard of it gives back all
      for (let times = random.one([1, 2]); times > 0; times--)
        await database.systemOnce('return', returnPlaces([{ id: advance.wish.id, places: free }]))
      if (advance.isClosed) return
      if (known > 0) begin([{ call: advance.wish }])
      countPlaces(advance, -known)
      advance.isClosed = true
      advance.free = 0
    }
    async function presume(advance: Advance) {
      await sql`update keyloft.advances set lease_until = now() - interval '1 second' where id = ${advance.wish.id}`.execute(owner.db)
      await sweepCalls(database)
      const places = advance.free + advance.drawn
      if (advance.isPresumed || places === 0) return
      begin([{ call: advance.wish }])
      countPlaces(advance, -places)
      advance.isPresumed = true
      countPlaces(advance, places)
    }
    const batch = () => [...new Set(Array.from({ length: 1 + random.below(10) }, draw))]

    for (let step = 0; step < steps; step++) {
      if (step < 3 || random.chance(0.1)) await setLimit()
      if (known.length > 0 && random.chance(0.5)) await ask()
      if (advances.length > 0 && random.chance(0.2)) await giveBack(random.one(advances))
      if (advances.length > 0 && random.chance(0.1)) await presume(random.one(advances))
      const drawn = batch()
      if (random.chance(0.6)) {
        const rows = drawn.filter(({ record }) => !record)
        if (rows.length === 0) continue
        const isBad = rows.map(() => random.chance(0.1))
        const verdicts = await open(rows.map(({ call }, n) => (isBad[n] ? { ...call, model: '' } : call)))
        if (rows.some(({ advance }, n) => !advance && !isBad[n])) begin(rows)
        for (const [n, row] of rows.entries()) {
          const verdict = verdicts[n] ?? ''
          if (isBad[n]) expect(verdict).toBe('invalid')
          else if (row.isOpen) expect(verdict).toBe('already')
          else if (row.advance) {
            expect(verdict).toBe('opened')
            row.isOpen = true
          } else {
            const its = limits.filter((limit) => counts(limit, row.call))
            const asked = boundsOf(
              row.call,
              its.some(({ most }) => most.cost !== undefined),
            )
            const refusal = its.map((limit) => refusalOf(limit, asked)).find((words) => words !== undefined)
            expect(verdict.replace(/^(over .*) \d+( later| never)$/, '$1$2')).toBe(refusal ?? 'opened')
            const refusing = refusal?.endsWith('later') && its.find(({ id }) => refusal.includes(id))
            if (refusing) refusing.isScarce = true
            if (refusal) continue
            for (const { reserved } of its) add(reserved, { requests: 1, tokens: asked.tokens ?? 0, cost: asked.cost ?? 0 })
            row.held = { limits: its, ...asked }
            row.isOpen = true
          }
        }
      } else {
        const outcomes = drawn.map(() => {
          const usageBasis = random.one(['reported', 'estimated', 'none', 'unknown'] as const)
          return ended({ inputTokens: random.below(2_000), outputTokens: random.below(300) }, { usageBasis })
        })
        const rows = drawn.map(({ call }, n) => ({ call, outcome: sanitise(outcomes[n] ?? ended()) }))
        const { verdicts } = await database.systemOnce('settle', settleCalls(rows))
        expect(verdicts).toBe(drawn.map(({ record }) => (record ? 'already' : 'settled')).join())
        for (const [n, { outcome }] of rows.entries()) {
          const row = drawn[n] as Known
          if (row.record) continue
          const { usage, usageBasis } = outcome
          const price = pricesOf(row.call, usage.inputTokens).at(-1)
          const isKnown = usageBasis !== 'unknown' && usageBasis !== 'none' && price !== undefined
          const cost = isKnown ? usage.inputTokens * price.input + usage.outputTokens * price.output : usageBasis === 'none' ? 0 : undefined
          const tokens = usage.inputTokens + usage.outputTokens
          const requests = usageBasis === 'none' ? 0 : 1
          const { held } = row
          if (row.advance) row.advance.drawn--
          for (const limit of held?.limits ?? []) {
            add(
              row.advance?.isPresumed ? limit.used : limit.reserved,
              { requests: 1, tokens: held?.tokens ?? 0, cost: held?.cost ?? 0 },
              -1,
            )
            add(limit.used, { requests, tokens: usageBasis === 'unknown' ? (held?.tokens ?? 0) : tokens, cost: cost ?? held?.cost ?? 0 })
          }
          for (const limit of limits)
            if (limit.hasBegun && !held?.limits.includes(limit) && counts(limit, row.call) && row.call.startedAtMs === now)
              add(limit.used, { requests, tokens, cost: cost ?? 0 })
          row.record = { requests, tokens, cost: cost ?? 0 }
          row.held = undefined
          row.isOpen = false
        }
        begin(drawn)
      }

      const { rows } = await sql<{ id: string } & Record<string, string>>`
        select id, used_requests as "usedRequests", used_tokens as "usedTokens", trim_scale(used_cost)::text as "usedCost",
               reserved_requests as "reservedRequests", reserved_tokens as "reservedTokens", trim_scale(reserved_cost)::text as "reservedCost"
          from user_quota_limits where user_id = any (${people}::uuid[]) order by id`.execute(owner.db)
      expect(rows).toEqual(
        limits.map(({ id, used, reserved }) => ({
          id,
          usedRequests: `${used.requests}`,
          usedTokens: `${used.tokens}`,
          usedCost: usd(used.cost),
          reservedRequests: `${reserved.requests}`,
          reservedTokens: `${reserved.tokens}`,
          reservedCost: usd(reserved.cost),
        })),
      )
    }
    expect(known.some(({ held }) => held)).toBe(true)
    for (const one of ['isClosed', 'isPresumed'] as const) seen[one] += advances.filter((advance) => advance[one]).length
    seen.drawn += known.filter(({ advance, record }) => advance && record).length
  })
  it('have seen advances that were given back, presumed, and drawn from', () => {
    expect(Object.values(seen).every((count) => count > seeds.length)).toBe(true)
  })
})

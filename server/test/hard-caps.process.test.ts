import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePartitions, sweepCalls } from '../src/domains/ledger/jobs.ts'
import { importModels, readModelFile } from '../src/domains/models/models.ts'
import { createDatabase, type Database } from '../src/platform/database/database.ts'
import { ensureLogins, type LoginUrls } from '../src/platform/database/logins.ts'
import { migrateUp } from '../src/platform/database/migrator.ts'
import { connectAsOwner, type Owner } from '../src/platform/database/owner.ts'
import { generateRootKeys, parseKeyring } from '../src/platform/sealing/keyring.ts'
import { binaries, type Cluster, startCluster } from './cluster.ts'
import { postAll, unevenHours } from './ledger.ts'
import { randomFrom } from './random.ts'

/*
 * Hard limits against a model of them: four processes make calls at once, some are killed, the database goes away and comes
 * back. From what they say it follows how much could be in use at any moment at most, and so which refusal was false.
 */

const isLong = process.env.KEYLOFT_TEST_LONG !== undefined
const seeds = isLong ? [1, 2, 3, 4, 5] : [1]
const callsOfEach = isLong ? 1_000 : 150
const processes = 4
const program = join(import.meta.dirname, 'processes/make-capped-calls.ts')

interface Told {
  userId: string
  model: string
  tokens: number
  used: number | null | undefined
  asksAt: number
  refusedAt?: number
  quota?: { type: string; limits: 'requests' | 'tokens' | 'cost'; limit: string }
  settledAt?: number
  basis?: string
  isReserved?: boolean
}

interface Limit {
  id: string
  userId: string
  model: string | undefined
  requests: number | undefined
  tokens: number | undefined
}

describe('hard limits, against a plain model', () => {
  const children = new Set<ChildProcess>()
  let cluster: Cluster
  let owner: Owner
  let logins: LoginUrls
  let database: Database

  const connect = async () => {
    owner = await connectAsOwner(cluster.url)
    database = createDatabase(logins, { poolSize: 2, onError: () => {} })
  }
  beforeAll(async () => {
    cluster = await startCluster(binaries['postgres-18']() as string)
    const first = await connectAsOwner(cluster.url)
    await migrateUp(first)
    logins = await ensureLogins(first, parseKeyring(generateRootKeys()))
    await first.end()
    await connect()
    await makePartitions(database)
    // A token in or out costs a millionth, so that a limit of cost is one of tokens.
    const read = readModelFile(
      JSON.stringify({
        date: '2026-01-01',
        models: ['capped', 'other'].map((model) => ({ provider: 'mock', model, name: model, prices: [{ input: '1', output: '1' }] })),
      }),
    )
    if ('faults' in read) throw new Error(read.faults.join())
    await importModels(database, read.file)
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await database.end()
    await owner.end()
    await cluster.stop()
  })

  async function makePeople(calls: number): Promise<Limit[]> {
    const average = 1_000 // tokens at most, of a call
    const limits: Limit[] = []
    const set = async (
      userId: string,
      row: { type: string; model?: string; request_limit?: number; token_limit?: number; cost_limit?: string },
    ) => {
      const { id } = await owner.db
        .insertInto('user_quota_limits')
        .values({ user_id: userId, ...row })
        .returning('id')
        .executeTakeFirstOrThrow()
      const tokens = row.token_limit ?? (row.cost_limit === undefined ? undefined : Math.round(Number(row.cost_limit) * 1e6))
      limits.push({ id, userId, model: row.model, requests: row.request_limit, tokens })
    }
    const third = calls / 3
    for (const kind of ['cost', 'tokens and requests', 'two']) {
      const userId = randomUUID()
      await sql`insert into auth.users (id, email) values (${userId}, ${`${userId}@example.com`})`.execute(owner.db)
      if (kind === 'cost') await set(userId, { type: 'daily', cost_limit: (Math.round(third * average * 0.2) / 1e6).toFixed(6) })
      if (kind === 'tokens and requests') {
        await set(userId, { type: 'monthly', token_limit: Math.round(third * average * 0.3), request_limit: Math.round(third * 0.5) })
      }
      if (kind === 'two') {
        await set(userId, { type: 'model', model: 'capped', token_limit: Math.round(third * average * 0.15) })
        await set(userId, { type: 'daily', request_limit: Math.round(third * 0.6) })
      }
    }
    return limits
  }

  function startCalling(told: Map<string, Told>, failures: string[], env: Record<string, string>) {
    const child = spawn(process.execPath, [program], {
      env: { PATH: process.env.PATH, LOGIN_URLS: JSON.stringify(logins), ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.add(child)
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    lines.on('line', (line) => {
      if (!line.endsWith('}')) return // cut by a kill
      const { word, id, at, ...more } = JSON.parse(line)
      const known = told.get(id)
      if (word === 'asks') told.set(id, { ...more, asksAt: at })
      else if (word === 'failed') failures.push(more.code)
      else if (known && word === 'refused') Object.assign(known, { refusedAt: at, quota: more.quota })
      else if (known && word === 'reserved') known.isReserved = true
      else if (known && word === 'settled') Object.assign(known, { settledAt: at, basis: more.basis })
    })
    return { child, ended: new Promise((resolve) => lines.on('close', resolve)) }
  }

  const belongs = (call: Told, limit: Limit) => call.userId === limit.userId && (limit.model ?? call.model) === call.model
  /** What of a call counts for good. Of one whose end is not known, all that it could use. */
  const usedOf = ({ basis, used, tokens }: Told) =>
    basis === 'none' ? 0 : basis === undefined || basis === 'unknown' ? tokens : (used ?? tokens)

  it.each(seeds)('never pass, hold nothing at rest, and refuse nothing that had room (seed %i)', { timeout: 300_000 }, async (seed) => {
    const { below } = randomFrom(seed * 7_919)
    const told = new Map<string, Told>()
    const failures: string[] = []
    const limits = await makePeople(callsOfEach * processes)
    const people = [...new Set(limits.map(({ userId }) => userId))].join(',')
    const start = (n: number, calls: number) =>
      startCalling(told, failures, { PEOPLE: people, CALLS: `${calls}`, SEED: `${seed * 100 + n}`, SPREAD_MS: isLong ? '6000' : '1500' })
    const running = Array.from({ length: processes }, (_, n) => start(n, callsOfEach))
    let isOver = false
    const sweeping = (async () => {
      while (!isOver) {
        await sweepCalls(database).catch(() => {})
        await sleep(200)
      }
    })()

    await sleep(800 + below(800))
    const victim = running[below(processes)] as (typeof running)[number]
    victim.child.kill('SIGKILL')
    running.push(start(processes, callsOfEach))
    await sleep(300 + below(500))
    await cluster.goAway()
    await sleep(below(800))
    await cluster.comeBack()
    await owner.end().catch(() => {})
    owner = await connectAsOwner(cluster.url)
    await Promise.all(running.map((one) => one.ended))
    isOver = true
    await sweeping
    await postAll(owner)
    for (const table of ['holds', 'advances']) {
      await sql`update ${sql.id('keyloft', table)} set lease_until = now() - interval '1 second'`.execute(owner.db)
    }
    while ((await sweepCalls(database)) > 0);
    // What the killed process had reserved for calls of which nothing is known.
    const { rows: lost } = await sql<{ quota_ids: string[]; places: number; tokens: number; reservedAt: number }>`
      select quota_ids, places, most_tokens::int as tokens, extract(epoch from reserved_at)::float8 * 1000 as "reservedAt"
        from keyloft.advances`.execute(owner.db)
    const lostOf = ({ id }: Limit, untilMs = Number.POSITIVE_INFINITY) => {
      const its = lost.filter(({ quota_ids, reservedAt }) => quota_ids.includes(id) && reservedAt <= untilMs)
      const sumOf = (read: (one: (typeof its)[number]) => number) => its.reduce((sum, one) => sum + read(one), 0)
      return { places: sumOf(({ places }) => places), tokens: sumOf(({ places, tokens }) => places * tokens) }
    }

    // No error but a refusal reached anybody, and none was false.
    expect(failures).toEqual([])
    const calls = [...told.values()]
    const refused = calls.filter((call) => call.refusedAt !== undefined)
    const falseRefusals = refused.filter((call) => {
      const limit = limits.find((one) => belongs(call, one) && isWhatRefused(call, one)) as Limit
      const before = calls.filter(
        (other) => other !== call && other.refusedAt === undefined && belongs(other, limit) && other.asksAt <= (call.refusedAt as number),
      )
      const isOverBefore = (other: Told) => other.settledAt !== undefined && other.settledAt <= call.asksAt
      if (call.quota?.limits === 'requests') {
        const most =
          before.filter((other) => !(isOverBefore(other) && other.basis === 'none')).length + lostOf(limit, call.refusedAt).places
        return most + 1 <= (limit.requests as number)
      }
      const most = before.reduce(
        (sum, other) => sum + (isOverBefore(other) ? usedOf(other) : other.tokens),
        lostOf(limit, call.refusedAt).tokens,
      )
      return most + call.tokens <= (limit.tokens as number)
    })
    expect(falseRefusals).toEqual([])

    const { rows: quotas } = await sql<{ id: string; requests: number; tokens: number; reserved: string }>`
      select id, used_requests::int as requests, (case when cost_limit is null then used_tokens else used_cost * 1000000 end)::int as tokens,
             reserved_requests || ' ' || reserved_tokens || ' ' || trim_scale(reserved_cost) as reserved
        from user_quota_limits where user_id = any (${people.split(',')}::uuid[])`.execute(owner.db)
    for (const limit of limits) {
      const quota = quotas.find(({ id }) => id === limit.id)
      expect(quota?.reserved).toBe('0 0 0')
      expect(quota?.requests ?? 0).toBeLessThanOrEqual(limit.requests ?? Number.POSITIVE_INFINITY)
      expect(quota?.tokens ?? 0).toBeLessThanOrEqual(limit.tokens ?? Number.POSITIVE_INFINITY)
      // And what counts is what stands in the books, and what the killed process had reserved. Of what nobody knows, all of it.
      const { rows } = await sql<{ id: string; usage_basis: string; tokens: number }>`
        select id, usage_basis, (input_tokens + output_tokens)::int as tokens from usage_records
         where user_id = ${limit.userId} and usage_basis <> 'none' and model = coalesce(${limit.model ?? null}::text, model)`.execute(
        owner.db,
      )
      const tokens = rows.map((row) => (row.usage_basis === 'unknown' ? (told.get(row.id)?.tokens ?? 0) : row.tokens))
      const { places, tokens: presumed } = lostOf(limit)
      expect([quota?.requests, quota?.tokens]).toEqual([rows.length + places, tokens.reduce((sum, one) => sum + one, presumed)])
    }
    const { rows: holds } = await sql`select from keyloft.holds`.execute(owner.db)
    expect(holds).toEqual([])
    expect(await unevenHours(owner)).toEqual([])
    const { rows: stats } = await sql<{ deadlocks: number }>`select sum(deadlocks)::int as deadlocks from pg_stat_database`.execute(
      owner.db,
    )
    const { rows: presumed } = await sql<{ count: number }>`
      select count(*)::int as count from usage_records where outcome = 'presumed' and user_id = any (${people.split(',')}::uuid[])`.execute(
      owner.db,
    )
    const inAdvance = calls.filter(({ isReserved }) => isReserved).length
    console.info(
      `seed ${seed}: ${told.size} calls, ${inAdvance} of them reserved in advance, ${limits.reduce((sum, one) => sum + lostOf(one).places, 0)} places lost, ${refused.length} refused, ${presumed[0]?.count} presumed, ${stats[0]?.deadlocks} deadlocks seen by the server`,
    )
  })
})

function isWhatRefused({ quota }: Told, { model, requests }: Limit): boolean {
  return (quota?.type === 'model') === (model !== undefined) && (quota?.limits !== 'requests' || requests !== undefined)
}

import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { connectAsOwner, type Owner } from '../../src/platform/database/owner.ts'
import { postAll, unevenHours } from '../ledger.ts'
import { asTestClient } from '../socket-guard.ts'
import { makeCalls, type Seen } from './make-calls.ts'
import { type Counts, type PacedProvider, startPaced } from './paced-provider.ts'
import { installKeyloft, isLong, ownerUrlOf, postmasterOf, start, stop } from './run-keyloft.ts'
import { signUp } from './sign-up.ts'

/*
 * Promise 5, with everything real: no call of which a client saw a byte is missing from the books, whatever is ended at
 * whatever moment. Among the calls the server is stopped, it is killed, and its PostgreSQL is; each in turn.
 */

const answers = isLong ? 10_000 : 300
const clients = isLong ? 48 : 24
const harms = isLong ? 30 : 3
const kinds = ['SIGTERM', 'kill -9', 'kill -9 of PostgreSQL'] as const

const sandbox = installKeyloft()

test(`of ${answers} calls and ${harms} ends of server or database none is lost, doubled or miscounted`, { timeout: 20 * 60_000 }, () =>
  asTestClient(async () => {
    const provider = await startPaced(8)
    const dataDir = sandbox.newDataDir()
    const env = { OPENAI_BASE_URL: `${provider.url}/v1`, JWT_SECRET: randomBytes(48).toString('base64'), LOG_LEVEL: 'fatal' }
    let startedAtMs = Date.now()
    let server = await start(sandbox, dataDir, { env })
    const killed: Span[] = []
    const tokens = await Promise.all([1, 2, 3].map((number) => signUp(server.base, number)))

    let done = 0
    let harming = Promise.resolve()
    const harm = async () => {
      const kind = kinds[done++ % kinds.length]
      const old = server
      if (kind === 'kill -9 of PostgreSQL') return process.kill(postmasterOf(dataDir)?.pid ?? 0, 'SIGKILL')
      old.signal(kind === 'SIGTERM' ? 'SIGTERM' : 'SIGKILL')
      if (kind === 'kill -9') killed.push({ fromMs: startedAtMs, toMs: Date.now() })
      expect(await old.ended).toMatchObject(kind === 'SIGTERM' ? { code: 0 } : { signal: 'SIGKILL' })
      startedAtMs = Date.now()
      server = await start(sandbox, dataDir, { env })
    }
    const seen = await makeCalls({
      base: () => server.base,
      tokens,
      answers,
      clients,
      onAnswer: (count) => {
        const isDue = count % Math.ceil(answers / (harms + 1)) === 0 && done < harms
        if (isDue) harming = harming.then(async () => void (await harm()))
      },
    })
    await harming
    await stop(server) // what is left of calls whose clients have gone is written by then
    server = await start(sandbox, dataDir, { env })

    const owner = await connectAsOwner(ownerUrlOf(dataDir))
    const held = await holdsOf(owner)
    await sql`update keyloft.holds set lease_until = now() - interval '1 second'`.execute(owner.db)
    await sql`select keyloft.sweep_calls(in_limit => 100000)`.execute(owner.db)
    const records = await recordsOf(owner)
    expect(await holdsOf(owner)).toBe(0)
    expect(await unevenHours(owner)).toEqual([])
    await owner.end()
    await stop(server)

    expect(done).toBe(harms)
    expectBooksToTell(seen, records, provider, killed)
    console.info(figuresOf(seen, records, held))
  }),
)

/** The life of a process. */
interface Span {
  fromMs: number
  toMs: number
}

interface Recorded extends Pick<Counts, 'input' | 'output'> {
  id: string
  startedAtMs: number
  outcome: string
  basis: string
}

function expectBooksToTell(seen: Seen[], records: Recorded[], { counts }: PacedProvider, killed: Span[]) {
  const recorded = new Map(records.map((record) => [record.id, record]))
  expect(records.length, 'a request in the books twice').toBe(recorded.size)
  expect(seen.filter(({ isFaithful }) => !isFaithful)).toEqual([])
  expect(seen.filter(({ id, isAnswer }) => isAnswer && !recorded.has(id))).toEqual([])
  expect(seen.filter(({ id, isAnswer, isWhole }) => isAnswer && isWhole && recorded.get(id)?.outcome !== 'completed')).toEqual([])
  // What nobody's client asked for is not there either, and what the provider never saw cost nothing.
  const asked = new Set(seen.map(({ id }) => id))
  expect(records.filter(({ id }) => !asked.has(id))).toEqual([])
  for (const { id, outcome, basis, input, output } of records) {
    const said = counts.get(id)
    const what = `${id}, ${outcome}, ${basis}`
    if (outcome === 'completed') expect(basis, what).toBe('reported')
    if (basis === 'reported') expect({ input, output }, what).toEqual({ input: said?.input, output: said?.output })
    if (basis === 'estimated') expect(output, what).toBeLessThanOrEqual(said?.publicOutput ?? 0)
    if (outcome === 'presumed') expect(basis, what).toBe('unknown')
  }
  // Only a killed process leaves a call open: one that is stopped ends them all, and one whose database goes away waits for it.
  const isOfKilled = ({ startedAtMs }: Recorded) => killed.some(({ fromMs, toMs }) => fromMs <= startedAtMs && startedAtMs <= toMs)
  expect(records.filter((record) => record.outcome === 'presumed' && !isOfKilled(record))).toEqual([])
}

function figuresOf(seen: Seen[], records: Recorded[], held: number): string {
  const countBy = <T>(all: T[], of: (one: T) => string) =>
    JSON.stringify(Object.fromEntries([...Map.groupBy(all, of)].map(([key, some]) => [key, some.length])))
  const clientSaw = countBy(seen, ({ isAnswer, isWhole, leftEarly, status }) =>
    leftEarly
      ? `left, ${isAnswer ? 'after' : 'before'} the head`
      : !isAnswer
        ? `no answer (${status || 'no connection'})`
        : isWhole
          ? 'whole'
          : 'cut',
  )
  return `${seen.length} requests: ${clientSaw}; ${records.length} records: ${countBy(records, ({ outcome, basis }) => `${outcome}, ${basis}`)}; ${held} were left open`
}

async function recordsOf(owner: Owner): Promise<Recorded[]> {
  await postAll(owner)
  const { rows } = await sql<Recorded>`
    select request_id as id, extract(epoch from started_at)::float8 * 1000 as "startedAtMs", outcome, usage_basis as basis, input_tokens::int as input, output_tokens::int as output
      from usage_records`.execute(owner.db)
  return rows
}

async function holdsOf({ db }: Owner): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from keyloft.holds`.execute(db)
  return rows[0]?.count ?? 0
}

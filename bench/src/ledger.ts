import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { makePartitions } from '../../server/src/domains/ledger/jobs.ts'
import { type Call, createLedger, type Outcome } from '../../server/src/domains/ledger/ledger.ts'
import { loadShippedModels } from '../../server/src/domains/models/models.ts'
import { createDatabase, type Database } from '../../server/src/platform/database/database.ts'
import { ensureLogins } from '../../server/src/platform/database/logins.ts'
import { migrateUp } from '../../server/src/platform/database/migrator.ts'
import { connectAsOwner } from '../../server/src/platform/database/owner.ts'
import { ended, makeCall } from '../../server/test/ledger.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'
import { race } from './race.ts'
import { withDatabase } from './throwaway.ts'

/*
 * What it costs to write a call down, durably: with its intent and its end, or as one where it ends while its intent
 * waits. Alone, against one bare insert of a row of the same width, which is one commit. And many at once, against bare
 * inserts of a hundred such rows over as many connections as the ledger takes.
 */

const people = 200
const rounds = 5
const sliceMs = 200
const bareRows = 100
const bareConnections = 2

const bars: Record<string, Bar> = {
  'a call written once, alone': { on: 'ratio', atLeast: 0.5 },
  'a call with intent and end, alone': { on: 'ratio', atLeast: 0.25 },
  'calls with intent and end, 512 at once': { on: 'ratio', atLeast: 0.2 },
}

export function ledger(signal: AbortSignal): Promise<Figure[]> {
  return withDatabase(signal, async ({ url, keyring }) => {
    const owner = await connectAsOwner(url)
    await migrateUp(owner)
    const logins = await ensureLogins(owner, keyring)
    await owner.end()
    const database = createDatabase(logins, { poolSize: 10, onError: () => {} })
    try {
      await loadShippedModels(database)
      await makePartitions(database)
      return [...(await compare(database, url, 1, signal)), ...(await compare(database, url, 512, signal))]
    } finally {
      await database.end()
    }
  })
}

const users = Array.from({ length: people }, () => randomUUID())
const nextCall = (): Call => makeCall({ userId: users[Math.floor(Math.random() * people)] as string })
const outcome: Outcome = ended(
  { cachedInputTokens: 64 },
  { providerUsage: '{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}' },
)

async function compare(database: Database, url: string, lanes: number, signal: AbortSignal): Promise<Figure[]> {
  const books = createLedger({ database, clock: Date.now })
  const isAlone = lanes === 1
  const clients = Array.from({ length: isAlone ? 1 : bareConnections }, () => new pg.Client({ connectionString: url }))
  const rows = isAlone ? 1 : bareRows
  const bare: number[] = []
  const ours = { once: [] as number[], whole: [] as number[] }
  try {
    await Promise.all(clients.map((client) => client.connect()))
    await clients[0]?.query(bareTable)
    for (let round = 0; round < rounds; round++) {
      const one = { rounds: 1, sliceMs, signal }
      const insert = (lane: number) => insertBare(clients[lane] as pg.Client, rows)
      bare.push(...(await race({ bare: insert }, { ...one, lanes: clients.length })).bare.map((rate) => rate * rows))
      const { once, whole } = await race(
        {
          once: () => books.settle(nextCall(), outcome),
          whole: async () => {
            const call = nextCall()
            await books.open(call)
            await books.settle(call, outcome)
          },
        },
        { ...one, lanes },
      )
      ours.once.push(...once)
      ours.whole.push(...whole)
    }
  } finally {
    await books.stop()
    await Promise.all(clients.map((client) => client.end()))
  }
  const against = { what: isAlone ? 'bare inserts, a commit each' : `bare rows, ${bareRows} to a commit`, values: bare }
  const [noun, at] = isAlone ? ['a call', 'alone'] : ['calls', `${lanes} at once`]
  const figure = (what: string, values: readonly number[]) =>
    figureOf({ what, unit: 'per second', ...(bars[what] ? { bar: bars[what] } : {}) }, values, against)
  return [figure(`${noun} written once, ${at}`, ours.once), figure(`${noun} with intent and end, ${at}`, ours.whole)]
}

const bareTable = 'create table if not exists bare (user_id uuid, id uuid, started_at timestamptz, words text, primary key (user_id, id))'
const words = 'x'.repeat(300)

async function insertBare(client: pg.Client, rows: number) {
  const calls = Array.from({ length: rows }, nextCall)
  await client.query({
    name: 'bare',
    text: 'insert into bare select u, i, now(), $3 from unnest($1::uuid[], $2::uuid[]) as t (u, i)',
    values: [calls.map(({ userId }) => userId), calls.map(({ id }) => id), words],
  })
}

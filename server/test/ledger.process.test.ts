import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePartitions, sweepCalls } from '../src/domains/ledger/jobs.ts'
import { createDatabase, type Database } from '../src/platform/database/database.ts'
import { ensureLogins, type LoginUrls } from '../src/platform/database/logins.ts'
import { migrateUp } from '../src/platform/database/migrator.ts'
import { connectAsOwner, type Owner } from '../src/platform/database/owner.ts'
import { generateRootKeys, parseKeyring } from '../src/platform/sealing/keyring.ts'
import { binaries, type Cluster, startCluster } from './cluster.ts'
import { readBooks, unevenHours } from './ledger.ts'

const rounds = process.env.KEYLOFT_TEST_LONG ? 20 : 3
const program = join(import.meta.dirname, 'processes/write-calls.ts')

describe('a process that is killed while it writes calls', () => {
  const children = new Set<ChildProcess>()
  let cluster: Cluster
  let owner: Owner
  let logins: LoginUrls
  let database: Database

  beforeAll(async () => {
    cluster = await startCluster(binaries['postgres-18']() as string)
    owner = await connectAsOwner(cluster.url)
    await migrateUp(owner)
    logins = await ensureLogins(owner, parseKeyring(generateRootKeys()))
    database = createDatabase(logins, { poolSize: 2, onError: () => {} })
    await makePartitions(database)
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await database.end()
    await owner.end()
    await cluster.stop()
  })

  function startWriting() {
    const child = spawn(process.execPath, [program], {
      env: { PATH: process.env.PATH, LOGIN_URLS: JSON.stringify(logins) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.add(child)
    const said = { opened: new Set<string>(), settled: new Set<string>() }
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    const some = Promise.withResolvers<void>()
    lines.on('line', (line) => {
      const [word, id] = line.split(' ') as ['opened' | 'settled', string]
      said[word].add(id)
      if (said.settled.size > 200) some.resolve()
    })
    const heard = new Promise((resolve) => lines.on('close', resolve))
    return { child, said, some: some.promise, heard }
  }

  it(`loses no call that it opened, in ${rounds} rounds of kill -9 of two at once`, async () => {
    const opened = new Set<string>()
    const settled = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      const pair = [startWriting(), startWriting()]
      await Promise.all(pair.map(({ some }) => some))
      await sleep(Math.random() * 200)
      for (const { child, heard, said } of pair) {
        child.kill('SIGKILL')
        await heard
        for (const id of said.opened) opened.add(id)
        for (const id of said.settled) settled.add(id)
      }
    }
    // What the last statement of a killed process was at is finished or undone by now.
    await expect
      .poll(
        async () =>
          (await sql`select from pg_stat_activity where usename = 'keyloft_service' and state <> 'idle'`.execute(owner.db)).rows.length,
      )
      .toBe(0)

    const atRest = await readBooks(owner)
    expect([...opened].filter((id) => !atRest.holds.has(id) && !atRest.records.has(id))).toEqual([])
    expect([...settled].filter((id) => atRest.records.get(id)?.outcome !== 'completed')).toEqual([])
    expect([...atRest.holds].filter((id) => atRest.records.has(id))).toEqual([])

    await sql`update keyloft.holds set lease_until = now() - interval '1 second'`.execute(owner.db)
    while ((await sweepCalls(database)) > 0);
    const { holds, records } = await readBooks(owner)
    expect(holds.size).toBe(0)
    expect([...opened].filter((id) => !records.has(id))).toEqual([])
    expect([...records].filter(([id, { outcome }]) => outcome !== (atRest.holds.has(id) ? 'presumed' : 'completed'))).toEqual([])
    expect(await unevenHours(owner)).toEqual([])
    console.info(`${opened.size} opened, ${settled.size} known to be settled, ${atRest.holds.size} presumed`)
  })
})

import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { connect, installKeyloft, isLong, postmasterOf, run, start, stop } from './run-keyloft.ts'

/*
 * kill -9 while rows are written. A row counts as acknowledged when the driver has the server's answer to its commit;
 * each of those must be there after the next start, which has to come up without help.
 */

const rounds = isLong ? 10 : 4
const writes = isLong ? 1_000 : 300
const writers = 4

const sandbox = installKeyloft()

test(`no acknowledged write is lost in ${rounds} rounds of kill -9 during ${writes} writes, in half of them with the postmaster`, async () => {
  const dataDir = sandbox.newDataDir()
  let server = await start(sandbox, dataDir)
  const admin = await connect(dataDir)
  await admin.query('create table killed_writes (round int, number int, primary key (round, number))')
  await admin.end()

  const figures: string[] = []
  for (let round = 1; round <= rounds; round++) {
    const withPostmaster = round > rounds / 2
    const killAfter = Math.floor(Math.random() * writes)
    const postmaster = postmasterOf(dataDir)?.pid ?? 0
    const killed = server
    const killAndStart = async () => {
      // All at once, the postmaster's children too: each is the leader of a group of its own.
      for (const pid of withPostmaster ? [killed.pid, postmaster, ...childrenOf(postmaster)] : [killed.pid]) killNow(pid)
      const began = Date.now()
      server = await start(sandbox, dataDir)
      return Date.now() - began
    }
    const { acknowledged, startMs } = await write(dataDir, round, killAfter, killAndStart)
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' })
    const kept = await numbersOf(dataDir, round)
    expect(acknowledged.filter((number) => !kept.has(number))).toEqual([])
    expect(acknowledged.length).toBeGreaterThanOrEqual(withPostmaster ? killAfter : writes)
    figures.push(
      `${round}: ${withPostmaster ? 'server and postmaster' : 'server'} after ${killAfter}; acknowledged ${acknowledged.length}, kept ${kept.size}, up again in ${startMs} ms`,
    )
  }
  await stop(server)
  if (isLong) console.log(figures.join('\n'))
})

test('a first start that is killed at any moment is completed by the next one, and leaves no remains', async () => {
  for (let round = 1; round <= (isLong ? 12 : 3); round++) {
    const dataDir = sandbox.newDataDir()
    const first = run(sandbox, ['start'], { env: { KEYLOFT_DATA_DIR: dataDir }, spawn: { detached: true } })
    await sleep(150 + Math.random() * 1_000)
    process.kill(-first.pid, 'SIGKILL')
    await first.ended
    const keys = () => (existsSync(`${dataDir}/root-keys`) ? readFileSync(`${dataDir}/root-keys`, 'utf8') : undefined)
    const before = keys()
    if (round === 1) leaveProbe(dataDir)

    await stop(await start(sandbox, dataDir))
    expect(readdirSync(dataDir).sort()).toEqual(['database-password', 'postgres', 'postgres.log', 'root-keys'])
    if (before) expect(keys()).toBe(before)
  }
})

/** Writes rows on several connections, kills when so many are acknowledged, and goes on until all is up again or answers end. */
async function write(dataDir: string, round: number, killAfter: number, killAndStart: () => Promise<number>) {
  const acknowledged: number[] = []
  let next = 0
  let started: Promise<number> | undefined
  let isUp = false
  const clients = await Promise.all(Array.from({ length: writers }, () => connect(dataDir)))
  await Promise.all(
    clients.map(async (client) => {
      while ((next < writes || !isUp) && (await insert(client, round, next++, acknowledged))) {
        if (started || acknowledged.length < killAfter) continue
        started = killAndStart().finally(() => {
          isUp = true
        })
      }
    }),
  )
  await Promise.all(clients.map((client) => client.end().catch(() => {})))
  return { acknowledged, startMs: await started }
}

async function insert(client: pg.Client, round: number, number: number, acknowledged: number[]): Promise<boolean> {
  try {
    await client.query('insert into killed_writes values ($1, $2)', [round, number])
    acknowledged.push(number)
    return true
  } catch {
    return false
  }
}

async function numbersOf(dataDir: string, round: number): Promise<Set<number>> {
  const client = await connect(dataDir)
  const { rows } = await client.query<{ number: number }>('select number from killed_writes where round = $1', [round])
  await client.end()
  return new Set(rows.map(({ number }) => number))
}

function childrenOf(pid: number): number[] {
  return globSync('/proc/[0-9]*/stat').flatMap((path) => {
    try {
      const [, child, parent] = /^(\d+) \(.*\) \S (\d+)/s.exec(readFileSync(path, 'utf8')) ?? []
      return Number(parent) === pid ? [Number(child)] : []
    } catch {
      return [] // it ended meanwhile
    }
  })
}

function killNow(pid: number) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // A backend that had just ended.
  }
}

/** As one leaves it that is killed while it tries whether it can write: a moment too short to meet by chance. */
function leaveProbe(dataDir: string) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(`${dataDir}/.writable`, 'half')
}

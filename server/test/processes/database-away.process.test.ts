import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect, installKeyloft, isLong, postmasterOf, type Run, start, stop, until } from './run-keyloft.ts'

const sandbox = installKeyloft()
const poolSize = 3

async function statusOf(base: string): Promise<number> {
  const response = await fetch(`${base}/ready`, { headers: { connection: 'close' } })
  if (response.status === 503) {
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ status: 503, code: 'database.unavailable' })
  }
  return response.status
}

/** Asks without pause, many at a time, until it has seen the status. Only 200 and 503 are allowed. */
async function untilStatus(base: string, wanted: number, timeoutMs = 20_000) {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(10)) {
    const seen = await Promise.all(Array.from({ length: 5 }, () => statusOf(base)))
    for (const status of seen) expect([200, 503]).toContain(status)
    if (seen.includes(wanted)) return
  }
  throw new Error(`never ${wanted}`)
}

/** Connections that the server has open, on its own side and on the database's. */
async function countConnections(dataDir: string, server: Run): Promise<{ sockets: number; sessions: number; locks: number }> {
  const client = await connect(dataDir)
  const { rows } = await client.query<{ sessions: number; locks: number }>(
    `select count(*) filter (where usename like 'keyloft%')::int as sessions,
            count(*) filter (where usename = 'postgres')::int as locks
       from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
  )
  await client.end()
  const { sessions = 0, locks = 0 } = rows[0] ?? {}
  return { sockets: process.platform === 'linux' ? readdirSync(`/proc/${server.pid}/fd`).length : 0, sessions, locks }
}

/** As many as before, within what its pools may hold; one session holds the lock. */
async function expectNoLeak(dataDir: string, server: Run, before: { sockets: number; sessions: number }) {
  await until('it has as few connections as before', async () => {
    const { sockets, sessions, locks } = await countConnections(dataDir, server)
    return sockets <= before.sockets + poolSize && sessions <= before.sessions + poolSize && locks === 1
  })
}

test('when the embedded database is killed, requests get 503 until the server has brought it back by itself', async () => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir, { env: { DATABASE_POOL_SIZE: String(poolSize) } })
  await untilStatus(server.base, 200)
  const before = await countConnections(dataDir, server)
  for (let time = 0; time < 3; time++) {
    const { pid, port } = postmasterOf(dataDir) ?? { pid: 0, port: 0 }
    process.kill(pid, 'SIGKILL')
    await untilStatus(server.base, 503)
    await untilStatus(server.base, 200)
    expect(postmasterOf(dataDir)).toMatchObject({ port })
    expect(postmasterOf(dataDir)?.pid).not.toBe(pid)
  }
  await expectNoLeak(dataDir, server, before)
  expect(server.said()).not.toMatch(/unhandled|uncaught/i)
  await stop(server)
})

test('a database that answers nothing counts as away, and as back when it answers again', async () => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir, { env: { DATABASE_POOL_SIZE: String(poolSize) } })
  const before = await countConnections(dataDir, server)
  const blocker = await connect(dataDir)
  await blocker.query('begin; lock table keyloft_migrations.applied in access exclusive mode')
  const began = Date.now()
  await untilStatus(server.base, 503)
  expect(Date.now() - began).toBeLessThan(5_000)
  await blocker.query('rollback')
  await blocker.end()
  await untilStatus(server.base, 200)
  await expectNoLeak(dataDir, server, before)
  await stop(server)
})

test('a stop while the database is away, or just coming back, leaves none behind', async () => {
  for (const afterMs of isLong ? [0, 10, 20, 30, 50, 100, 150, 200, 300, 500] : [0, 30, 150]) {
    const dataDir = sandbox.newDataDir()
    const server = await start(sandbox, dataDir)
    process.kill(postmasterOf(dataDir)?.pid ?? 0, 'SIGKILL')
    await sleep(afterMs)
    await stop(server)
    await until('no postmaster', () => postmasterOf(dataDir) === undefined || !isRunning(postmasterOf(dataDir)?.pid))
    await sleep(300)
    expect(isRunning(postmasterOf(dataDir)?.pid)).toBe(false)
  }
})

function isRunning(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}

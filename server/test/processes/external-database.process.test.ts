import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateRootKeys } from '../../src/platform/sealing/keyring.ts'
import { binaries, type Cluster, startCluster } from '../cluster.ts'
import { withDatabase } from '../harness.ts'
import { installKeyloft, type Run, run, stop } from './run-keyloft.ts'

const sandbox = installKeyloft()
const rootKeys = generateRootKeys()
let cluster: Cluster
let url: string

beforeAll(async () => {
  cluster = await startCluster(binaries['postgres-18']())
  url = withDatabase(cluster.url, 'app')
  await asSuperuser('create database app')
})
afterAll(() => cluster.stop())

async function asSuperuser(text: string) {
  const client = new pg.Client({ connectionString: cluster.url })
  await client.connect()
  const { rows } = await client.query(text)
  await client.end()
  return rows
}

const startWith = (env: Record<string, string> = {}) =>
  run(sandbox, ['start'], { env: { DATABASE_URL: url, KEYLOFT_ROOT_KEYS: rootKeys, ...env } })

async function readiness(server: Run): Promise<{ status: number; retryAfter: string | null; code: unknown }> {
  const response = await fetch(`${await server.url()}/ready`)
  const { code } = (await response.json()) as { code?: string }
  return { status: response.status, retryAfter: response.headers.get('retry-after'), code }
}

async function untilStatus(server: Run, status: number) {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) if ((await readiness(server)).status === status) return
  throw new Error(`never ${status}`)
}

test('an unmigrated database is refused with the command to run; KEYLOFT_MIGRATE=1 migrates it, and later starts need neither', async () => {
  const { code, stderr } = await startWith().ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/^This database has not been migrated for Keyloft\.\nRun: keyloft migrate up/)

  const migrating = startWith({ KEYLOFT_MIGRATE: '1' })
  expect(await readiness(migrating)).toMatchObject({ status: 200 })
  const { host } = new URL(url)
  await stop(migrating)
  const { stdout } = await migrating.ended
  expect(stdout).toMatch(new RegExp(`Database +PostgreSQL at ${host}/app\n`))
  expect(stdout).toMatch(/Root keys +the environment/)
  expect(stdout).not.toMatch(/Data /)

  const again = startWith()
  expect(await readiness(again)).toMatchObject({ status: 200 })
  await stop(again)
})

test('with other root keys than it was made with, the start is refused in plain words', async () => {
  const { code, stderr } = await startWith({ KEYLOFT_ROOT_KEYS: generateRootKeys() }).ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/root keys/)
  expect(stderr).not.toMatch(/\n\s+at |should not:/)
})

test('two servers on one database serve side by side', async () => {
  const both = [startWith(), startWith()]
  for (const server of both) expect(await readiness(server)).toMatchObject({ status: 200 })
  for (const server of both) await stop(server)
})

test('two servers that migrate at the same moment both come up', async () => {
  await asSuperuser('create database twice')
  const other = { DATABASE_URL: withDatabase(cluster.url, 'twice'), KEYLOFT_MIGRATE: '1' }
  await asSuperuser('drop database app with (force)') // the three logins serve one database of a cluster
  const both = [startWith(other), startWith(other)]
  for (const server of both) expect(await readiness(server)).toMatchObject({ status: 200 })
  for (const server of both) await stop(server)
  await asSuperuser('alter database twice rename to app')
})

test('when the database goes away and comes back, /ready says 503 and then 200, and no connection is left over', async () => {
  const server = startWith({ DATABASE_POOL_SIZE: '3' })
  await untilStatus(server, 200)
  for (let time = 0; time < 2; time++) {
    await cluster.goAway()
    for (let ask = 0; ask < 5; ask++)
      expect(await readiness(server)).toEqual({
        status: 503,
        retryAfter: expect.stringMatching(/^[1-9]\d*$/),
        code: 'database.unavailable',
      })
    await cluster.comeBack()
    await untilStatus(server, 200)
  }
  const [row] = await asSuperuser(`select count(*)::int as count from pg_stat_activity where usename like 'keyloft%'`)
  expect(row.count).toBeGreaterThan(0)
  expect(row.count).toBeLessThanOrEqual(3)
  await stop(server)
  expect(await asSuperuser(`select usename from pg_stat_activity where usename like 'keyloft%'`)).toEqual([])
})

test('a stop while the database is away still exits with 0', async () => {
  const server = startWith()
  await untilStatus(server, 200)
  await cluster.goAway()
  await stop(server)
  await cluster.comeBack()
})

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateRootKeys } from '../../src/platform/sealing/keyring.ts'
import { binaries, type Cluster, startCluster } from '../cluster.ts'
import { type FakePostgres, startFakePostgres, startSilentServer } from './fake-postgres.ts'
import { type Ended, installKeyloft, postmasterOf, run, start, stop } from './run-keyloft.ts'

const sandbox = installKeyloft()
const rootKeys = generateRootKeys()
const servers: { stop(): Promise<void> }[] = []
let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster(binaries['postgres-18']())
  servers.push(cluster)
})
afterAll(async () => {
  for (const server of servers) await server.stop()
})
const kept = <T extends FakePostgres>(server: T) => {
  servers.push(server)
  return server
}

/** One message on stderr, a second line at most that says what to do, exit code 1, and nothing else. */
function expectRefusal({ code, stdout, stderr }: Ended, message: RegExp) {
  expect(stderr).toMatch(message)
  expect(stderr).not.toMatch(/\n\s+at |should not:|never-to-be-shown/)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
}

const external = (url: string, env: Record<string, string> = {}) => ({ DATABASE_URL: url, KEYLOFT_ROOT_KEYS: rootKeys, ...env })

/** Starts with the default data directory, and sees to it that none is made. */
async function startInNewFolder(env: Record<string, string>, files: Record<string, string> = {}): Promise<Ended> {
  const cwd = dirname(sandbox.newDataDir())
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  const ended = await run(sandbox, ['start'], { cwd, env }).ended
  expect(readdirSync(cwd).sort()).toEqual(Object.keys(files).sort())
  return ended
}

test('all faults of .env and .env.local are named at once, and no value is shown', async () => {
  const files = {
    '.env': 'PORT=0\nthis line is never-to-be-shown\nLOG_LEVEL=never-to-be-shown\nDATABASE_URL=never-to-be-shown\n',
    '.env.local': 'DATABASE_POOL_SIZE=never-to-be-shown\nKEYLOFT_ROOT_KEYS=v1:never-to-be-shown\n',
  }
  const ended = await startInNewFolder({}, files)
  expectRefusal(ended, /^Keyloft cannot start with this configuration:\n/)
  for (const fault of [
    /line 2 of \.env/,
    /LOG_LEVEL .*Example: LOG_LEVEL=info/,
    /DATABASE_URL .*Example/,
    /DATABASE_POOL_SIZE .*Example/,
    /KEYLOFT_ROOT_KEYS .*Example/,
  ])
    expect(ended.stderr).toMatch(fault)
})

test('a database that nobody serves is named, without its password', async () => {
  const gone = await startSilentServer()
  await gone.stop()
  const { host } = new URL(gone.url)
  expectRefusal(
    await startInNewFolder(external(gone.url)),
    new RegExp(`^The database at ${host}/postgres cannot be reached \\(ECONNREFUSED\\)\\.\n`),
  )
})

test('a database that takes connections and answers nothing counts as unreachable', async () => {
  const silent = kept(await startSilentServer())
  expectRefusal(await startInNewFolder(external(silent.url)), /^The database at .* cannot be reached/)
})

test('a PostgreSQL older than 15 is refused by its version', async () => {
  const old = kept(await startFakePostgres('140012'))
  expectRefusal(await startInNewFolder(external(old.url)), /^This is PostgreSQL 14; Keyloft runs on 15 to 18\.\n/)
})

test('a wrong password of an external database is said, without showing it', async () => {
  const url = new URL(cluster.url)
  url.password = 'never-to-be-shown'
  expectRefusal(await startInNewFolder(external(url.href)), /^The database at .* refuses the login postgres\.\n/)
})

test.each([
  ['missing', '', /KEYLOFT_ROOT_KEYS is missing/],
  ['of another form', 'never-to-be-shown', /KEYLOFT_ROOT_KEYS has a part that is not of the form/],
  ['too short', `v1:${Buffer.from('never-to-be-shown').toString('base64')}`, /KEYLOFT_ROOT_KEYS has a key of 17 bytes/],
  [
    'chosen by a person',
    `v1:${Buffer.from('correct horse battery staple, 32').toString('base64')}`,
    /KEYLOFT_ROOT_KEYS has a key that is not random/,
  ],
])('with a database of one’s own, a root key that is %s is refused', async (_, keys, fault) => {
  const ended = await startInNewFolder(external(cluster.url, { KEYLOFT_ROOT_KEYS: keys }))
  expectRefusal(ended, fault)
  if (keys) expect(ended.stderr).not.toContain(keys.slice(3))
})

test('data of another PostgreSQL version is left alone', async () => {
  const dataDir = sandbox.newDataDir()
  mkdirSync(join(dataDir, 'postgres'), { recursive: true })
  writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '17\n')
  const ended = await run(sandbox, ['start'], { env: { KEYLOFT_DATA_DIR: dataDir } }).ended
  expectRefusal(ended, /was made by PostgreSQL 17; this Keyloft brings 18\./)
  expect(readdirSync(dataDir, { recursive: true }).sort()).toEqual(['postgres', 'postgres/PG_VERSION'])
})

test('a lost or foreign secret of the data directory is named, and never replaced', async () => {
  const dataDir = sandbox.newDataDir()
  const env = { KEYLOFT_DATA_DIR: dataDir }
  await stop(await start(sandbox, dataDir))
  const before = readdirSync(dataDir).sort()

  for (const [name, wrong] of [
    ['database-password', /does not take the password in its file database-password\./],
    ['root-keys', /root-keys has a part that is not of the form v1:base64/],
  ] as const) {
    const path = join(dataDir, name)
    const right = readFileSync(path)
    writeFileSync(path, 'never-to-be-shown')
    expectRefusal(await run(sandbox, ['start'], { env }).ended, wrong)
    writeFileSync(path, '')
    expect((await run(sandbox, ['start'], { env }).ended).code).toBe(1)
    expect(readFileSync(path, 'utf8')).toBe('')
    rmSync(path)
    expectRefusal(await run(sandbox, ['start'], { env }).ended, new RegExp(`${name} is missing, and the database beside it`))
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, right)
  }
  expect(postmasterOf(dataDir)).toBeUndefined()
  expect(readdirSync(dataDir).sort()).toEqual(before)
  await stop(await start(sandbox, dataDir))
})

test('a port that another program has is named before anything is made', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const dataDir = sandbox.newDataDir()
  const ended = await run(sandbox, ['start'], { env: { KEYLOFT_DATA_DIR: dataDir, PORT: String(port) } }).ended
  expectRefusal(ended, new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use\\.\nSet PORT to another one`))
  expect(existsSync(dataDir)).toBe(false)
  other.close()
})

test('an address that this machine does not have is named', async () => {
  expectRefusal(await startInNewFolder({ HOST: '192.0.2.1' }), /^192\.0\.2\.1 is not an address of this machine\.\n/)
})

test('an unknown command or option exits with 2', async () => {
  for (const args of [['strat'], ['start', '--port', '80'], ['migrate', 'sideways']]) {
    const ended = await run(sandbox, args).ended
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toMatch(/^error: /)
  }
})

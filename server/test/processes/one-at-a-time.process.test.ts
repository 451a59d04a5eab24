import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect, type Ended, installKeyloft, isAlive, isLong, postmasterOf, type Run, run, start, stop, until } from './run-keyloft.ts'

const sandbox = installKeyloft()
const startOn = (dataDir: string, env: Record<string, string> = {}) =>
  run(sandbox, ['start'], { env: { KEYLOFT_DATA_DIR: dataDir, ...env } })

function expectRefusal({ code, stdout, stderr }: Ended, url?: string) {
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/Keyloft is already running on this data directory/)
  if (url) expect(stderr).toContain(url)
  expect(stderr).toMatch(/Stop it first, or choose another KEYLOFT_DATA_DIR and PORT\.\n$/)
}

test('a second start on the same directory is refused and says where the first one listens, whatever its port', async () => {
  const dataDir = sandbox.newDataDir()
  const port = String(await freePort())
  const first = await start(sandbox, dataDir, { env: { PORT: port } })
  const before = readdirSync(dataDir).sort()

  expectRefusal(await startOn(dataDir, { PORT: port }).ended, first.base)
  expectRefusal(await startOn(dataDir).ended, first.base)

  expect(readdirSync(dataDir).sort()).toEqual(before)
  expect((await fetch(`${first.base}/ready`)).status).toBe(200)
  await stop(first)
})

test('a second start is refused while the first one is still at its beginning', async () => {
  const dataDir = sandbox.newDataDir()
  const port = String(await freePort())
  const first = startOn(dataDir, { PORT: port })
  await until('the first one has entered', () => existsSync(join(dataDir, 'run.json')))
  expect(existsSync(join(dataDir, 'postgres'))).toBe(false)

  expectRefusal(await startOn(dataDir, { PORT: port }).ended, `http://127.0.0.1:${port}`)
  await first.url()
  await stop(first)
})

test('the lock in the database refuses a second start even when run.json is gone', async () => {
  const dataDir = sandbox.newDataDir()
  const first = await start(sandbox, dataDir)
  writeFileSync(join(dataDir, 'run.json'), 'not what it was')
  expectRefusal(await startOn(dataDir).ended)
  expect((await fetch(`${first.base}/ready`)).status).toBe(200)
  await stop(first)
})

test('a run.json that has outlived its process stops nobody, even when its pid is another process by now', async () => {
  const dataDir = sandbox.newDataDir()
  const first = await start(sandbox, dataDir)
  const left = readFileSync(join(dataDir, 'run.json'), 'utf8')
  await stop(first)
  for (const pid of [first.pid, process.pid]) {
    writeFileSync(join(dataDir, 'run.json'), JSON.stringify({ ...JSON.parse(left), pid }))
    const next = await start(sandbox, dataDir)
    expect(JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'))).toMatchObject({ pid: next.pid, url: next.base })
    await stop(next)
  }
})

test.each(isLong ? [1, 2, 3, 4, 5, 6] : [1, 2])(
  'of two first starts at the same moment one wins and the other is refused (round %i)',
  async () => {
    const dataDir = sandbox.newDataDir()
    const both = [startOn(dataDir), startOn(dataDir)]
    const loser = await Promise.race(both.map(async (one) => ({ one, ended: await one.ended })))
    expectRefusal(loser.ended)

    const winner = both.find((one) => one !== loser.one) as Run
    const base = await winner.url()
    expect((await fetch(`${base}/ready`)).status).toBe(200)
    expect(readdirSync(dataDir).sort()).toEqual(['database-password', 'postgres', 'postgres.log', 'root-keys', 'run.json'])
    await (await connect(dataDir)).end()
    await stop(winner)
    await stop(await start(sandbox, dataDir)) // the secrets on disk are those it was made with
  },
)

test('a command works beside a running server, and on its own leaves no database running', async () => {
  const dataDir = sandbox.newDataDir()
  const env = { KEYLOFT_DATA_DIR: dataDir }
  const alone = await run(sandbox, ['migrate', 'up', '--json'], { env }).ended
  expect(alone).toMatchObject({ code: 0, stderr: '' })
  expect(postmasterOf(dataDir)).toBeUndefined()

  const server = await start(sandbox, dataDir)
  expect(await run(sandbox, ['migrate', 'status', '--json'], { env }).ended).toMatchObject({ code: 0, stderr: '' })
  expect((await fetch(`${server.base}/ready`)).status).toBe(200)
  await stop(server)
})

test('a command and a first start at the same moment make one database between them', async () => {
  const dataDir = sandbox.newDataDir()
  const command = run(sandbox, ['migrate', 'up'], { env: { KEYLOFT_DATA_DIR: dataDir } })
  const server = await start(sandbox, dataDir)
  expect(await command.ended).toMatchObject({ code: 0 })
  // Whoever of the two came first may have taken the database with it, and the server is just bringing it back.
  await expect.poll(async () => (await fetch(`${server.base}/ready`)).status, { timeout: 10_000 }).toBe(200)
  await stop(server)
  await stop(await start(sandbox, dataDir))
})

test('a command that is broken off leaves no database running', async () => {
  const dataDir = sandbox.newDataDir()
  const command = run(sandbox, ['migrate', 'up'], { env: { KEYLOFT_DATA_DIR: dataDir } })
  await until('its database runs', () => postmasterOf(dataDir))
  const postmaster = postmasterOf(dataDir)?.pid ?? 0
  command.signal('SIGINT')
  expect((await command.ended).code).toBe(1)
  expect(isAlive(postmaster)).toBe(false)
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

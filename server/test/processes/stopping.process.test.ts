import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect, installKeyloft, isAlive, isLong, postmasterOf, type Run, repository, run, start, until } from './run-keyloft.ts'

const sandbox = installKeyloft()
const stopLimitMs = 10_000

async function expectCleanStop(running: Run, dataDir: string, act: () => void) {
  const postmaster = postmasterOf(dataDir)?.pid ?? 0
  expect(isAlive(postmaster)).toBe(true)
  const began = Date.now()
  act()
  expect(await running.ended).toMatchObject({ code: 0, signal: null })
  expect(Date.now() - began).toBeLessThan(stopLimitMs)
  expect(isAlive(postmaster)).toBe(false)
  expect(existsSync(join(dataDir, 'run.json'))).toBe(false)
  expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false)
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s lets a request finish, stops the database and exits with 0', async (signal) => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir)
  const blocker = await connect(dataDir)
  await blocker.query('begin; lock table keyloft_migrations.applied in access exclusive mode')
  const inFlight = fetch(`${server.base}/ready`)
  await until('the request waits in the database', async () => {
    const { rows } = await blocker.query(`select from pg_stat_activity where wait_event_type = 'Lock' and usename = 'keyloft_service'`)
    return rows.length > 0
  })

  await expectCleanStop(server, dataDir, async () => {
    server.signal(signal)
    await until('no new request is taken', async () => !(await fetch(`${server.base}/health`).catch(() => undefined))?.ok)
    await blocker.query('rollback')
  })
  expect((await inFlight).status).toBe(200)
})

test('a Ctrl-C that a terminal sends to the whole process group stops it cleanly', async () => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir, { spawn: { detached: true } })
  await expectCleanStop(server, dataDir, () => process.kill(-server.pid, 'SIGINT'))
})

test('behind with-node.mjs, the same signal may come several times', async () => {
  const dataDir = sandbox.newDataDir()
  const through: [string, ...string[]] = [process.execPath, join(repository, 'scripts/with-node.mjs'), 'node']
  const server = await start(sandbox, dataDir, { through, spawn: { detached: true } })
  await expectCleanStop(server, dataDir, () => {
    for (let time = 0; time < 3; time++) process.kill(-server.pid, 'SIGINT')
    server.signal('SIGTERM')
  })
})

test('a SIGTERM to `npm start` itself, as a container sends it, stops the server before npm ends', async () => {
  const dataDir = sandbox.newDataDir()
  const home = dirname(dataDir)
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: { start: string } }
  const [script] = scripts.start.replace('scripts/', `${repository}/scripts/`).split('server/dist/cli.js')
  writeFileSync(join(home, 'package.json'), JSON.stringify({ scripts: { start: script } }))
  const env = { npm_config_update_notifier: 'false' }
  const server = await start(sandbox, dataDir, { through: ['npm', 'start', '--'], cwd: home, env })
  const postmaster = postmasterOf(dataDir)?.pid ?? 0
  server.signal('SIGTERM')
  await server.ended
  expect(server.said()).toMatch(/Stopping\.\n$/)
  expect(isAlive(postmaster)).toBe(false)
  expect(existsSync(join(dataDir, 'run.json'))).toBe(false)
})

test('closing the terminal it prints to stops it cleanly', async () => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir)
  server.child.stdout?.destroy()
  server.child.stderr?.destroy()
  await expectCleanStop(server, dataDir, () => server.signal('SIGHUP'))
})

test.each(isLong ? [100, 200, 300, 400, 500, 600, 700, 800, 1_000, 1_200] : [100, 500, 900])(
  'a Ctrl-C %i ms into the first start leaves no process and nothing half made',
  async (afterMs) => {
    const dataDir = sandbox.newDataDir()
    const server = run(sandbox, ['start'], { env: { KEYLOFT_DATA_DIR: dataDir }, spawn: { detached: true } })
    await sleep(afterMs)
    const postmaster = postmasterOf(dataDir)?.pid
    process.kill(-server.pid, 'SIGINT')
    const { code, signal } = await server.ended
    if (signal === null) expect(code).toBe(0)
    else expect(existsSync(dataDir)).toBe(false) // it had not even begun
    if (postmaster) expect(isAlive(postmaster)).toBe(false)
    expect(existsSync(join(dataDir, 'run.json'))).toBe(false)

    const again = await start(sandbox, dataDir)
    again.signal('SIGTERM')
    expect(await again.ended).toMatchObject({ code: 0 })
  },
)

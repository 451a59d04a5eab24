import { lstatSync, readFileSync, statSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect, installKeyloft, postmasterOf, run, start, stop } from './run-keyloft.ts'

const sandbox = installKeyloft()

test('the first start makes its database and says where everything is', async () => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir)

  await stop(server)
  const { stdout, stderr } = await server.ended
  expect(stdout).toContain(`Keyloft listens on ${server.base}`)
  expect(stdout).toMatch(/Database +embedded PostgreSQL 18/)
  expect(stdout).toMatch(new RegExp(`Data +${dataDir}\n`))
  expect(stdout).toMatch(new RegExp(`Root keys +${join(dataDir, 'root-keys')} .*keep a copy`))
  expect(stdout).toContain(`Try next    curl ${server.base}/ready`)
  expect(stdout.split('\n').length).toBeLessThan(15)
  expect(stderr).not.toMatch(/warning|deprecat|error/i)
})

test('what is secret on disk is readable for its owner alone, and the root key stays the same', async () => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir)
  const mode = (name: string) => statSync(join(dataDir, name)).mode & 0o777
  for (const name of ['root-keys', 'database-password', 'run.json', 'postgres.log']) expect([name, mode(name)]).toEqual([name, 0o600])
  expect(mode('postgres')).toBe(0o700)
  expect(lstatSync(dataDir).mode & 0o066).toBe(0)
  expect(JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'))).toMatchObject({ pid: server.pid, url: server.base })
  const rootKeys = readFileSync(join(dataDir, 'root-keys'), 'utf8')
  await stop(server)

  await stop(await start(sandbox, dataDir))
  expect(readFileSync(join(dataDir, 'root-keys'), 'utf8')).toBe(rootKeys)
})

test('the database listens on loopback only', async () => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir)
  const client = await connect(dataDir)
  const { rows } = await client.query(
    `select current_setting('listen_addresses') as listening, current_setting('unix_socket_directories') as sockets`,
  )
  await client.end()
  expect(rows).toEqual([{ listening: '127.0.0.1', sockets: '' }])

  const port = postmasterOf(dataDir)?.port ?? 0
  const outside = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address?.family === 'IPv4' && !address.internal)
  for (const address of outside) expect(await answers(address?.address ?? '', port)).toBe(false)
  expect(await answers('127.0.0.1', port)).toBe(true)
  await stop(server)
})

test('with --json the start says the same to a program', async () => {
  const dataDir = sandbox.newDataDir()
  const server = run(sandbox, ['start', '--json'], { env: { KEYLOFT_DATA_DIR: dataDir } })
  const url = await server.url()
  await stop(server)
  const { stdout, stderr } = await server.ended
  expect(JSON.parse(stdout)).toEqual({
    url,
    database: 'embedded PostgreSQL 18',
    dataDirectory: dataDir,
    rootKeys: join(dataDir, 'root-keys'),
  })
  expect(stderr).toBe('')
})

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial({ host, port, timeout: 2_000 })
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => settle(true))
    socket.on('error', () => settle(false))
    socket.on('timeout', () => settle(false))
  })
}

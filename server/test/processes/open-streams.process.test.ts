import { existsSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { installKeyloft, isAlive, postmasterOf, start, until } from './run-keyloft.ts'

const sandbox = installKeyloft()
const entry = join(import.meta.dirname, 'serve-streams.ts')
const stopLimitMs = 10_000

/** A connection with one request on it; what comes back is kept. */
function send(base: string, lines: string[], body = '') {
  const { hostname, port } = new URL(base)
  const socket = dial(Number(port), hostname)
  const client = { socket, received: '', ended: new Promise<void>((resolve) => socket.on('close', () => resolve())) }
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    client.received += chunk.toString('latin1')
  })
  socket.write(`${[...lines, 'Host: keyloft.example.com'].join('\r\n')}\r\n\r\n${body}`)
  return client
}

test('a SIGTERM with two hundred open streams and fifty bodies half sent ends them all in time, and the database', async () => {
  const dataDir = sandbox.newDataDir()
  const server = await start(sandbox, dataDir, { through: [process.execPath, entry] })
  const postmaster = postmasterOf(dataDir)?.pid ?? 0
  const many = <T>(count: number, make: () => T) => Array.from({ length: count }, make)
  const finite = many(100, () => send(server.base, ['GET /ten HTTP/1.1']))
  const endless = many(100, () => send(server.base, ['GET /endless HTTP/1.1']))
  const upload = ['POST /api/auth/sign-in/email HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 1000', 'Expect: 100-continue']
  const bodies = many(50, () => send(server.base, upload, '{"email":'))
  const streams = [...finite, ...endless]
  await until('every stream has begun', () => streams.every(({ received }) => received.includes('data: 1\n')))
  await until('every body is being read', () => bodies.every(({ received }) => received.startsWith('HTTP/1.1 100')))

  const began = Date.now()
  server.signal('SIGTERM')
  await until('no new request is taken', async () => !(await fetch(`${server.base}/health`).catch(() => undefined))?.ok)
  await sleep(100)
  expect([...streams, ...bodies].filter(({ socket }) => socket.closed)).toEqual([])

  expect(await server.ended).toMatchObject({ code: 0, signal: null })
  const tookMs = Date.now() - began
  await Promise.all([...streams, ...bodies].map(({ ended }) => ended))
  expect(tookMs).toBeLessThan(stopLimitMs)
  // Who could finish has; the others got what there was until the time to drain was over.
  for (const { received } of finite) expect(received).toMatch(/data: 10\n\n\r\n0\r\n\r\n$/)
  for (const { received } of endless) expect(received).toContain('data: 11\n')
  await until('the database is gone', () => !isAlive(postmaster), 2_000) // it takes its pid file away before it ends
  expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false)
  expect(server.said()).not.toMatch(/did not stop/)
  console.info(`${streams.length} streams and ${bodies.length} bodies: ended ${tookMs} ms after the signal`)
})

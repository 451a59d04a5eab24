import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { forgetExpired } from '../src/domains/identity/forget-expired.ts'
import { ensureLogins } from '../src/platform/database/logins.ts'
import { connectAsOwner } from '../src/platform/database/owner.ts'
import { defineJob } from '../src/platform/queue/job.ts'
import { createQueue, type Queue } from '../src/platform/queue/queue.ts'
import { generateRootKeys, parseKeyring } from '../src/platform/sealing/keyring.ts'
import { binaries, type Cluster, startCluster } from './cluster.ts'

const cli = join(import.meta.dirname, '../dist/cli.js')

describe('jobs, as an operator meets them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyloft-jobs-'))
  chmodSync(folder, 0o711) // as root the database runs as another user, who must get through
  const rootKeys = generateRootKeys()
  const log = { debug() {}, info() {}, warn() {}, error() {} } as never
  let broken = true
  const job = defineJob({
    name: 'test.fail',
    retryLimit: 0,
    input: z.object({ secret: z.string() }),
    run: async () => {
      if (broken) throw new Error('The other side is closed.')
    },
  })
  let cluster: Cluster
  let auth: pg.Pool
  let queue: Queue
  let forget: ReturnType<typeof forgetExpired>
  let worker: ChildProcess | undefined

  const env = () => ({
    PATH: process.env.PATH,
    KEYLOFT_DATA_DIR: join(folder, 'data'),
    DATABASE_URL: cluster.url,
    KEYLOFT_ROOT_KEYS: rootKeys,
  })
  function keyloft(args: string[], more: Record<string, string> = {}): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) =>
      execFile(process.execPath, [cli, ...args], { env: { ...env(), ...more } }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      ),
    )
  }
  const json = async (args: string[]) => JSON.parse((await keyloft([...args, '--json'])).stdout)

  beforeAll(async () => {
    cluster = await startCluster(binaries['postgres-18']() as string)
    expect((await keyloft(['jobs', 'list'])).stderr).toContain('keyloft migrate up')
    expect((await keyloft(['worker'])).stderr).toContain('keyloft migrate up')
    expect((await keyloft(['migrate', 'up'])).code).toBe(0)
    const owner = await connectAsOwner(cluster.url)
    const { keyloft_auth } = await ensureLogins(owner, parseKeyring(rootKeys))
    await owner.end()
    auth = new pg.Pool({ connectionString: keyloft_auth })
    forget = forgetExpired(auth)
    queue = createQueue({ databaseUrl: keyloft_auth, jobs: [job, forget], log, pace: { pollSeconds: 0.5, cronSeconds: 30 } })
  })
  afterAll(async () => {
    worker?.kill('SIGKILL')
    await queue.stop()
    await auth.end()
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('are none in a new database, and it says so', async () => {
    expect(await keyloft(['jobs', 'list'])).toMatchObject({ code: 0, stdout: 'No process has worked on jobs yet.\n' })
    expect(await keyloft(['jobs', 'list', '--failed'])).toMatchObject({ code: 0, stdout: 'No job has failed for good.\n' })
    expect(await json(['jobs', 'retry', '--all'])).toEqual({ sentBack: 0 })
  })

  it('are done by keyloft worker, which serves nothing and stops cleanly', async () => {
    const id = randomUUID()
    await auth.query(`insert into auth.users (id, email) values ($1, 'ada@example.com')`, [id])
    await auth.query(`insert into auth.sessions (user_id, token, expires_at) values ($1, 'old', now() - interval '1 day')`, [id])
    await auth.query(`insert into auth.sessions (user_id, token, expires_at) values ($1, 'new', now() + interval '1 day')`, [id])
    await queue.send(forget, {})
    const running = spawn(process.execPath, [cli, 'worker', '--json'], { env: env(), stdio: ['ignore', 'pipe', 'inherit'] })
    worker = running
    const ended = new Promise<[number | null, number]>((resolve) => running.on('exit', (code) => resolve([code, Date.now()])))
    const tokens = async () => (await auth.query('select token from auth.sessions')).rows.map(({ token }) => token)
    await vi.waitFor(async () => expect(await tokens()).toEqual(['new']), { timeout: 20_000 })
    expect(await json(['jobs', 'list'])).toMatchObject({
      queues: expect.arrayContaining([
        expect.objectContaining({ job: 'http.forget-old-requests', schedule: '47 * * * *', deadLetters: 0 }),
        expect.objectContaining({ job: 'identity.forget-expired', schedule: '17 * * * *', deadLetters: 0 }),
        expect.objectContaining({ job: 'test.fail', schedule: null }),
      ]),
    })
    const asked = Date.now()
    running.kill('SIGTERM')
    const [code, at] = await ended
    expect(code).toBe(0)
    expect(at - asked).toBeLessThan(4_000)
  })

  it('that failed for good are listed, shown without what they were given, and sent back', async () => {
    await queue.start()
    const id = (await queue.send(job, { secret: 'canary-in-the-payload' })) as string
    await vi.waitFor(async () => expect(await queue.deadLetters()).toHaveLength(1), { timeout: 20_000 })
    const shown = [await keyloft(['jobs', 'list']), await keyloft(['jobs', 'list', '--failed']), await keyloft(['jobs', 'show', id])]
    expect(shown.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(shown[0]?.stdout).toContain('test.fail  0 waiting, 0 running, 1 dead letter\n')
    expect(shown[1]?.stdout).toMatch(new RegExp(`^${id}  \\S+Z  test.fail  after 1 attempt: The other side is closed.\n`))
    expect(shown[2]?.stdout).toContain('State     dead letter, attempt 1\n')
    expect(shown[2]?.stdout).toContain('Input     secret: text of 21\n')
    expect(await json(['jobs', 'show', id])).toMatchObject({ job: { id, state: 'dead letter', input: { secret: 'text of 21' } } })
    expect(JSON.stringify(shown)).not.toContain('canary')

    broken = false
    expect(await keyloft(['jobs', 'retry', id])).toMatchObject({ code: 0, stdout: '1 job sent back.\n' })
    expect((await json(['jobs', 'list', '--failed'])).deadLetters).toEqual([])
    expect(await keyloft(['jobs', 'retry', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('is no dead letter (failed)') })
  })

  it('that are not there are errors with a hint', async () => {
    const nobody = randomUUID()
    expect(await keyloft(['jobs', 'show', nobody])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no job') })
    expect(await keyloft(['jobs', 'retry', nobody])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no job') })
    expect(await keyloft(['jobs', 'show', 'five'])).toMatchObject({ code: 1, stderr: expect.stringContaining('is not the id of a job') })
    expect(await keyloft(['jobs', 'retry'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--all') })
    expect(await keyloft(['jobs', 'retry', nobody, '--all'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--all') })
  })

  it('of an embedded database need its server, which a worker does not start', async () => {
    const alone = await keyloft(['worker'], { DATABASE_URL: '', KEYLOFT_ROOT_KEYS: '' })
    expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining('No server runs on this data directory.') })
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureLogins } from '../src/platform/database/logins.ts'
import { migrateUp } from '../src/platform/database/migrator.ts'
import { connectAsOwner } from '../src/platform/database/owner.ts'
import { createQueue, type Queue } from '../src/platform/queue/queue.ts'
import { generateRootKeys, parseKeyring } from '../src/platform/sealing/keyring.ts'
import { binaries, type Cluster, startCluster } from './cluster.ts'
import { type Moment, type Said, testJobs } from './processes/take-jobs.ts'

const kills = process.env.KEYLOFT_TEST_LONG ? 50 : 6
/** Besides these, kills that race the finish and land before, within or after it. */
const races = process.env.KEYLOFT_TEST_LONG ? 20 : 2
/** Silence, the look for it, the delay before the retry, the wait for somebody to take it. */
const longestNotice = 35_000
const program = join(import.meta.dirname, 'processes/take-jobs.ts')

describe.concurrent('a worker process that does not come back', () => {
  const children = new Set<ChildProcess>()
  const jobs = testJobs(
    async () => {},
    () => {},
  )
  let cluster: Cluster
  let queueUrl: string
  let queue: Queue
  let db: pg.Pool

  beforeAll(async () => {
    cluster = await startCluster(binaries['postgres-18']() as string)
    const owner = await connectAsOwner(cluster.url)
    await migrateUp(owner)
    queueUrl = (await ensureLogins(owner, parseKeyring(generateRootKeys()))).keyloft_auth
    await owner.end()
    db = new pg.Pool({ connectionString: cluster.url })
    // Every finish that the queue accepts, whoever writes it.
    await db.query(`
      create table test_effects (job_id uuid not null, attempt int not null);
      create table test_finishes (job_id uuid not null, attempt int not null);
      create function test_note_finish() returns trigger language plpgsql security definer as
        $$ begin insert into public.test_finishes values (new.id, new.retry_count + 1); return null; end $$;
      create trigger test_note_finish after insert or update on pgboss.job_common
        for each row when (new.state = 'completed') execute function test_note_finish();`)
    const log = { debug() {}, info() {}, warn() {}, error() {} } as never
    queue = createQueue({ databaseUrl: queueUrl, jobs: Object.values(jobs), log })
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await queue.stop()
    await db.end()
    await cluster.stop()
  })

  function startWorker(kind: keyof typeof jobs, onSaid: (said: Said, child: ChildProcess) => void): ChildProcess {
    const env = { PATH: process.env.PATH, QUEUE_URL: queueUrl, EFFECTS_URL: cluster.url }
    const child = spawn(process.execPath, [program, kind], { env, stdio: ['ignore', 'pipe', 'ignore'] })
    children.add(child)
    child.on('exit', () => children.delete(child))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => onSaid(JSON.parse(line), child))
    return child
  }
  const attemptsIn = async (table: 'test_effects' | 'test_finishes', id: string | undefined) =>
    (await db.query<{ attempt: number }>(`select attempt from ${table} where job_id = $1 order by attempt`, [id])).rows.map(
      ({ attempt }) => attempt,
    )
  async function until(holds: () => unknown, timeoutMs: number) {
    for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(50)) if (await holds()) return
    throw new Error(`not within ${timeoutMs} ms`)
  }

  it(`killed between taking and finishing a job, ${kills} times: each ends once as accepted and none is lost`, {
    timeout: 600_000,
  }, async () => {
    const killedAt = new Map<string, number>()
    const noticedAfter: number[] = []
    const total = kills + races
    let exits = 0
    let over = false

    const work = () => {
      const worker = startWorker('killed', (said, child) => {
        const died = killedAt.get(said.taken)
        if (died === undefined) {
          const delay = said.moment === 'while the finish is written' ? Math.random() * 4 : 0
          setTimeout(() => {
            killedAt.set(said.taken, Date.now())
            child.kill('SIGKILL')
          }, delay)
        } else noticedAfter.push(Date.now() - died)
      })
      worker.on('exit', (_code, signal) => {
        if (signal === 'SIGKILL' && !over) exits++
        if (!over) work()
      })
    }
    const ids: string[] = []
    for (let n = 0; n < total; n++) {
      const moment: Moment = n >= kills ? 'while the finish is written' : n % 2 ? 'before the work' : 'after the work'
      ids.push((await queue.send(jobs.killed, { n, moment })) as string)
    }
    for (let n = 0; n < 6; n++) work()

    const states = async () => (await db.query(`select state, count(*)::int from pgboss.job where name = 'test.killed' group by 1`)).rows
    try {
      await until(
        async () => (await states()).every(({ state }) => state === 'completed') && killedAt.size === total,
        30_000 + total * 4_000 + longestNotice,
      )
    } finally {
      over = true
    }
    await sleep(1_000)

    expect(exits).toBe(total)
    expect(await states()).toEqual([{ state: 'completed', count: total }])
    expect(await queue.deadLetters()).toEqual([])
    const finishes = await Promise.all(ids.map((id) => attemptsIn('test_finishes', id)))
    expect(finishes.filter((accepted) => accepted.length !== 1)).toEqual([])
    const effects = await Promise.all(ids.map((id) => attemptsIn('test_effects', id)))
    expect(effects.filter((done) => done.length === 0)).toEqual([])
    expect(Math.max(...noticedAfter)).toBeLessThan(longestNotice)

    expect(
      finishes
        .slice(0, kills)
        .flat()
        .filter((attempt) => attempt === 1),
    ).toEqual([])
    const again = finishes.filter(([attempt]) => attempt !== 1).length
    const seconds = (ms: number | undefined) => ((ms ?? 0) / 1_000).toFixed(1)
    noticedAfter.sort((a, b) => a - b)
    console.info(
      `${kills} kills and ${races} races: ${finishes.flat().length} accepted finishes of ${ids.length} jobs, ${again} of them by another attempt, ` +
        `${effects.filter((done) => done.length > 1).length} with their work done twice; taken again after ` +
        `${seconds(noticedAfter[0])} to ${seconds(noticedAfter.at(-1))} s, median ${seconds(noticedAfter[noticedAfter.length >> 1])} s`,
    )
  })

  it('leaves alone a job that is only slow', { timeout: 120_000 }, async () => {
    const taken: number[] = []
    const workers = [1, 2].map(() => startWorker('slow', ({ attempt }) => void taken.push(attempt)))
    const id = await queue.send(jobs.slow, { n: 0, moment: 'after the work' })
    await until(async () => (await attemptsIn('test_finishes', id)).length > 0, 60_000)
    expect(taken).toEqual([1])
    expect(await attemptsIn('test_effects', id)).toEqual([1])
    for (const worker of workers) worker.kill('SIGKILL')
  })

  it('that froze and comes back after all finds its job taken over, and its finish is not accepted', { timeout: 120_000 }, async () => {
    const heard: Said[] = []
    let frozen: ChildProcess | undefined
    const start = () =>
      startWorker('frozen', (said, child) => {
        heard.push(said)
        if (said.attempt === 1 && !said.late) {
          frozen = child
          child.kill('SIGSTOP')
        }
      })
    const workers = [start(), start()]
    const id = await queue.send(jobs.frozen, { n: 0, moment: 'after the work' })
    await until(async () => (await attemptsIn('test_finishes', id)).length === 1, 60_000)
    frozen?.kill('SIGCONT')
    await until(() => heard.some(({ attempt, late }) => attempt === 1 && late), 20_000)
    await sleep(1_000) // for its finish to arrive
    expect(heard.find(({ attempt, late }) => attempt === 1 && late)).toMatchObject({ aborted: true })
    expect(await attemptsIn('test_finishes', id)).toEqual([2])
    expect((await queue.find(id as string))?.attempt).toBe(2)
    for (const worker of workers) worker.kill('SIGKILL')
  })
})

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createTestDatabase } from '../../../test/harness.ts'
import { AppError, defineErrors } from '../../base/errors.ts'
import { type AnyJob, defineJob, type JobContext } from './job.ts'
import { createQueue, type Queue } from './queue.ts'

const quick = { pollSeconds: 0.5, cronSeconds: 1 }
const letter = z.object({ to: z.string() })
const testErrors = defineErrors('post', { closed: { status: 503, message: 'The post office is closed.' } })

describe('the job queue', async () => {
  const { urls, owner, database } = await createTestDatabase()
  const running: Queue[] = []
  afterEach(async () => {
    await Promise.all(running.splice(0).map((queue) => queue.stop({ timeoutMs: 1_000 })))
  })

  const logged: { level: string; said: Record<string, unknown>; text: string }[] = []
  const log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [
      level,
      (said: never, text?: string) => logged.push({ level, said, text: text ?? said }),
    ]),
  ) as never
  const open = (...jobs: AnyJob[]) => {
    const queue = createQueue({ databaseUrl: urls.keyloft_auth, jobs, log, pace: quick })
    running.push(queue)
    return queue
  }
  const until = (expectation: () => unknown, timeout = 20_000) => vi.waitFor(expectation, { timeout, interval: 50 })
  const stateOf = async (id: string | undefined) => {
    const { rows } = await sql<{ state: string; retry_count: number; retry_limit: number; output: unknown }>`
      select state, retry_count, retry_limit, output from pgboss.job where id = ${id}`.execute(owner.db)
    return rows[0]
  }

  it('does a job with the input it was sent with, once, and tells it who it is', async () => {
    const done: [unknown, JobContext][] = []
    const job = defineJob({ name: 'post.send-letter', input: letter, run: async (input, context) => void done.push([input, context]) })
    const queue = open(job)
    await queue.start()
    const id = await queue.send(job, { to: 'Ada' })
    await until(async () => expect(await stateOf(id)).toMatchObject({ state: 'completed' }))
    expect(done).toEqual([[{ to: 'Ada' }, { jobId: id, attempt: 1, signal: expect.any(AbortSignal) }]])
  })

  it('is registered by several processes at once, and each job is still done once', async () => {
    const done: string[] = []
    const job = defineJob({ name: 'post.sort', concurrency: 3, input: letter, run: async ({ to }) => void done.push(to) })
    const queues = [open(job), open(job), open(job), open(job)]
    await Promise.all(queues.map((queue) => queue.start()))
    const names = Array.from({ length: 40 }, (_, n) => `person ${n}`)
    await Promise.all(names.map((to, n) => queues[n % 4]?.send(job, { to })))
    await until(() => expect(done).toHaveLength(40))
    await sleep(1_000)
    expect(done.sort()).toEqual(names.sort())
  })

  it('takes over settings that changed with a new version', async () => {
    const settings = async () =>
      (await sql`select retry_limit, expire_seconds, dead_letter from pgboss.queue where name = 'post.weigh'`.execute(owner.db)).rows
    const base = { name: 'post.weigh', input: letter, run: async () => {} }
    await open(defineJob({ ...base, retryLimit: 1 })).start()
    await open(defineJob({ ...base, retryLimit: 7, expireSeconds: 5 })).start()
    expect(await settings()).toEqual([{ retry_limit: 7, expire_seconds: 5, dead_letter: 'post.weigh.dead' }])
  })

  it('tries a failed job again, later each time, until it succeeds', async () => {
    const attempts: number[] = []
    const job = defineJob({
      name: 'post.retry',
      retryDelaySeconds: 1,
      input: letter,
      run: async (_, { attempt }) => {
        attempts.push(attempt)
        if (attempt < 3) throw testErrors.closed()
      },
    })
    const queue = open(job)
    await queue.start()
    const id = await queue.send(job, { to: 'Ada' })
    await until(async () => expect(await stateOf(id)).toMatchObject({ state: 'completed', retry_count: 2 }))
    expect(attempts).toEqual([1, 2, 3])
  })

  it('makes a dead letter of a job that failed for good, which can be found and sent back', async () => {
    let closed = true
    const job = defineJob({
      name: 'post.deliver',
      retryLimit: 1,
      retryDelaySeconds: 1,
      input: letter,
      run: async () => {
        if (closed) throw testErrors.closed({ internal: 'lock 7 jammed' })
      },
    })
    const queue = open(job)
    await queue.start()
    const id = await queue.send(job, { to: 'canary-of-the-payload' })
    await until(async () => expect(await queue.deadLetters()).toHaveLength(1))
    expect(await queue.deadLetters()).toEqual([
      {
        id,
        job: 'post.deliver',
        attempts: 2,
        createdAt: expect.any(Date),
        failedAt: expect.any(Date),
        reason: 'The post office is closed.',
      },
    ])
    expect((await stateOf(id))?.output).toEqual({ code: 'post.closed', message: 'The post office is closed.' })
    expect(await queue.find(id as string)).toMatchObject({ id, state: 'dead letter', attempt: 2, input: { to: 'text of 21' } })
    expect(await queue.counts()).toContainEqual({ job: 'post.deliver', waiting: 0, running: 0, deadLetters: 1, schedule: null })

    closed = false
    expect(await queue.retry([id as string])).toBe(1)
    expect(await queue.deadLetters()).toEqual([])
    await until(async () => {
      const { rows } = await sql`select state from pgboss.job where source_root_id = ${id}`.execute(owner.db)
      expect(rows).toEqual([{ state: 'completed' }])
    })
    expect(await queue.retry('all')).toBe(0)
    expect(logged.filter(({ said }) => said.jobId === id).map(({ level }) => level)).toEqual(['warn', 'error'])
    expect(JSON.stringify(logged)).not.toContain('canary')
  })

  it('keeps of an error that is not ours its name and message, and nothing else', async () => {
    const job = defineJob({
      name: 'post.break',
      retryLimit: 0,
      input: letter,
      run: async ({ to }) => {
        throw Object.assign(new TypeError('no such box'), { detail: to, cause: new Error(to) })
      },
    })
    const queue = open(job)
    await queue.start()
    const id = await queue.send(job, { to: 'canary-of-the-payload' })
    await until(async () => expect((await stateOf(id))?.output).toEqual({ code: 'TypeError', message: 'no such box' }))
  })

  it('refuses input of another form when it is sent, naming no value', async () => {
    const job = defineJob({ name: 'post.check', input: letter, run: async () => {} })
    const refused = await open(job)
      .send(job, { to: 42 } as never)
      .catch((error) => error)
    expect(refused).toMatchObject({ code: 'queue.invalid_input', internal: 'post.check: to' })
  })

  it('makes a dead letter at once of input that an older version sent and this one does not take', async () => {
    let runs = 0
    const old = defineJob({ name: 'post.version', input: z.object({ name: z.string() }), run: async () => {} })
    const id = await open(old).send(old, { name: 'Ada' })
    const queue = open(defineJob({ name: 'post.version', input: letter, run: async () => void runs++ }))
    await queue.start()
    await until(async () => expect(await queue.find(id as string)).toMatchObject({ state: 'dead letter', reason: 'Wrong fields: to.' }))
    expect(runs).toBe(0)
  })

  it('refuses a job that nobody registered', async () => {
    const stranger = defineJob({ name: 'post.stranger', input: letter, run: async () => {} })
    await expect(open().send(stranger, { to: 'Ada' })).rejects.toMatchObject({ code: 'queue.unknown_job' })
  })

  it('takes one job of a key while one waits or runs, and any number without', async () => {
    let let_go = () => {}
    const gate = new Promise<void>((resolve) => {
      let_go = resolve
    })
    const job = defineJob({ name: 'post.single', input: letter, run: () => gate })
    const queue = open(job)
    const first = await queue.send(job, { to: 'Ada' }, { singletonKey: 'ada' })
    expect(await queue.send(job, { to: 'Ada' }, { singletonKey: 'ada' })).toBeUndefined()
    await queue.start()
    await until(async () => expect((await stateOf(first))?.state).toBe('active'))
    expect(await queue.send(job, { to: 'Ada' }, { singletonKey: 'ada' })).toBeUndefined()
    expect(await queue.send(job, { to: 'Bo' }, { singletonKey: 'bo' })).toBeDefined()
    expect(await queue.send(job, { to: 'Ada' })).toBeDefined()
    let_go()
    await until(async () => expect((await stateOf(first))?.state).toBe('completed'))
    expect(await queue.send(job, { to: 'Ada' }, { singletonKey: 'ada' })).toBeDefined()
  })

  it('does not begin before startAfter', async () => {
    const begun: number[] = []
    const job = defineJob({ name: 'post.later', input: letter, run: async () => void begun.push(Date.now()) })
    const queue = open(job)
    await queue.start()
    const due = Date.now() + 2_000
    await queue.send(job, { to: 'Ada' }, { startAfter: new Date(due) })
    await until(() => expect(begun).toHaveLength(1))
    expect(begun[0]).toBeGreaterThanOrEqual(due - 50)
  })

  it('ends an attempt that takes longer than it may, and tells it', async () => {
    let told = false
    const job = defineJob({
      name: 'post.slow',
      expireSeconds: 1,
      retryLimit: 0,
      input: letter,
      run: (_, { signal }) =>
        new Promise(() =>
          signal.addEventListener('abort', () => {
            told = true
          }),
        ),
    })
    const queue = open(job)
    await queue.start()
    await queue.send(job, { to: 'Ada' })
    await until(async () => expect((await queue.deadLetters()).filter((dead) => dead.job === 'post.slow')).toHaveLength(1))
    expect(told).toBe(true)
    expect(logged.filter(({ said }) => said.job === 'post.slow').map(({ level }) => level)).toEqual(['warn'])
  })

  describe('a schedule', () => {
    const long = Boolean(process.env.KEYLOFT_TEST_LONG)

    it('fires once for each time that is due, with three queues running', { timeout: 240_000 }, async () => {
      const runs: number[] = []
      const job = defineJob({ name: 'post.tick', schedule: '* * * * *', input: z.object({}), run: async () => void runs.push(Date.now()) })
      const minutes = () => Math.floor(Date.now() / 60_000)
      const first = minutes()
      await Promise.all([open(job), open(job), open(job)].map((queue) => queue.start()))
      await until(() => expect(runs.length).toBeGreaterThan(0))
      await sleep(long ? 150_000 : 5_000)
      // The minute in which they started counts as due; each that began since is one more, and the last may be on its way.
      const passed = minutes() - first
      expect(runs.length).toBeGreaterThanOrEqual(Math.max(1, passed))
      expect(runs.length).toBeLessThanOrEqual(1 + passed)
    })

    it('does not begin again while its run before still runs', async () => {
      const job = defineJob({ name: 'post.long-tick', schedule: '* * * * *', input: z.object({}), run: () => new Promise(() => {}) })
      const queue = open(job)
      await queue.start()
      await until(async () => expect((await queue.unfinished()).filter((one) => one.job === job.name)).toHaveLength(1))
      expect(await queue.send(job, {}, { singletonKey: 'schedule' })).toBeUndefined()
    })

    it('ends when a new version has none', async () => {
      const timed = { name: 'post.no-more', input: z.object({}), run: async () => {} }
      const scheduleOf = async (queue: Queue) => (await queue.counts()).find(({ job }) => job === timed.name)?.schedule
      const before = open(defineJob({ ...timed, schedule: '0 3 * * *' }))
      await before.start()
      expect(await scheduleOf(before)).toBe('0 3 * * *')
      const after = open(defineJob(timed))
      await after.start()
      expect(await scheduleOf(after)).toBeNull()
    })

    it('that makes no sense stops the start and says which job', async () => {
      await expect(
        open(defineJob({ name: 'post.senseless', schedule: '99 * * * *', input: z.object({}), run: async () => {} })).start(),
      ).rejects.toThrow('post.senseless')
    })
  })

  describe('a caller’s transaction', () => {
    const job = defineJob({ name: 'post.join', input: letter, run: async () => {} })
    const count = async () => (await sql`select from pgboss.job where name = 'post.join'`.execute(owner.db)).rows.length

    it('of keyloft_auth carries the job: with its commit it is there, with its rollback it never was', async () => {
      const queue = open(job)
      const auth = new Kysely({ dialect: new PostgresDialect({ pool: database.pools.auth }) })
      for (const end of ['commit', 'rollback']) {
        const before = await count()
        const tx = await auth.startTransaction().execute()
        await queue.send(job, { to: 'Ada' }, { db: tx })
        expect(await count()).toBe(before)
        await (end === 'commit' ? tx.commit() : tx.rollback()).execute()
        expect(await count()).toBe(before + (end === 'commit' ? 1 : 0))
      }
    })

    it('of any other login is refused with what to do instead, and keeps nothing', async () => {
      const queue = open(job)
      const before = await count()
      const sending = database.system('readiness', (tx) => queue.send(job, { to: 'Ada' }, { db: tx }))
      await expect(sending).rejects.toMatchObject({ code: 'queue.cannot_join', hint: expect.stringContaining('after the commit') })
      expect(await count()).toBe(before)
    })
  })

  describe('when it stops', () => {
    it('takes no more jobs, and a running one gets the signal and goes back at no cost', async () => {
      const attempts: number[] = []
      const job = defineJob({
        name: 'post.interrupted',
        retryLimit: 0,
        input: letter,
        run: (_, { signal, attempt }) =>
          new Promise((resolve, reject) => {
            attempts.push(attempt)
            if (attempt > 1) return resolve()
            signal.addEventListener('abort', () => reject(signal.reason))
          }),
      })
      const first = open(job)
      await first.start()
      const id = await first.send(job, { to: 'Ada' })
      await until(() => expect(attempts).toEqual([1]))
      await first.stop()
      expect(await stateOf(id)).toMatchObject({ state: 'retry', retry_count: 0, retry_limit: 1 })
      await open(job).start()
      await until(async () => expect(await stateOf(id)).toMatchObject({ state: 'completed', retry_count: 1 }))
      expect(attempts).toEqual([1, 2])
    })

    it('waits for a job that finishes in time, and not for one that does not listen', async () => {
      let finished = false
      const polite = defineJob({
        name: 'post.polite',
        input: letter,
        run: async () => {
          await sleep(1_000)
          finished = true
        },
      })
      const deaf = defineJob({ name: 'post.deaf', input: letter, run: () => new Promise(() => {}) })
      const queue = open(polite, deaf)
      await queue.start()
      const ids = [await queue.send(polite, { to: 'Ada' }), await queue.send(deaf, { to: 'Ada' })]
      await until(async () => expect((await Promise.all(ids.map(stateOf))).map((job) => job?.state)).toEqual(['active', 'active']))
      const begun = Date.now()
      await queue.stop({ timeoutMs: 2_000 })
      expect(Date.now() - begun).toBeLessThan(4_000)
      expect(finished).toBe(true)
      expect((await Promise.all(ids.map(stateOf))).map((job) => job?.state)).toEqual(['completed', 'retry'])
    })

    it('ends at once where nothing was begun', async () => {
      const begun = Date.now()
      await open().stop()
      expect(Date.now() - begun).toBeLessThan(500)
    })
  })

  it('survives its connections being cut under it, and goes on', async () => {
    let runs = 0
    const job = defineJob({ name: 'post.cut', input: letter, run: async () => void runs++ })
    const queue = open(job)
    await queue.start()
    for (let round = 0; round < 10; round++) {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'keyloft queue' and datname = current_database()`.execute(
        owner.db,
      )
      await sleep(100)
    }
    await queue.send(job, { to: 'Ada' })
    await until(() => expect(runs).toBe(1))
  })

  it('waits out a database that is away, says so once, and goes on when it is back', async () => {
    const { hostname, port } = new URL(urls.keyloft_auth)
    const way = await openWay(hostname, Number(port))
    const detour = new URL(urls.keyloft_auth)
    detour.host = `127.0.0.1:${way.port}`
    const done: string[] = []
    const job = defineJob({ name: 'post.outage', concurrency: 4, input: letter, run: async ({ to }) => void done.push(to) })
    const queue = createQueue({ databaseUrl: detour.href, jobs: [job], log, pace: quick })
    running.push(queue)
    await queue.start()
    logged.length = 0
    way.close()
    await sleep(6_000)
    await expect(queue.send(job, { to: 'nobody' })).rejects.toMatchObject({ code: 'database.unavailable' })
    await open(job).send(job, { to: 'Ada' })
    await way.reopen()
    await until(() => expect(done).toEqual(['Ada']))
    expect(logged.map(({ level, text }) => `${level}: ${text}`).filter((line) => !line.startsWith('debug'))).toEqual([
      'warn: the job queue has lost its database; jobs wait',
      'info: the job queue has its database again',
    ])
    await queue.stop()
    way.close()
  })

  it('stays within its four connections and its one login', async () => {
    const jobs = Array.from({ length: 12 }, (_, n) =>
      defineJob({ name: `post.many-${n}`, concurrency: 3, input: letter, run: async () => {} }),
    )
    await open(...jobs).start()
    await sleep(1_500)
    const { rows } = await sql`
      select usename from pg_stat_activity where application_name = 'keyloft queue' and datname = current_database()`.execute(owner.db)
    expect(rows.length).toBeLessThanOrEqual(4)
    expect(new Set(rows.map((row) => (row as { usename: string }).usename))).toEqual(new Set(['keyloft_auth']))
  })

  it('says what is wrong where the database is not there at the start', async () => {
    const away = createQueue({ databaseUrl: 'postgresql://keyloft_auth:x@127.0.0.1:1/app', jobs: [], log })
    await expect(away.start()).rejects.toBeInstanceOf(AppError)
    await expect(away.start()).rejects.toMatchObject({ code: 'database.unavailable' })
    await away.stop()
  })
})

/** A way to the database that can be closed. */
async function openWay(host: string, port: number) {
  const sockets = new Set<Socket>()
  const listen = (at: number) =>
    new Promise<Server>((resolve) => {
      const server = createServer((near) => {
        const far = connect(port, host)
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          sockets.add(one)
          one.on('error', () => {}).on('close', () => other.destroy())
          one.pipe(other)
        }
      }).listen(at, '127.0.0.1', () => resolve(server))
    })
  let server = await listen(0)
  const { port: own } = server.address() as AddressInfo
  return {
    port: own,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    },
    reopen: async () => {
      server = await listen(own)
    },
  }
}

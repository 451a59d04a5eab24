import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { sql } from 'kysely'
import { afterAll, inject } from 'vitest'
import { connectAsOwner } from '../../src/platform/database/owner.ts'
import { createEgress } from '../../src/platform/egress/egress.ts'
import { createLog } from '../../src/platform/telemetry/log.ts'
import { createTracing } from '../../src/platform/telemetry/tracing.ts'
import { createTestApp, type TestApp } from '../app.ts'
import { type Cluster, startCluster } from '../cluster.ts'
import { makeTemplate } from '../database-setup.ts'
import { projectJwt } from '../identity.ts'
import { createMockProvider, type MockProvider } from '../mock-provider.ts'
import { needlesFor, newMark } from './needles.ts'
import { createSinks, type Sinks, searchFolder } from './sinks.ts'

/** The whole server on a PostgreSQL of its own, which writes down every statement and value it is sent. Every place where a secret could come out is watched. */
export interface House extends TestApp {
  cluster: Cluster
  /** Stands in for every provider. */
  provider: MockProvider
  sinks: Sinks
  /** A secret nobody has seen yet; `before` is how it begins, where it must have a form. */
  plant(before?: string): string
  /** `reveals`: what this reply is there to show. */
  send(request: Request, reveals?: string): Promise<LightMyRequestResponse>
  /** From here on `send` goes there. */
  moveTo(app: FastifyInstance): void
  /** Somebody new, and what proves it. */
  person(): Promise<{ id: string; headers: Record<string, string> }>
  service(): Promise<Record<string, string>>
  /**
   * Everything that is found. Outside the database: of what was planted since it was last asked; else of all that was
   * planted since the database was last searched, which takes a second.
   */
  findLeaks(where?: 'everywhere' | 'outside the database'): Promise<string[]>
}

export type Request = Pick<InjectOptions, 'payload' | 'headers'> & { method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'; url: string }

/** As talkative as an operator can make it. */
export const talkative = {
  log_statement: 'all',
  log_min_duration_statement: '0',
  log_parameter_max_length: '-1',
  log_parameter_max_length_on_error: '-1',
  log_error_verbosity: 'verbose',
  log_connections: 'on',
}

export async function createHouse(): Promise<House> {
  const cluster = await startCluster(inject('serverPrograms'), 'postgres', talkative)
  afterAll(() => cluster.stop())
  const admin = await connectAsOwner(cluster.url)
  await makeTemplate(admin, cluster.url)
  await admin.end()

  const sinks = createSinks()
  const log = createLog('trace', { write: (line) => sinks.note('the log', line) })
  const tracing = await traceTo(sinks)
  const provider = await createMockProvider()
  const test = await createTestApp(() => [], {
    clusterUrl: cluster.url,
    log,
    tracing,
    providers: { baseUrls: { openai: `${provider.url}/v1`, gateway: `${provider.url}/gateway/v1` }, added: {} },
    egress: { allow: { plainHttp: true, ports: [443, Number(provider.host.split(':')[1])], networks: ['127.0.0.0/8'] } },
  })
  let app = test.app
  watchErrors(app, sinks)

  const people = await makePeople(test, 300) // beforehand: under a fault nobody can be made
  let mark = newMark()
  let addresses = 0

  const house: House = {
    ...test,
    cluster,
    provider,
    sinks,
    plant: (before = '') => `${before}${mark}${randomBytes(6).toString('hex')}`,
    async send(request, reveals) {
      const remoteAddress = `198.${18 + (++addresses >> 16)}.${(addresses >> 8) & 255}.${addresses & 255}` // each from elsewhere: no limit is met
      const reply = await app.inject({ ...request, remoteAddress })
      const text = `${reply.statusCode} ${JSON.stringify(reply.headers)}\n${reply.rawPayload.toString('latin1')}`
      sinks.note(`the reply to ${request.method} ${request.url.split('?')[0]}`, reveals === undefined ? text : text.replaceAll(reveals, ''))
      return reply
    },
    moveTo(another) {
      app = another
      watchErrors(app, sinks)
    },
    async person() {
      const id = people.pop() ?? (await test.makePerson()).id
      return { id, headers: { authorization: `Bearer ${await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' })}` } }
    },
    service: async () => ({ authorization: `Bearer ${await projectJwt({ role: 'service_role' })}` }),
    async findLeaks(where = 'everywhere') {
      await house.send({ method: 'GET', url: '/metrics', headers: await house.service() })
      await tracing.close(2_000)
      const needles = needlesFor(mark)
      const leaks = sinks.leaks(needles)
      sinks.forget()
      if (where === 'outside the database') return leaks
      await sql`checkpoint`.execute(test.owner.db)
      leaks.push(...searchFolder(cluster.folder, needles), ...(await searchDump(house, needles)))
      mark = newMark()
      return leaks
    },
  }
  return house
}

async function makePeople({ owner }: TestApp, count: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    insert into auth.users (id, email, name) select id, id || '@example.com', 'A person'
      from (select gen_random_uuid() as id from generate_series(1, ${count}::int)) made returning id`.execute(owner.db)
  return rows.map(({ id }) => id)
}

const watched = new WeakSet<FastifyInstance>()

function watchErrors(app: FastifyInstance, sinks: Sinks) {
  if (watched.has(app)) return
  watched.add(app)
  app.addHook('onError', async (_request, _reply, error) => sinks.noteError('an error', error))
}

/** A receiver of traces, as an operator would name one. */
async function traceTo(sinks: Sinks) {
  const receiver = createServer((request, reply) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      sinks.note('a trace', Buffer.concat(chunks))
      reply.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const address = receiver.address()
  const egress = createEgress()
  const tracing = await createTracing(
    {
      url: `http://127.0.0.1:${typeof address === 'object' && address?.port}/v1/traces`,
      format: 'json',
      headers: {},
      serviceName: 'canary',
    },
    { egress, version: '0.0.0', onProblem: (message) => sinks.note('the log', message) },
  )
  afterAll(async () => {
    await tracing.close(1_000)
    await egress.close()
    receiver.close()
  })
  return tracing
}

/** What a backup would hold: every row as text, however PostgreSQL packs it; and pg_dump's own, where it is at hand. */
async function searchDump({ owner, url }: TestApp, needles: ReturnType<typeof needlesFor>): Promise<string[]> {
  const sinks = createSinks()
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', relnamespace::regnamespace, relname) as name from pg_class
     where relkind in ('r', 'p', 'm') and relnamespace::regnamespace::text !~ '^(pg_|information_schema)'`.execute(owner.db)
  for (const { name } of rows) {
    const all = await sql<{ row: string }>`select dumped::text as row from ${sql.raw(name)} dumped`.execute(owner.db)
    sinks.note(`the rows of ${name}`, all.rows.map(({ row }) => row).join('\n'))
  }
  const pgDump = join(inject('serverPrograms'), 'pg_dump')
  if (existsSync(pgDump)) {
    for (const format of ['plain', 'custom'])
      sinks.note(`a dump (${format})`, execFileSync(pgDump, [`--format=${format}`, url], { maxBuffer: 2 ** 28 }))
  }
  return sinks.leaks(needles)
}

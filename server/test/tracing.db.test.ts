import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { createEgress } from '../src/platform/egress/egress.ts'
import { defineRoute, type Route } from '../src/platform/http/define-route.ts'
import { defineJob } from '../src/platform/queue/job.ts'
import { createQueue } from '../src/platform/queue/queue.ts'
import { createLog } from '../src/platform/telemetry/log.ts'
import { createTracing, type Tracing } from '../src/platform/telemetry/tracing.ts'
import { createTestApp } from './app.ts'
import { receiveTraces } from './trace-receiver.ts'

describe('what is traced', async () => {
  let tracing: Required<Tracing>
  // The app is built once; who receives changes with each test.
  const switching: { -readonly [K in keyof Tracing]: Tracing[K] } = {
    traced: (...work) => tracing.traced(...work),
    openRequest: (...request) => tracing.openRequest(...request),
    close: async () => {},
  }
  const routes: Route[] = [
    defineRoute({
      method: 'POST',
      path: '/api/traced/:id',
      policy: { allow: 'anyone', because: 'a test' },
      schema: { summary: 'Traced', params: z.object({ id: z.string() }), body: z.object({ word: z.string() }), reply: z.object({}) },
      handler: ({ body }) =>
        switching.traced('room.work', {}, async () => {
          if (body.word === 'fail') throw new Error('a password: hunter2')
          return {}
        }),
    }),
  ]
  const { app, urls } = await createTestApp(() => routes, { tracing: switching })

  async function start() {
    const receiver = await receiveTraces()
    const egress = createEgress()
    onTestFinished(() => egress.close())
    const settings = { url: receiver.url, format: 'json', headers: {}, serviceName: 'keyloft' } as const
    const own = await createTracing(settings, { egress, version: '0', onProblem: () => {} })
    tracing = own as Required<Tracing>
    return { ...receiver, done: () => own.close(5_000) }
  }
  const post = (url: string, word: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url, payload: { word }, headers })

  it('is a request by its pattern, status and id, with what it did beneath it', async () => {
    const receiver = await start()
    const reply = await post('/api/traced/ada', 'hello')
    await receiver.done()
    const [room, request] = receiver.spans()
    expect(request).toMatchObject({ name: 'POST /api/traced/:id', kind: 2 })
    expect(request?.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/api/traced/:id',
      'http.response.status_code': 200,
      'keyloft.request_id': reply.headers['x-request-id'],
    })
    expect(room).toMatchObject({ name: 'room.work', traceId: request?.traceId, parentSpanId: request?.spanId })
  })

  it('is a refusal and a failure too', async () => {
    const receiver = await start()
    expect((await app.inject({ method: 'POST', url: '/nowhere/sk-proj-abcdefghijklmnop1234567890' })).statusCode).toBe(404)
    expect((await post('/api/traced/ada', 'fail')).statusCode).toBe(500)
    await receiver.done()
    expect(receiver.spans().map(({ name, status, attributes }) => [name, status.code, attributes['http.response.status_code']])).toEqual([
      ['POST unknown', 0, 404],
      ['room.work', 2, undefined],
      ['POST /api/traced/:id', 2, 500],
    ])
  })

  it('continues the trace of whoever calls, if its name is one', async () => {
    const receiver = await start()
    const traceId = randomUUID().replaceAll('-', '')
    await post('/api/traced/a', 'x', { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
    await post('/api/traced/a', 'x', { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` })
    await post('/api/traced/a', 'x', { traceparent: "00-'; drop table users" })
    await receiver.done()
    const [first, ...others] = receiver.spans().filter(({ kind }) => kind === 2)
    expect(first).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7' })
    for (const other of others) expect(other.parentSpanId).toBeUndefined()
    expect(others).toHaveLength(2)
  })

  it('never holds a credential, an address, a header or a body', async () => {
    const receiver = await start()
    const secrets = {
      id: 'id-4711',
      query: 'query-4712',
      bearer: 'bearer-4713',
      cookie: 'cookie-4714',
      body: 'body-4715',
      state: 'state-4716',
    }
    await post(`/api/traced/${secrets.id}?key=${secrets.query}`, secrets.body, {
      cookie: `session=${secrets.cookie}`,
      baggage: `a=${secrets.state}`,
      tracestate: `a=${secrets.state}`,
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      'x-request-id': 'sk-proj-abcdefghijklmnop1234567890',
    })
    await post(`/api/traced/${secrets.id}?key=${secrets.query}`, 'fail')
    await post('/api/traced/x', 'x', { authorization: `Bearer ${secrets.bearer}` })
    await receiver.done()
    expect(receiver.spans().length).toBeGreaterThanOrEqual(5)
    for (const secret of [...Object.values(secrets), 'hunter2', 'abcdefghijklmnop']) expect(receiver.text()).not.toContain(secret)
  })

  it('is a job by its name, attempt and outcome', async () => {
    const receiver = await start()
    const job = defineJob({
      name: 'test.traced',
      retryDelaySeconds: 1,
      input: z.object({ secret: z.string() }),
      run: async (_input, { attempt }) => {
        if (attempt === 1) throw new Error('hunter2')
      },
    })
    const pace = { pollSeconds: 0.5, cronSeconds: 1 }
    const queue = createQueue({ databaseUrl: urls.keyloft_auth, jobs: [job], log: createLog('silent'), tracing: switching, pace })
    let ran = 0
    const seen = new Promise<void>((resolve) => {
      const { traced } = switching
      switching.traced = async (name, ...rest) =>
        traced(name, ...rest).finally(() => {
          if (name === 'job test.traced' && ++ran === 2) resolve()
        })
    })
    await queue.start()
    const id = await queue.send(job, { secret: 'job-4717' })
    await seen
    await queue.stop()
    await receiver.done()
    expect(receiver.spans().map(({ name, status, attributes }) => [name, status.code, attributes])).toEqual([
      ['job test.traced', 2, { 'keyloft.job': 'test.traced', 'keyloft.job_id': id, 'keyloft.attempt': 1, 'error.type': 'Error' }],
      ['job test.traced', 0, { 'keyloft.job': 'test.traced', 'keyloft.job_id': id, 'keyloft.attempt': 2 }],
    ])
    expect(receiver.text()).not.toMatch(/4717|hunter2/)
  })
})

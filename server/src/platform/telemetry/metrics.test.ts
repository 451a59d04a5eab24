import { expect, it } from 'vitest'
import { createMetrics } from './metrics.ts'

it('counts by labels, and shows it as Prometheus reads it', async () => {
  const metrics = createMetrics()
  const calls = metrics.counter('calls_total', 'Calls.', ['provider', 'status'])
  calls.of({ provider: 'openai', status: '200' }).add()
  calls.of({ status: '200', provider: 'openai' }).add()
  calls.of({ provider: 'a"b', status: '500' }).add()
  const { contentType, text } = await metrics.render()
  expect(contentType).toContain('text/plain')
  expect(text).toContain('# HELP calls_total Calls.\n# TYPE calls_total counter\n')
  expect(text).toContain('calls_total{provider="openai",status="200"} 2\n')
  expect(text).toContain('calls_total{provider="a\\"b",status="500"} 1\n')
})

it('sorts times into buckets that each hold those below, as a histogram does', async () => {
  const metrics = createMetrics()
  const timer = metrics.timer('call_seconds', 'How long.', ['provider'], [0.1, 1])
  for (const seconds of [0.05, 0.1, 0.5, 7]) timer.of({ provider: 'openai' }).observe(seconds)
  const { text } = await metrics.render()
  expect(text).toContain('# TYPE call_seconds histogram\n')
  for (const line of [
    'call_seconds_bucket{le="0.1",provider="openai"} 2',
    'call_seconds_bucket{le="1",provider="openai"} 3',
    'call_seconds_bucket{le="+Inf",provider="openai"} 4',
    'call_seconds_sum{provider="openai"} 7.65',
    'call_seconds_count{provider="openai"} 4',
  ])
    expect(text).toContain(`${line}\n`)
})

it('counts what a route answered by its pattern', async () => {
  const metrics = createMetrics()
  const tell = metrics.watchRoute('GET', '/api/things/:id')
  const answer = { code: undefined, requestId: 'req' }
  tell({ status: 200, seconds: 0.002, ...answer })
  tell({ status: 200, seconds: 0.003, ...answer })
  tell({ status: 404, seconds: 0.001, ...answer, code: 'http.not_found' })
  const { text } = await metrics.render()
  expect(text).toContain('http_requests_total{method="GET",route="/api/things/:id",status="200"} 2\n')
  expect(text).toContain('http_request_duration_seconds_bucket{le="0.005",method="GET",route="/api/things/:id",status="200"} 2\n')
  expect(text).toContain('http_requests_total{method="GET",route="/api/things/:id",status="404"} 1\n')
})

it('counts what a policy refused, by its route', async () => {
  const metrics = createMetrics()
  const tell = metrics.watchRoute('POST', '/api/things')
  for (const code of ['database.forbidden', 'http.forbidden']) tell({ status: 403, seconds: 0.001, code, requestId: 'one' })
  expect((await metrics.render()).text).toContain('rls_policy_violation_total{route="/api/things"} 1\n')
})

it('remembers for a while what was refused, and how long things took', async () => {
  const metrics = createMetrics()
  metrics.watchRoute('GET', undefined)({ status: 404, seconds: 0.001, code: 'http.not_found', requestId: 'one' })
  expect(metrics.recent.errors()).toMatchObject([{ code: 'http.not_found', route: 'GET (no route)', count: 1, lastRequestId: 'one' }])
  const timer = metrics.timer('work_seconds', 'How long.', ['kind'], [0.1, 1])
  for (const seconds of [0.05, 0.05, 0.5]) timer.of({ kind: `${seconds}` }).observe(seconds)
  expect(metrics.lately('work_seconds', 0.5)).toEqual({ count: 3, withinSeconds: 0.1 })
  expect(metrics.lately('work_seconds', 0.95)).toEqual({ count: 3, withinSeconds: 1 })
})

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listenTcp } from '../../../test/loopback.ts'
import { receiveTraces } from '../../../test/trace-receiver.ts'
import { defineErrors } from '../../base/errors.ts'
import { createEgress } from '../egress/egress.ts'
import { createTracing, type TracingSettings } from './tracing.ts'

const errors = defineErrors('provider', { refused: { status: 502, message: 'sk-proj-abcdefghijklmnop1234567890 was refused.' } })

describe('tracing', () => {
  const open = async (url: string, changed: Partial<TracingSettings> = {}) => {
    const egress = createEgress()
    onTestFinished(() => egress.close())
    const problems: string[] = []
    const settings: TracingSettings = { url, format: 'json', headers: {}, serviceName: 'keyloft', ...changed }
    const tracing = await createTracing(settings, { egress, version: '1.2.3', onProblem: (message) => problems.push(message) })
    return { tracing, problems }
  }

  it('sends a span for each piece of work, beneath the one it runs in', async () => {
    const receiver = await receiveTraces()
    const { tracing } = await open(receiver.url)
    const answer = await tracing.traced('outer', { model: 'a', tokens: 3, cached: false, absent: undefined }, async (span) => {
      span.set({ attempt: 2 })
      return tracing.traced('inner', {}, async () => 'answer')
    })
    await tracing.close(5_000)
    expect(answer).toBe('answer')
    const [inner, outer] = receiver.spans()
    expect(inner).toMatchObject({ name: 'inner', parentSpanId: outer?.spanId, traceId: outer?.traceId })
    expect(outer).toMatchObject({ name: 'outer', attributes: { model: 'a', tokens: 3, cached: false, attempt: 2 } })
    expect(receiver.text()).toContain('1.2.3')
  })

  it('keeps two pieces of work at once apart', async () => {
    const receiver = await receiveTraces()
    const { tracing } = await open(receiver.url)
    const work = (name: string) => tracing.traced(name, {}, () => sleep(5).then(() => tracing.traced(`in ${name}`, {}, () => sleep(5))))
    await Promise.all([work('a'), work('b')])
    await tracing.close(5_000)
    const named = Object.fromEntries(receiver.spans().map((span) => [span.name, span]))
    for (const name of ['a', 'b']) expect(named[`in ${name}`]?.parentSpanId).toBe(named[name]?.spanId)
  })

  it('says of a failure its code alone, and of a key nothing', async () => {
    const receiver = await receiveTraces()
    const { tracing } = await open(receiver.url)
    const error = errors.refused({ internal: 'sk-ant-api03-abcdefghijklmnop-1234567890' })
    const failing = tracing.traced('gateway.call', { hint: 'sk-or-v1-0123456789abcdef0123456789abcdef' }, () => Promise.reject(error))
    await expect(failing).rejects.toBe(error)
    await expect(tracing.traced('x', {}, () => Promise.reject(new TypeError('klt_abcdefghijklmnopqrstuvwx')))).rejects.toThrow()
    await tracing.close(5_000)
    expect(receiver.spans().map(({ attributes, status }) => [attributes['error.type'], status.code])).toEqual([
      ['provider.refused', 2],
      ['TypeError', 2],
    ])
    expect(receiver.text()).not.toMatch(/sk-|klt_|abcdefghij/)
  })

  it('speaks protobuf where nothing else was asked for, and shows what the receiver wants to see', async () => {
    const receiver = await receiveTraces()
    const { tracing } = await open(receiver.url, { format: 'protobuf', headers: { 'x-team': 'ours' } })
    await tracing.traced('outer', {}, async () => {})
    await tracing.close(5_000)
    const [request] = receiver.requests
    expect(request).toMatchObject({ url: '/v1/traces', headers: { 'content-type': 'application/x-protobuf', 'x-team': 'ours' } })
    expect(request?.body.toString('latin1')).toContain('outer')
  })

  it('does its work though nobody takes the spans, and says so once', async () => {
    for (const url of ['http://127.0.0.1:1/v1/traces', (await receiveTraces(503)).url]) {
      const { tracing, problems } = await open(url)
      for (let time = 0; time < 600; time++) expect(await tracing.traced('work', {}, async () => time)).toBe(time)
      await tracing.close(5_000)
      expect(problems).toHaveLength(1)
    }
  })

  it('does not wait for a receiver that says nothing', async () => {
    const { port } = await listenTcp()
    const { tracing } = await open(`http://127.0.0.1:${port}/v1/traces`)
    await tracing.traced('work', {}, async () => {})
    await tracing.close(50)
  })
})

import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineJob } from './job.ts'
import { createQueue } from './queue.ts'

const job = { name: 'post.send', input: z.object({}), run: async () => {} }

describe('a job', () => {
  it('is data that cannot be changed, with what was not said filled in', () => {
    const defined = defineJob(job)
    expect(defined).toMatchObject({ retryLimit: 4, retryDelaySeconds: 2, expireSeconds: 900, concurrency: 1, schedule: undefined })
    expect(Object.isFrozen(defined)).toBe(true)
  })

  it.each([
    ['a name without its domain', { name: 'send' }],
    ['a name that dead letters have', { name: 'post.dead' }],
    ['a name with a quote', { name: "post.send'" }],
    ['a schedule of six fields', { schedule: '0 * * * * *' }],
    ['no attempts', { retryLimit: -1 }],
    ['half a second', { expireSeconds: 0.5 }],
    ['more than a day', { expireSeconds: 86_400 }],
    ['a schedule whose input {} is refused', { schedule: '0 * * * *', input: z.object({ to: z.string() }) }],
  ])('is refused with %s', (_what, wrong) => {
    expect(() => defineJob({ ...job, ...wrong } as never)).toThrow(/^job /)
  })

  it('is the only one of its name', () => {
    const jobs = [defineJob(job), defineJob(job)]
    expect(() => createQueue({ databaseUrl: 'postgresql://a@b/c', jobs, log: {} as never })).toThrow('two jobs are called post.send')
  })
})

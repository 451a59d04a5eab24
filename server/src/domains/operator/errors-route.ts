import { z } from 'zod'
import { defineRoute } from '../../platform/http/define-route.ts'
import { latelyMinutes } from '../../platform/telemetry/recent-requests.ts'
import { instance } from './health.ts'
import type { OperatorDeps } from './operator.ts'

const reply = z.object({
  instance: z.string().describe('Of this process alone: each counts for itself, and forgets when it ends.'),
  since: z.iso.datetime(),
  latelyMinutes: z.int(),
  items: z.array(
    z.object({
      code: z.string(),
      status: z.int(),
      route: z.string(),
      count: z.int().describe('Since this process began.'),
      lately: z.int().describe('In the last so many minutes.'),
      firstAt: z.iso.datetime(),
      lastAt: z.iso.datetime(),
      lastRequestId: z.string().describe('By which the log of the server names it.'),
    }),
  ),
})

export function errorsRoute({ metrics: { recent } }: OperatorDeps) {
  return defineRoute({
    method: 'GET',
    path: '/api/admin/errors',
    policy: { allow: 'admin' },
    schema: { summary: 'What the process that answers refused or failed at, by code and route, newest first', reply },
    handler: () => ({
      instance,
      since: recent.since.toISOString(),
      latelyMinutes,
      items: recent
        .errors()
        .map(({ firstAt, lastAt, ...error }) => ({ ...error, firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString() })),
    }),
  })
}

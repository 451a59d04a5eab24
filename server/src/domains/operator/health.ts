import { hostname } from 'node:os'
import { z } from 'zod'
import { defineRoute } from '../../platform/http/define-route.ts'
import type { OperatorDeps } from './operator.ts'

const reply = z
  .object({
    ready: z.boolean(),
    fault: z.object({ code: z.string(), message: z.string() }).nullable().describe('What /ready says in place of ready.'),
    instance: z.string().describe('Which process answered; behind a load balancer the next answer may be another’s.'),
    version: z.string(),
    node: z.string(),
    startedAt: z.iso.datetime(),
    memoryBytes: z.int(),
    hearsChanges: z
      .boolean()
      .describe('Whether it hears at once what other processes change. Where not, it remembers little and asks more.'),
    pools: z.array(z.object({ pool: z.string(), busy: z.int(), idle: z.int(), waiting: z.int(), most: z.int() })),
  })
  .meta({ id: 'Health' })

/** By which a reader tells the processes apart. */
export const instance = `${hostname()}:${process.pid}`

export function healthRoute({ database: { pools }, readiness, metrics, signals, version }: OperatorDeps) {
  return defineRoute({
    method: 'GET',
    path: '/api/admin/health',
    policy: { allow: 'admin' },
    schema: { summary: 'How the process that answers does', reply },
    handler: async () => {
      const fault = await readiness()
      return {
        ready: fault === undefined,
        fault: fault ?? null,
        instance,
        version,
        node: process.versions.node,
        startedAt: metrics.recent.since.toISOString(),
        memoryBytes: process.memoryUsage.rss(),
        hearsChanges: signals.isLive(),
        pools: Object.entries({ user: pools.user, service: pools.service, auth: pools.auth }).map(([pool, of]) => ({
          pool,
          busy: of.totalCount - of.idleCount,
          idle: of.idleCount,
          waiting: of.waitingCount,
          most: of.options.max,
        })),
      }
    },
  })
}

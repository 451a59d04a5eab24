import { z } from 'zod'
import type { Metrics } from '../telemetry/metrics.ts'
import { defineRoute, type Route } from './define-route.ts'
import type { Problem } from './problem.ts'

/** What /ready asks. Resolves to what is wrong, or to nothing. */
export type Readiness = () => Promise<{ code: string; message: string } | undefined>

const retryAfterSeconds = 2

/** What an operator's machines ask: is the process alive, may it be sent requests, how is it doing. */
export function probes({ readiness, metrics }: { readiness: Readiness; metrics: Metrics }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/health',
      policy: { allow: 'anyone', because: 'a load balancer has no credential, and the answer says nothing' },
      schema: { summary: 'Whether the process is alive', reply: z.object({ status: z.literal('ok') }) },
      handler: () => ({ status: 'ok' as const }),
    }),
    defineRoute({
      method: 'GET',
      path: '/ready',
      policy: { allow: 'anyone', because: 'a load balancer has no credential, and the answer names no detail' },
      schema: {
        summary: 'Whether the process may be sent requests: database, migrations, keyring',
        reply: z.object({ status: z.literal('ready') }),
        refusals: [503],
      },
      handler: async ({ request, reply }) => {
        const fault = await readiness()
        if (!fault) return { status: 'ready' as const }
        reply.code(503).header('retry-after', String(retryAfterSeconds)).type('application/problem+json')
        const problem: Problem = { type: 'about:blank', title: fault.message, status: 503, code: fault.code, requestId: request.id }
        return problem as never // what a 503 looks like is declared among the refusals
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/metrics',
      policy: { allow: 'operator' },
      schema: { summary: 'Metrics in Prometheus’s text form', reply: z.string(), produces: ['text/plain'] },
      handler: async ({ reply }) => {
        const { contentType, text } = await metrics.render()
        reply.type(contentType)
        return text
      },
    }),
  ]
}

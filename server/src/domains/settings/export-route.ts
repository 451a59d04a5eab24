import { z } from 'zod'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { type ExportDeps, exportAccount } from './export-account.ts'

export function exportRoute(deps: ExportDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/api/account/export',
    policy: { allow: 'user', scope: 'read' },
    rateLimit: { max: 10, windowSeconds: 3_600 },
    schema: {
      summary: 'Everything you own here, as one ZIP',
      description: 'account.json, and of each table your rows, a JSON object per line. Keys are in it as hints only.',
      reply: z.unknown(),
      produces: ['application/zip'],
    },
    handler: ({ principal, reply }) => {
      const day = new Date().toISOString().slice(0, 10)
      reply.type('application/zip').header('cache-control', 'no-store')
      reply.header('content-disposition', `attachment; filename="keyloft-account-${day}.zip"`)
      return exportAccount(deps, principal)
    },
  })
}

import { sql } from 'kysely'
import { z } from 'zod'
import type { Asked, Tx } from '../../platform/database/database.ts'
import { defineRoute } from '../../platform/http/define-route.ts'
import type { OperatorDeps } from './operator.ts'

const time = z.string().nullable()
const share = z.number().nullable().describe('0 to 1.')

const figuresSchema = z.object({
  serverVersion: z.string(),
  seesEverybody: z.boolean().describe('False: PostgreSQL hides from us what other logins do, and states are “hidden”.'),
  maxConnections: z.int(),
  connections: z.int().describe('Of clients, to every database of the server.'),
  connectionStates: z.array(z.object({ state: z.string(), count: z.int() })),
  waitingForLocks: z.int(),
  longestTransactionSeconds: z.number().nullable(),
  sizeBytes: z.number(),
  cacheHitRate: share,
  rollbackRate: share,
  deadlocks: z.number(),
  temporaryBytes: z.number(),
  since: time.describe('Since when these are counted; null: since the server was made.'),
  tables: z
    .array(z.object({ name: z.string(), sizeBytes: z.number(), rows: z.number(), deadRows: z.number(), vacuumedAt: time }))
    .describe('The largest, indexes and partitions included. Rows are the server’s estimate.'),
})
type Figures = z.infer<typeof figuresSchema>

const slowSchema = z.object({
  state: z.enum(['ok', 'not installed', 'not loaded', 'not readable']).describe('Whether pg_stat_statements is there to say it.'),
  queries: z.array(z.object({ query: z.string(), calls: z.number(), rows: z.number(), totalMs: z.number(), meanMs: z.number() })),
})

/** More than these is worth a warning, or nine tenths of what the server takes, if that is less. */
export const connectionsWarning = ({ maxConnections }: Pick<Figures, 'maxConnections'>) => Math.min(150, Math.floor(maxConnections * 0.9))

const mostSlowQueries = 10

export async function readFigures(tx: Tx): Promise<Figures> {
  const { rows } = await sql<{ figures: Figures }>`select keyloft.database_figures() as figures`.execute(tx)
  return figuresSchema.parse(rows[0]?.figures)
}

export function databaseRoute({ database }: OperatorDeps) {
  return defineRoute({
    method: 'GET',
    path: '/api/admin/database',
    policy: { allow: 'admin' },
    schema: {
      summary: 'Connections, cache, sizes and slow queries of the database',
      reply: figuresSchema.extend({ connectionsWarning: z.int(), slowQueries: slowSchema }).meta({ id: 'DatabaseFigures' }),
    },
    handler: ({ principal, request }) => {
      const asked: Asked = { principal, requestId: request.id }
      return database.system(
        'figures for an admin',
        async (tx) => {
          const figures = await readFigures(tx)
          const { rows } = await sql<{ slow: unknown }>`select keyloft.slow_queries(in_limit => ${mostSlowQueries}) as slow`.execute(tx)
          return { ...figures, connectionsWarning: connectionsWarning(figures), slowQueries: slowSchema.parse(rows[0]?.slow) }
        },
        asked,
      )
    },
  })
}
